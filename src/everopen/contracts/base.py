"""What all API types have in common."""

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that comes from outside: an unknown field is a mistake, and is said to be one."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A body that we send. Clients ignore fields they do not know, so that we may add some."""


class Page(Reply, frozen=True, kw_only=True):
    """Base of a page of a list.

    Attributes:
        next_cursor: pass it as `cursor` for the next page; None on the last one.
    """

    next_cursor: str | None = None
