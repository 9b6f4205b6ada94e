"""Rotations of the token keys: in which order, and what happens when they are cut short."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from everopen.apps.platform.files import write_file
from everopen.apps.platform.key_files import key_files
from everopen.apps.platform.keyring import KeyRing, KeyRingFile, new_key
from everopen.apps.platform.progress import Silent
from everopen.apps.platform.rotation import Rotation
from everopen.apps.platform.secrets import new_secrets
from everopen.apps.token_keys import TokenKeys
from everopen.core.errors import OperationalError
from everopen.kit.auth.tokens import LIFETIME_S
from everopen.topology import Instance, layout_of, parse_topology, with_port_base
from support.places import shipped_text
from support.platform import free_port_base

NOW_S = 1_800_000_000


class Process:
    """Answers for its keys as a process does, from its files; one that is stuck does not read them again."""

    def __init__(self, instance: Instance) -> None:
        signing = instance.directory / "signing-key.json"
        self.instance = instance
        self.stuck = False
        self.history: list[tuple[frozenset[str], str]] = []
        self._keys = TokenKeys(instance.directory / "token-keys.json", signing if signing.exists() else None)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/health/keys", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.instance.address, self.instance.ports["http"]).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        if not self.stuck:
            await self._keys.follow()
        published = list(self._keys.verifier.public_keys_pem)
        signing = "" if self._keys.issuer is None else self._keys.issuer.key_id
        self.history.append((frozenset(published), signing))
        return web.json_response({"published": published, "signing": signing})


@pytest.fixture
async def processes(tmp_path: Path, ring: KeyRing) -> AsyncIterator[list[Process]]:
    text = with_port_base(shipped_text("laptop"), free_port_base())
    layout = layout_of(parse_topology(text), tmp_path)
    started = []
    for name in ("singapore-a/shop-1", "singapore-a/orders-1"):
        instance = layout.instance(name)
        instance.directory.mkdir(parents=True)
        for file in key_files(instance, ring):
            write_file(file.path, file.text.encode(), mode=file.mode)
        process = Process(instance)
        await process.start()
        started.append(process)
    yield started
    for process in started:
        await process.stop()


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(keys=(new_key("signing", NOW_S - 10),))


def rotation(tmp_path: Path, processes: list[Process], now_s: int = NOW_S, wait_s: float = 10.0) -> Rotation:
    return Rotation(
        KeyRingFile(tmp_path),
        tuple(process.instance for process in processes),
        lambda _: True,
        Silent(),
        wait_s,
        lambda: now_s,
    )


async def test_nobody_signs_with_a_key_that_somebody_does_not_believe(
    tmp_path: Path, processes: list[Process], ring: KeyRing
) -> None:
    after = await rotation(tmp_path, processes).rotate(ring)
    shop, orders = processes
    assert [(key.state, key.since_s) for key in after.keys] == [("old", NOW_S), ("signing", NOW_S)]
    assert after.keys[0].key_id == ring.signing.key_id
    both = frozenset(after.public_keys_pem)
    assert shop.history[-1] == (both, after.signing.key_id)
    assert orders.history[-1] == (both, "")
    assert (both, ring.signing.key_id) in shop.history, "believed before it signs"


async def test_one_that_does_not_follow_stops_it_before_anybody_signs_and_it_goes_on_later(
    tmp_path: Path, processes: list[Process], ring: KeyRing
) -> None:
    shop, orders = processes
    orders.stuck = True
    with pytest.raises(OperationalError, match="orders-1: has other keys"):
        await rotation(tmp_path, processes, wait_s=0.3).rotate(ring)
    kept = KeyRingFile(tmp_path).read(new_secrets())
    assert kept.signing == ring.signing
    assert {signing for _, signing in shop.history} == {ring.signing.key_id}
    orders.stuck = False
    after = await rotation(tmp_path, processes).rotate(kept)
    assert kept.next is not None
    assert after.signing.key_id == kept.next.key_id


async def test_a_rotation_that_was_cut_short_at_its_end_is_finished_and_none_begun(
    tmp_path: Path, processes: list[Process], ring: KeyRing
) -> None:
    decided = ring.with_next(new_key("next", NOW_S)).promoted(NOW_S)  # and nobody was told
    after = await rotation(tmp_path, processes).rotate(decided)
    assert after == decided
    assert processes[0].history[-1] == (frozenset(decided.public_keys_pem), decided.signing.key_id)


async def test_old_keys_are_believed_until_their_last_token_has_expired(
    tmp_path: Path, processes: list[Process], ring: KeyRing
) -> None:
    after = await rotation(tmp_path, processes).rotate(ring)
    still = await rotation(tmp_path, processes, NOW_S + LIFETIME_S).retire(after)
    assert still == after
    left = await rotation(tmp_path, processes, NOW_S + LIFETIME_S + 2 * 3600).retire(after)
    assert left.keys == (after.signing,)
    assert processes[1].history[-1][0] == {after.signing.key_id}
    assert KeyRingFile(tmp_path).read(new_secrets()) == left


async def test_a_process_that_cannot_read_its_file_keeps_its_keys(
    tmp_path: Path, processes: list[Process]
) -> None:
    shop = processes[0]
    before = shop._keys.verifier.public_keys_pem
    write_file(shop.instance.directory / "token-keys.json", b"{", mode=0o600)
    with pytest.raises(OperationalError):
        await shop._keys.follow()
    assert shop._keys.verifier.public_keys_pem == before


def test_secrets_are_not_shown(ring: KeyRing) -> None:
    for text in (repr(ring), repr(ring.signing_key()), str(ring.signing)):
        assert "PRIVATE" not in text


def test_a_platform_made_before_there_were_rotations_has_its_one_key(tmp_path: Path) -> None:
    secrets = new_secrets()
    found = KeyRingFile(tmp_path).read(secrets)
    assert [(key.key_id, key.state) for key in found.keys] == [(secrets.token_key_id, "signing")]
