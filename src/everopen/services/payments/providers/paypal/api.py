"""Calls to PayPal's API under an access token that is fetched once for all who need one."""

import asyncio
import base64
import hashlib
import logging
import time

import msgspec

from everopen.core.errors import Unavailable
from everopen.services.payments.providers.provider import Credentials
from everopen.services.payments.providers.wire import Answer, NoAnswer, NotSent, Wire

_log = logging.getLogger(__name__)

_TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105 - a path
# The longest PayPal-Request-Id (developer.paypal.com, "Idempotency").
_KEY_CHARACTERS = 108
# Renewed this long before it ends: a token that ends on its way would only cost another round.
_MARGIN_S = 60.0


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float


class _Kept(msgspec.Struct, frozen=True):
    text: str
    renew_at_s: float


class Detail(msgspec.Struct, frozen=True):
    issue: str = ""
    description: str = ""


class Failure(msgspec.Struct, frozen=True):
    """An error of PayPal's; OAuth's own has only `error`."""

    name: str = ""
    message: str = ""
    error: str = ""
    debug_id: str = ""
    details: tuple[Detail, ...] = ()

    @property
    def issue(self) -> str:
        """The code to decide by."""
        return self.details[0].issue if self.details else self.name or self.error

    @property
    def text(self) -> str:
        """For the operator; PayPal's support asks for the debug_id."""
        return f"{self.issue} {self.message} (debug id {self.debug_id})"


class Api:
    """PayPal's API for one account.

    Args:
        api_url: `https://api-m.paypal.com`, `https://api-m.sandbox.paypal.com`, or a simulator's base URL.
        credentials: client id (`publishable_key`) and client secret (`secret_key`).
    """

    def __init__(self, api_url: str, credentials: Credentials) -> None:
        pair = f"{credentials.publishable_key}:{credentials.secret_key}"
        self._basic = "Basic " + base64.b64encode(pair.encode()).decode()
        self._wire = Wire(api_url, {"accept": "application/json"})
        self._kept: _Kept | None = None
        self._fetching = asyncio.Lock()

    async def start(self) -> None:
        await self._wire.start()

    async def stop(self) -> None:
        await self._wire.stop()

    async def post(
        self, path: str, body: object | None, key: str, timeout_s: float, *, whole: bool = False
    ) -> Answer:
        """POST under a PayPal-Request-Id.

        Args:
            body: encoded as JSON; None sends nothing.
            whole: ask for the whole resource rather than id and status.

        Raises:
            NotSent, NoAnswer: see `wire`.
        """
        headers = {
            "content-type": "application/json",
            "paypal-request-id": _fitting(key),
            "prefer": "return=representation" if whole else "return=minimal",
        }
        encoded = None if body is None else msgspec.json.encode(body)
        return await self._call("POST", path, timeout_s, headers=headers, body=encoded)

    async def get(self, path: str, timeout_s: float, query: list[tuple[str, str]] | None = None) -> Answer:
        """GET; a 404 is an answer, and so is a 400 (a search may be too large).

        Raises:
            Unavailable: no answer, or one that says nothing about the matter.
        """
        try:
            answer = await self._call("GET", path, timeout_s, query=query)
        except (NotSent, NoAnswer) as error:
            raise Unavailable(f"PayPal: {error}") from error
        if answer.status not in (200, 400, 404):
            raise Unavailable(f"PayPal: {answer.status} {failure(answer).text}")
        return answer

    async def _call(
        self,
        method: str,
        path: str,
        timeout_s: float,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        query: list[tuple[str, str]] | None = None,
    ) -> Answer:
        """A call that is turned away for its token (401) did nothing: it is made again with a new one."""
        until_s = time.monotonic() + timeout_s
        token = await self._token(timeout_s)
        for last in (False, True):
            answer = await self._wire.call(
                method,
                path,
                timeout_s=max(until_s - time.monotonic(), 0.05),
                body=body,
                headers={**(headers or {}), "authorization": f"Bearer {token}"},
                query=query,
            )
            if answer.status != 401 or last:
                break
            self._drop(token)
            token = await self._token(max(until_s - time.monotonic(), 0.05))
        return answer

    async def _token(self, timeout_s: float) -> str:
        """The account's access token, fetched by one caller while the others wait.

        Raises:
            NotSent: there is none, so the call that needs it is not made.
        """
        kept = self._kept
        if kept is not None and time.monotonic() < kept.renew_at_s:
            return kept.text
        try:
            async with asyncio.timeout(timeout_s), self._fetching:
                kept = self._kept  # another one may have fetched it meanwhile
                if kept is None or time.monotonic() >= kept.renew_at_s:
                    self._kept = kept = await self._fetch(timeout_s)
        except TimeoutError as error:
            raise NotSent("no access token in time") from error
        return kept.text

    async def _fetch(self, timeout_s: float) -> _Kept:
        headers = {"authorization": self._basic, "content-type": "application/x-www-form-urlencoded"}
        asked_at_s = time.monotonic()
        try:
            answer = await self._wire.call(
                "POST",
                _TOKEN_PATH,
                timeout_s=timeout_s,
                body=b"grant_type=client_credentials",
                headers=headers,
            )
        except NoAnswer as error:
            raise NotSent(f"no access token: {error}") from error
        if answer.status == 401:
            _log.error("PayPal refuses this account's client id and secret")
        if answer.status != 200:
            raise NotSent(f"no access token: {answer.status} {failure(answer).issue}")
        try:
            token = msgspec.json.decode(answer.body, type=_Token)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise NotSent(f"no access token: {error}") from error
        lasts_s = max(token.expires_in - _MARGIN_S, token.expires_in / 2)
        return _Kept(token.access_token, asked_at_s + lasts_s)

    def _drop(self, token: str) -> None:
        """This token was refused; one that came meanwhile stays."""
        if self._kept is not None and self._kept.text == token:
            self._kept = None


def _fitting(key: str) -> str:
    """The key, or what stands for it where it is too long: it names a refund as its caller does."""
    return key if len(key) <= _KEY_CHARACTERS else hashlib.sha256(key.encode()).hexdigest()


def failure(answer: Answer) -> Failure:
    """What an answer that is an error says."""
    try:
        return msgspec.json.decode(answer.body, type=Failure)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return Failure(name="an answer that is not JSON")


# The key did something, or is being worked on; or the invoice id has a payment that the key does not know.
_UNDECIDED = frozenset(
    {
        "DUPLICATE_REQUEST_ID",
        "DUPLICATE_INVOICE_ID",
        "PREVIOUS_REQUEST_IN_PROGRESS",
        "ORDER_ALREADY_AUTHORIZED",
    }
)


def is_final(answer: Answer) -> bool:
    """Whether an error says that nothing was done, and nothing will be."""
    within = 400 <= answer.status < 500 and answer.status not in (401, 403, 408, 409, 429)
    return within and failure(answer).issue not in _UNDECIDED
