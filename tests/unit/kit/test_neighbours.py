"""Calls within a process behave as calls between processes do."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from litestar import Router, get, put
from litestar.params import FromPath, JSONBody

from everopen.contracts.base import Reply, Request
from everopen.core.errors import Conflict, NotFound, OutcomeUnknown, Unavailable
from everopen.kit import deadlines, telemetry
from everopen.kit.client import Mesh, Neighbours
from everopen.kit.http import internal_only
from everopen.kit.service import Service
from support.callers import SERVICE_KEY, new_callers
from support.ports import free_port

NOBODY = "http://127.0.0.1:{}"


class Word(Request, frozen=True, kw_only=True):
    word: str


class Said(Reply, frozen=True, kw_only=True):
    word: str
    request_id: str
    left_s: float


class Speaker:
    """A service that repeats words; some it cannot."""

    def __init__(self) -> None:
        self.finished = asyncio.Event()
        self.go_on = asyncio.Event()

    def service(self) -> Service:
        @put("/internal/words/{name:str}", guards=[internal_only])
        async def say(name: FromPath[str], data: JSONBody[Word]) -> Said:
            if name == "slow":
                await self.go_on.wait()
                self.finished.set()
            if name == "broken":
                raise Unavailable("not now")
            if name == "taken":
                raise Conflict("taken", "Somebody has it.", by="x y")
            left_s = deadlines.current().remaining_s()
            return Said(word=f"{name} {data.word}", request_id=telemetry.request_id.get(), left_s=left_s)

        @get("/internal/words/list/all", guards=[internal_only])
        async def nothing() -> Said:
            raise NotFound("no-words", "There are none.")

        return Service(name="words", router=Router("/", route_handlers=[say, nothing]))


@pytest.fixture
def speaker() -> Speaker:
    return Speaker()


@pytest.fixture
async def mesh(speaker: Speaker) -> AsyncIterator[Mesh]:
    """A client whose Envoy is not there: what is answered was answered within the process."""
    application = new_callers().app(speaker.service())
    client = Mesh(NOBODY.format(free_port()), SERVICE_KEY)
    client.beside(Neighbours(application, ["/internal/words"]))
    await client.start()
    yield client
    await client.stop()


async def say(mesh: Mesh, name: str, timeout_s: float = 5.0) -> Said:
    path = f"/internal/words/{name}"
    return await mesh.call("PUT", path, body=Word(word="hello"), reply=Said, timeout_s=timeout_s)


async def test_a_neighbour_answers_without_a_network(mesh: Mesh) -> None:
    telemetry.request_id.set("req-1")
    said = await say(mesh, "one%20two", timeout_s=3.0)
    assert (said.word, said.request_id) == ("one two hello", "req-1")
    assert 0 < said.left_s <= 3.0


async def test_the_callers_own_deadline_is_left_alone(mesh: Mesh) -> None:
    mine = deadlines.begin(deadlines.to_header(9.0))
    await say(mesh, "one", timeout_s=1.0)
    assert deadlines.current() is mine


async def test_refusals_are_what_they_are_over_the_network(mesh: Mesh) -> None:
    with pytest.raises(Conflict) as caught:
        await say(mesh, "taken")
    assert (caught.value.code, caught.value.extra) == ("taken", {"by": "x y"})
    with pytest.raises(NotFound):
        await mesh.call("GET", "/internal/words/list/all", reply=Said)


async def test_what_the_neighbour_cannot_do_now_is_asked_of_the_mesh(mesh: Mesh) -> None:
    with pytest.raises(Unavailable, match="Cannot connect"):
        await say(mesh, "broken")


async def test_what_is_hosted_elsewhere_goes_to_the_mesh(mesh: Mesh) -> None:
    with pytest.raises(Unavailable, match="Cannot connect"):
        await mesh.call("GET", "/internal/wordsmiths/1", reply=Said)


async def test_a_caller_who_gives_up_knows_nothing_and_the_work_goes_on(mesh: Mesh, speaker: Speaker) -> None:
    with pytest.raises(OutcomeUnknown):
        await say(mesh, "slow", timeout_s=0.05)
    assert not speaker.finished.is_set()
    speaker.go_on.set()
    async with asyncio.timeout(5):
        await speaker.finished.wait()


async def test_a_caller_without_the_key_is_refused(speaker: Speaker) -> None:
    client = Mesh(NOBODY.format(free_port()), "another key")
    client.beside(Neighbours(new_callers().app(speaker.service()), ["/internal/words"]))
    await client.start()
    with pytest.raises(Exception, match="own services"):
        await say(client, "one")
    await client.stop()
