"""What a shopper's browser carries: the session token, and which cart it fills.

Browsing needs neither: both begin with the first thing that is put into a cart. The token is signed by
the identity service and the cart belongs to the token, so nothing here has to be signed again.
"""

import base64
import binascii
import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import Self

SESSION_COOKIE = "everopen_session"
BASKET_COOKIE = "everopen_basket"
_BASKET = re.compile(r"(?P<cart>[a-z0-9_]{1,64})\.(?P<units>[0-9]{1,6})\.(?P<key>[A-Za-z0-9_-]{16,64})")
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,3000}")


@dataclass(frozen=True, slots=True)
class Basket:
    """A cart as the browser knows it.

    Attributes:
        cart_id: the cart at the API.
        units: how many things are in it, for the number beside the cart's symbol.
        key: the idempotency key of the order that this cart becomes. It lives as long as the outcome of
            an attempt may be unknown, so that a second tab or a new visit repeats that attempt.
    """

    cart_id: str
    units: int
    key: str

    @classmethod
    def of(cls, cart_id: str, units: int) -> Self:
        """A basket for which nothing was ordered yet."""
        return cls(cart_id, units, secrets.token_urlsafe(24))

    @classmethod
    def read(cls, cookie: str | None) -> Self | None:
        """The basket of a cookie; None if there is none that makes sense."""
        match = _BASKET.fullmatch(cookie or "")
        return cls(match["cart"], int(match["units"]), match["key"]) if match else None

    def cookie(self) -> str:
        return f"{self.cart_id}.{self.units}.{self.key}"

    def holding(self, units: int) -> Self:
        """The same cart with another number of things in it."""
        return replace(self, units=units)

    def renewed(self) -> Self:
        """The same cart with a new key: the order that had the old one has certainly ended."""
        return type(self).of(self.cart_id, self.units)


def read_token(cookie: str | None) -> str:
    """The session token of a cookie; empty if there is none that could be one."""
    return cookie if cookie and _TOKEN.fullmatch(cookie) else ""


def belongs_to_customer(token: str) -> bool:
    """Whether a session token says that it is a customer's.

    For what a page offers only: the signature is not looked at. Every call to the API checks it.
    """
    return _claims(token).get("role") == "customer"


def is_half_over(token: str, now_s: float) -> bool:
    """Whether more than half of a session token's life has gone by, so that it is time for a new one."""
    claims = _claims(token)
    begun_s, ends_s = claims.get("iat"), claims.get("exp")
    if not isinstance(begun_s, int) or not isinstance(ends_s, int):
        return False
    return now_s > (begun_s + ends_s) / 2


def _claims(token: str) -> dict[str, object]:
    """What a token says, believed by nobody yet; nothing if it cannot be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
