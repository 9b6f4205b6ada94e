"""Changing the key that signs session tokens, step by step, with nothing assumed.

publish the next key -> everyone who checks tokens has it -> sign with it -> the old one stays until its last
token has expired. Each step is kept before the next begins, so that a rotation that was cut short is finished
by the next run.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
import msgspec

from everopen.apps.platform.files import write_file
from everopen.apps.platform.key_files import key_files, signs
from everopen.apps.platform.keyring import KeyRing, KeyRingFile, new_key
from everopen.apps.platform.progress import Progress
from everopen.apps.token_keys import KnownKeys
from everopen.core.errors import OperationalError
from everopen.core.time import Deadline
from everopen.engines.envoy.tokens import has_token_keys
from everopen.topology import Instance, Kind

_LOOK_EVERY_S = 0.2
_TIMEOUT = aiohttp.ClientTimeout(total=2.0)


@dataclass(frozen=True, slots=True)
class Rotation:
    """One change of the keys of a platform. Whoever uses it holds the platform's lock.

    Attributes:
        instances: all that are told of token keys, running or not.
        runs: whether an instance runs; one that does not reads its files when it starts.
        wait_s: how long everyone may take to have what was published.
    """

    file: KeyRingFile
    instances: tuple[Instance, ...]
    runs: Callable[[Instance], bool]
    progress: Progress
    wait_s: float = 30.0
    now_s: Callable[[], float] = field(default=time.time)

    async def rotate(self, ring: KeyRing) -> KeyRing:
        """Have another key sign.

        Returns:
            The keys afterwards.

        Raises:
            OperationalError: somebody who runs has not taken over what was published; run it again.
        """
        if ring.next is None and not await self._in_step(ring):
            # Cut short after its last decision: that one is carried out, no other is taken.
            self.progress.stage(f"Finishing the change to {ring.signing.key_id}")
            await self._published(ring)
            return ring
        ring = ring.without_retired(int(self.now_s()))
        if ring.next is None:
            ring = ring.with_next(new_key("next", int(self.now_s())))
            self.file.write(ring)
        following = ring.next
        assert following is not None  # noqa: S101  # made above
        self.progress.stage(f"Publishing {following.key_id}")
        await self._published(ring)
        ring = ring.promoted(int(self.now_s()))
        self.file.write(ring)
        self.progress.stage(f"Signing with {following.key_id}")
        await self._published(ring)
        return ring

    async def retire(self, ring: KeyRing) -> KeyRing:
        """Take the old keys out of which no token is valid any more.

        Raises:
            OperationalError: as `rotate`.
        """
        left = ring.without_retired(int(self.now_s()))
        self.progress.stage("Publishing the keys that are left")
        self.file.write(left)
        await self._published(left)
        return left

    async def _in_step(self, ring: KeyRing) -> bool:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            return not await self._behind(session, ring)

    async def _published(self, ring: KeyRing) -> None:
        """Write every file, and wait until everyone who runs has taken it over."""
        for instance in self.instances:
            for file in key_files(instance, ring):
                write_file(file.path, file.text.encode(), mode=file.mode)
        deadline = Deadline.after(self.wait_s)
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while behind := await self._behind(session, ring):
                self.progress.waiting(len(self.instances) - len(behind), len(self.instances), behind)
                if deadline.passed():
                    what = "; ".join(f"{name}: {why}" for name, why in behind.items())
                    raise OperationalError(f"The keys are not everywhere yet ({what}). Run it again.")
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _behind(self, session: aiohttp.ClientSession, ring: KeyRing) -> Mapping[str, str]:
        """Who runs and has not taken the keys over, and why that is thought."""
        running = [instance for instance in self.instances if self.runs(instance)]
        found = await asyncio.gather(*(_lacks(session, instance, ring) for instance in running))
        return {instance.name: why for instance, why in zip(running, found, strict=True) if why}


async def _lacks(session: aiohttp.ClientSession, instance: Instance, ring: KeyRing) -> str:
    """What an instance lacks of the keys; empty if nothing."""
    wanted = set(ring.public_keys_pem)
    try:
        if instance.kind is Kind.GATEWAY:
            return "" if await has_token_keys(session, instance, wanted) else "has other keys"
        async with session.get(instance.url("http") + "/health/keys") as answer:
            known = msgspec.json.decode(await answer.read(), type=KnownKeys)
    except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as error:
        return f"does not say which keys it has ({type(error).__name__})"
    if set(known.published) != wanted:
        return "has other keys"
    if signs(instance) and known.signing != ring.signing.key_id:
        return f"signs with {known.signing}"
    return ""
