"""Which providers there are, in which order to try them now, and what their answers say of their health."""

import logging
import time
from collections.abc import Callable, Collection, Sequence

from everopen.core.errors import Unavailable
from everopen.services.payments.breaker import CLOSED, rank
from everopen.services.payments.providers.provider import Outcome, Provider

_log = logging.getLogger(__name__)


class Router:
    """The shop's providers.

    Args:
        providers: in the order of the shop's policy.
        clock: seconds that never go back.
    """

    def __init__(self, providers: Sequence[Provider], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._providers = {provider.name: provider for provider in providers}
        self._breakers = dict.fromkeys(self._providers, CLOSED)

    @property
    def names(self) -> tuple[str, ...]:
        """The providers' names, by policy."""
        return tuple(self._providers)

    @property
    def providers(self) -> tuple[Provider, ...]:
        return tuple(self._providers.values())

    def provider(self, name: str) -> Provider | None:
        return self._providers.get(name)

    def known(self, name: str) -> Provider:
        """The provider of something that was recorded.

        Raises:
            Unavailable: the shop no longer has an account there, so nothing can be asked.
        """
        provider = self._providers.get(name)
        if provider is None:
            raise Unavailable(f"payments were made with {name!r}, which is no longer configured")
        return provider

    def ranking(self, among: Collection[str]) -> list[str]:
        """The names in the order in which to try them: by policy, those that do not answer last.

        Args:
            among: the providers of which the order has an instrument. Only one that it would try first, and
                that was due for a trial, has its trial by this.
        """
        now_s = self._clock()
        order = rank({name: each for name, each in self._breakers.items() if name in among}, now_s)
        for name in order[:1]:
            self._breakers[name] = self._breakers[name].ranked(now_s)
        return order

    def note(self, name: str, outcome: Outcome) -> None:
        """Learn from an answer, or from none."""
        if outcome.kind not in ("unknown", "not_sent"):
            self._breakers[name] = self._breakers[name].answered()
            return
        _log.warning("%s: %s, %s", name, outcome.kind, outcome.reason)
        self._breakers[name] = self._breakers[name].failed(self._clock())
