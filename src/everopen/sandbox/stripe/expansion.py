"""`expand`: replace ids by the objects that they name (docs.stripe.com/api/expanding_objects)."""

from typing import Any

import msgspec

from everopen.sandbox.stripe import store
from everopen.sandbox.stripe.errors import invalid
from everopen.sandbox.stripe.parameters import ALWAYS_EMPTY_EXPANSIONS
from everopen.sandbox.stripe.session import Session

_DEEPEST = 4
_KINDS = {
    "latest_charge": "charge",
    "charge": "charge",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
}


def expand(session: Session, body: bytes, paths: list[str]) -> bytes:
    """Return the object's JSON with the named properties expanded.

    Args:
        paths: dotted property paths, `latest_charge` or `charge.payment_intent`.

    Raises:
        StripeError: a property cannot be expanded, or the path is too deep.
    """
    item = msgspec.json.decode(body)
    for path in paths:
        steps = path.split(".")
        if len(steps) > _DEEPEST:
            raise invalid(f"You cannot expand more than {_DEEPEST} levels of a property.", param="expand")
        _follow(session, item, steps, path)
    return msgspec.json.encode(item)


def _follow(session: Session, item: dict[str, Any], steps: list[str], path: str) -> None:
    name = steps[0]
    if name == "refunds" and item.get("object") == "charge":
        item[name] = _refunds(session, item["id"])
        return
    if name not in item or (name not in _KINDS and name not in ALWAYS_EMPTY_EXPANSIONS):
        raise invalid(f"This property cannot be expanded ({path[:80]}).", param="expand")
    value = item[name]
    if isinstance(value, str) and name in _KINDS:
        body = store.read_body(session.db, session.account, _KINDS[name], value)
        value = item[name] = value if body is None else msgspec.json.decode(body)
    if len(steps) > 1 and isinstance(value, dict):
        _follow(session, value, steps[1:], path)


def _refunds(session: Session, charge_id: str) -> dict[str, Any]:
    bodies = store.read_list(
        session.db, session.account, "refund", [("charge = ?", charge_id)], ascending=False, limit=11
    )
    return {
        "object": "list",
        "data": [msgspec.json.decode(body) for body in bodies[:10]],
        "has_more": len(bodies) > 10,
        "url": f"/v1/charges/{charge_id}/refunds",
    }
