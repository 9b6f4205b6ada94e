"""Identifiers that carry their kind and their cell: `ord_sg1_k3v…`.

Any instance can route by the cell without a look-up. The last part is 26 characters of base32 in
lower case (128 bits): random, or derived from what identifies the thing, so that a repetition
gives the same id. Ids seen outside never come from sequences.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Self

from everopen.core.errors import InvalidInput

CELL_PATTERN = r"[a-z][a-z0-9]{1,11}"
_TEXT = re.compile(rf"(?P<kind>[a-z]{{3}})_(?P<cell>{CELL_PATTERN})_(?P<unique>[a-z2-7]{{26}})")
_UNIQUE_BYTES = 16


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True)
class Id:
    """A parsed identifier.

    Attributes:
        kind: three letters: `ord` order, `crt` cart, `cus` customer, `ses` anonymous session, …
        cell: the cell that owns the thing.
        unique: 26 characters of base32.
    """

    kind: str
    cell: str
    unique: str

    def __str__(self) -> str:
        return f"{self.kind}_{self.cell}_{self.unique}"

    @classmethod
    def new(cls, kind: str, cell: str) -> Self:
        """A random id of `kind` owned by `cell`."""
        return cls(kind, cell, _base32(secrets.token_bytes(_UNIQUE_BYTES)))

    @classmethod
    def derive(cls, kind: str, cell: str, *parts: str) -> Self:
        """The id that these parts always give: the same parts, the same id, anywhere."""
        digest = hashlib.sha256("\x1f".join((kind, cell, *parts)).encode()).digest()
        return cls(kind, cell, _base32(digest[:_UNIQUE_BYTES]))

    @classmethod
    def parse(cls, text: str, kind: str) -> Self:
        """Parse `text`, which must be an id of `kind`.

        Raises:
            InvalidInput: it is not, with code `invalid-id`.
        """
        match = _TEXT.fullmatch(text)
        if match is None or match["kind"] != kind:
            raise InvalidInput("invalid-id", f"This is not an id of the form {kind}_<cell>_<26 characters>.")
        return cls(match["kind"], match["cell"], match["unique"])


def spoken(text: str) -> str:
    """The part of an id that a person can read out: `ABCD-EFGH`. For people only: it need not be unique."""
    unique = text.rsplit("_", 1)[-1].upper()
    return f"{unique[:4]}-{unique[4:8]}" if len(unique) >= 8 else unique
