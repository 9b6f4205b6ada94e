"""Writing files so that they are whole or not there, with their permissions from the first moment."""

import os
from pathlib import Path


def write_file(path: Path, content: bytes, *, mode: int, gid: int | None = None) -> None:
    """Replace a file at once.

    Args:
        gid: group that the file is given; the caller's if None.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        if gid is not None:
            os.fchown(descriptor, -1, gid)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    partial.replace(path)


def make_directory(path: Path, *, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Make a directory if it is missing, with exactly these permissions, whatever the umask."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    path.chmod(mode)
    if owner is not None:
        os.chown(path, *owner)
