"""Product images: kept in the image bucket, served from this instance's disk.

An image never changes under its name: what is stored once stays, and another picture needs another
name. That is what lets browsers, and every instance, keep it for ever.
"""

import asyncio
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import ObjectStore

from everopen.core.errors import Conflict, NotFound, Unavailable, Unprocessable
from everopen.services.catalog.model import check_image_name, image_type

_log = logging.getLogger(__name__)
_CACHE_BYTES = 512 * 1024 * 1024
_CACHE_KEPT_SHARE = 0.8
_TIMEOUT_S = 4.0
_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "image/svg+xml": (b"<svg", b"<?xml"),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/webp": (b"RIFF",),
    "image/gif": (b"GIF8",),
    "image/avif": (b"\x00\x00\x00",),
}


@dataclass(frozen=True, slots=True)
class StoredImageFile:
    content: bytes
    content_type: str


class Images:
    """Images by name.

    Args:
        bucket: where they are kept; None on a platform without an object store.
        directory: of this instance's own, for its copies.
    """

    def __init__(self, bucket: ObjectStore | None, directory: Path, cache_bytes: int = _CACHE_BYTES) -> None:
        self._bucket = bucket
        self._directory = directory
        self._cache_bytes = cache_bytes
        self._used_bytes = 0
        self._fetching: dict[str, asyncio.Task[bytes]] = {}

    async def start(self) -> None:
        """Look at what is in the cache from before."""
        self._used_bytes = await asyncio.to_thread(self._make_room)

    async def stop(self) -> None:
        for task in self._fetching.values():
            task.cancel()

    async def get(self, name: str) -> StoredImageFile:
        """The image called `name`.

        Raises:
            NotFound: there is none (`no-such-image`).
            Unavailable: it is not on this instance's disk and the bucket does not answer.
        """
        content_type = image_type(name)
        content = await asyncio.to_thread(_read, self._directory / name)
        if content is None:
            # Many browsers ask for a new image at once; it is fetched once.
            task = self._fetching.get(name)
            if task is None:
                task = asyncio.create_task(self._fetch(name))
                self._fetching[name] = task
                task.add_done_callback(lambda _: self._fetching.pop(name, None))
            content = await asyncio.shield(task)
        return StoredImageFile(content, content_type)

    async def put(self, name: str, content: bytes) -> bool:
        """Store an image for good; True if it is new, False if it was there already, the same.

        Raises:
            InvalidInput: the name is not one for an image.
            Unprocessable: the content is not of the kind that the name says (`not-an-image`).
            Conflict: another image has this name (`image-exists`).
            Unavailable: the bucket does not answer.
        """
        content_type = check_image_name(name)
        if not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_BEGINNINGS[content_type]):
            raise Unprocessable("not-an-image", f"What was sent is not {content_type}, as the name says.")
        bucket = self._open_bucket()
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await obstore.put_async(
                    bucket, name, content, mode="create", attributes={"Content-Type": content_type}
                )
        except AlreadyExistsError:
            if await self._download(name) != content:
                raise Conflict(
                    "image-exists",
                    f"There is another image called {name}. An image never changes; choose a new name.",
                ) from None
            return False
        except (BaseError, TimeoutError) as error:
            raise Unavailable(f"image bucket: {type(error).__name__}: {error}") from error
        return True

    def _open_bucket(self) -> ObjectStore:
        if self._bucket is None:
            raise Unavailable("this platform has no object store for images")
        return self._bucket

    async def _fetch(self, name: str) -> bytes:
        content = await self._download(name)
        try:
            await asyncio.to_thread(self._keep, name, content)
        except OSError as error:
            _log.warning("the image %s cannot be kept on this disk: %s", name, error)
        return content

    async def _download(self, name: str) -> bytes:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                found = await obstore.get_async(self._open_bucket(), name)
                return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound("no-such-image", "There is no image of this name.") from error
        except (BaseError, TimeoutError) as error:
            raise Unavailable(f"image bucket: {type(error).__name__}: {error}") from error

    def _keep(self, name: str, content: bytes) -> None:
        self._used_bytes += len(content)
        if self._used_bytes > self._cache_bytes:
            self._used_bytes = self._make_room()
        part = self._directory / f".{secrets.token_hex(8)}"
        part.write_bytes(content)
        part.replace(self._directory / name)

    def _make_room(self) -> int:
        """Remove what was fetched longest ago if there is too much; the bytes that are there then."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with os.scandir(self._directory) as entries:
            files = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries)
        used_bytes = sum(size for _, size, _ in files)
        if used_bytes > self._cache_bytes:
            for _, size, path in files:
                if used_bytes <= self._cache_bytes * _CACHE_KEPT_SHARE:
                    break
                Path(path).unlink(missing_ok=True)
                used_bytes -= size
        return used_bytes


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
