"""Bringing products and images into a platform, as a merchant's program would: by the public API."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
import msgspec

from everopen.contracts.catalog import ImportEvent, ImportResult, ProductPage
from everopen.contracts.identity import Session, SignIn
from everopen.core.errors import (
    BusinessError,
    Conflict,
    EveropenError,
    Forbidden,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from everopen.core.time import Deadline
from everopen.kit.client import Mesh

MERCHANT_LOGIN = "merchant"
_BROKE_OFF = "the import broke off; what was stored stays. Import the same file again"
_IMAGES_AT_ONCE = 8
_ATTEMPTS = 5
_PAUSE_S = 0.5
_SILENCE_S = 60.0  # an import that says nothing for so long has broken off
_SHOWN_TIMEOUT_S = 20.0
_SHOWN_ANSWERS = 6  # instances take turns in answering
_REFUSALS: dict[int, type[BusinessError]] = {
    kind.status: kind
    for kind in (InvalidInput, Unauthenticated, Forbidden, NotFound, Conflict, TooLarge, Unprocessable)
}


@dataclass(frozen=True, slots=True)
class ImagesResult:
    """Attributes: `refused` are (file name, reason)."""

    stored: int
    refused: tuple[tuple[str, str], ...]


class MerchantClient:
    """The merchant's side of the catalog API.

    Args:
        gateway_url: the platform's public address.
        token: of the merchant's session.
    """

    def __init__(self, gateway_url: str, token: str, http: aiohttp.ClientSession) -> None:
        self._url = gateway_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self._http = http

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, gateway_url: str, password: str) -> AsyncIterator[Self]:
        """A client with the merchant's session.

        Raises:
            Unauthenticated: the password is not the merchant's.
            Unavailable, OutcomeUnknown: the platform does not answer.
        """
        mesh = Mesh(gateway_url)
        await mesh.start()
        try:
            body = SignIn(email=MERCHANT_LOGIN, password=password)
            session = await mesh.call("POST", "/v1/sessions", reply=Session, body=body)
        finally:
            await mesh.stop()
        timeout = aiohttp.ClientTimeout(total=None, connect=5.0, sock_read=_SILENCE_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            yield cls(gateway_url, session.token, http)

    async def import_products(self, file: Path, told: Callable[[ImportEvent], None]) -> ImportResult:
        """Import a Shopify CSV; `told` hears of each event as it comes.

        Raises:
            BusinessError: the platform refuses the file as a whole.
            Unavailable: it does not take it now.
            OutcomeUnknown: the answer broke off; importing the same file again is safe.
        """
        headers = self._headers | {"content-type": "text/csv"}
        try:
            with file.open("rb") as content:
                async with self._http.post(
                    f"{self._url}/v1/imports", data=content, headers=headers
                ) as answer:
                    if answer.status != 200:
                        raise _refusal(answer.status, await answer.read())
                    async for line in answer.content:
                        event = msgspec.json.decode(line, type=ImportEvent)
                        told(event)
                        if isinstance(event, ImportResult):
                            return event
        except aiohttp.ClientConnectorError as error:
            raise Unavailable(f"{self._url} does not answer: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError) as error:
            raise OutcomeUnknown(f"{_BROKE_OFF} ({type(error).__name__})") from error
        raise OutcomeUnknown(_BROKE_OFF)

    async def store_images(
        self, files: Sequence[tuple[str, Path]], stored: Callable[[], None]
    ) -> ImagesResult:
        """Store images under their names; `stored` is called after each.

        Raises:
            Unauthenticated, Forbidden: the session may not do this.
            Unavailable: the platform does not answer, also after some attempts.
        """
        waiting = list(reversed(files))
        refused: list[tuple[str, str]] = []

        async def work() -> None:
            while waiting:
                name, file = waiting.pop()
                try:
                    await self._store_image(name, await asyncio.to_thread(file.read_bytes))
                except (Unauthenticated, Forbidden):
                    raise
                except BusinessError as error:
                    refused.append((file.name, error.detail))
                stored()

        workers = [asyncio.create_task(work()) for _ in range(_IMAGES_AT_ONCE)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
        return ImagesResult(len(files) - len(refused), tuple(refused))

    async def _store_image(self, name: str, content: bytes) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._put_image(name, content)
            except Unavailable:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(_PAUSE_S * attempt)
            else:
                return

    async def _put_image(self, name: str, content: bytes) -> None:
        url = f"{self._url}/v1/images/{name}"
        try:
            async with self._http.put(url, data=content, headers=self._headers) as answer:
                if answer.status != 200:
                    raise _refusal(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Storing an image again under its name is safe.
            raise Unavailable(f"{self._url}: {type(error).__name__}: {error}") from error


async def fill_empty_catalog(gateway_url: str, merchant_password: str) -> None:
    """Import the sample catalog, unless there are products already, and wait until it is shown.

    Raises:
        OperationalError: a part does not answer (yet); it can be repeated.
        EveropenError: the platform refuses; trying again does not help.
    """
    from everopen.services.catalog.sample import write_sample

    mesh = Mesh(gateway_url)
    await mesh.start()
    try:
        if await _products(mesh):
            return
        with tempfile.TemporaryDirectory(prefix="everopen-sample-") as scratch:
            sample = await asyncio.to_thread(write_sample, Path(scratch))
            async with MerchantClient.signed_in(gateway_url, merchant_password) as client:
                images = [(file.name, file) for file in sorted(sample.images.iterdir())]
                stored = await client.store_images(images, lambda: None)
                result = await client.import_products(sample.csv, lambda _: None)
        if result.error is not None:
            raise Unavailable(f"the sample catalog: {result.error}")
        if stored.refused or result.failed:
            raise EveropenError(f"the sample catalog was not taken whole: {stored.refused[:3]}, {result}")
        await _shown(mesh, sample.products)
    finally:
        await mesh.stop()


async def _shown(mesh: Mesh, products: int) -> None:
    """Wait until every instance shows the products, as far as asking several times can tell."""
    deadline = Deadline.after(_SHOWN_TIMEOUT_S)
    answers = 0
    while answers < _SHOWN_ANSWERS:
        found = await _products(mesh)
        answers = answers + 1 if found >= products else 0
        if deadline.passed():
            raise Unavailable(f"{found} of {products} products of the sample are shown")
        if not answers:
            await asyncio.sleep(_PAUSE_S / 2)


async def _products(mesh: Mesh) -> int:
    page = await mesh.call("GET", "/v1/products", reply=ProductPage, query=[("limit", "1")])
    return page.total


def _refusal(status: int, content: bytes) -> Exception:
    try:
        problem: dict[str, object] = msgspec.json.decode(content, type=dict[str, object])
    except msgspec.DecodeError:
        problem = {}
    detail = str(problem.get("detail", content[:200].decode(errors="replace")))
    kind = _REFUSALS.get(status)
    if kind is None:
        return Unavailable(f"{status}: {detail}")
    return kind(str(problem.get("code", "refused")), detail)
