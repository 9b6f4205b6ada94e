"""Lists with cursors, newest first (docs.stripe.com/api/pagination)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from everopen.sandbox.exchange.calls import Answer
from everopen.sandbox.stripe import store
from everopen.sandbox.stripe.errors import invalid, missing
from everopen.sandbox.stripe.expansion import expand
from everopen.sandbox.stripe.forms import Params
from everopen.sandbox.stripe.session import Session

_PAGING = frozenset({"limit", "starting_after", "ending_before", "expand", "created"})
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_MOST = 100
_DEFAULT = 10

# What each list may be filtered by: parameter to column. A customer has no objects here.
FILTERS: Mapping[str, Mapping[str, str]] = {
    "payment_intent": {"customer": "", "customer_account": ""},
    "charge": {"payment_intent": "payment_intent", "customer": "", "transfer_group": ""},
    "refund": {"payment_intent": "payment_intent", "charge": "charge"},
    "event": {"type": "label", "types": "label", "delivery_success": "", "related_object": ""},
}
_URLS = {
    "payment_intent": "/v1/payment_intents",
    "charge": "/v1/charges",
    "refund": "/v1/refunds",
    "event": "/v1/events",
}


def read_list(session: Session, kind: str, tree: dict[str, Any]) -> Answer:
    """GET of a list.

    Args:
        kind: the objects' `object` member.
        tree: the query's parameters.
    """
    params = Params(tree, _PAGING | FILTERS[kind].keys())
    limit = _limit(params)
    conditions = [*_created(params), *_filters(params, kind)]
    before = params.text("ending_before")
    after = params.text("starting_after")
    if before and after:
        raise invalid("You can only use one of these parameters: starting_after, ending_before.")
    if before or after:
        conditions.append(_cursor(session, kind, before, after))
    bodies = store.read_list(
        session.db, session.account, kind, conditions, ascending=bool(before), limit=limit + 1
    )
    has_more = len(bodies) > limit
    bodies = bodies[:limit]
    if before:
        bodies.reverse()
    paths = params.texts("expand")
    if paths:
        bodies = [_expanded(session, body, paths) for body in bodies]
    return Answer(status=200, body=list_body(bodies, has_more=has_more, url=_URLS[kind]))


def list_body(bodies: list[bytes], *, has_more: bool, url: str) -> bytes:
    """The JSON of a list of objects that are JSON already."""
    more = b"true" if has_more else b"false"
    return (
        b'{"object":"list","data":[' + b",".join(bodies) + b'],"has_more":' + more
        + b',"url":' + msgspec.json.encode(url) + b"}"
    )  # fmt: skip


def _limit(params: Params) -> int:
    limit = params.integer("limit")
    if limit is None:
        return _DEFAULT
    if not 1 <= limit <= _MOST:
        raise invalid(
            f"This value must be between 1 and {_MOST} (it currently is '{limit}').",
            param="limit",
            code="parameter_invalid_integer",
        )
    return limit


def _created(params: Params) -> list[tuple[str, Any]]:
    if "created" not in params:
        return []
    if not params.is_hash("created"):
        return [("created = ?", params.integer("created"))]
    within = params.within("created", _COMPARISONS)
    conditions: list[tuple[str, Any]] = []
    for name, comparison in _COMPARISONS.items():
        value = within.integer(name)
        if value is not None:
            conditions.append((f"created {comparison} ?", value))
    return conditions


def _filters(params: Params, kind: str) -> list[tuple[str, Any]]:
    conditions: list[tuple[str, Any]] = []
    for name, column in FILTERS[kind].items():
        if name == "types":
            types = params.texts(name)
            if types:
                marks = ",".join("?" * len(types))
                conditions.append((f"{column} IN ({marks})", tuple(types)))
            continue
        value = params.text(name)
        if value is None:
            continue
        if column:
            conditions.append((f"{column} = ?", value))
        elif name.startswith("customer"):
            raise missing("customer", value, param=name, status=400)
    return conditions


def _cursor(session: Session, kind: str, before: str | None, after: str | None) -> tuple[str, Any]:
    id_ = before or after or ""
    position = store.position(session.db, session.account, kind, id_)
    if position is None:
        raise missing(kind, id_, param="ending_before" if before else "starting_after", status=400)
    return (f"(created, seq) {'>' if before else '<'} (?, ?)", position)


def _expanded(session: Session, body: bytes, paths: list[str]) -> bytes:
    within = []
    for path in paths:
        if not path.startswith("data."):
            raise invalid(f"This property cannot be expanded ({path[:80]}).", param="expand")
        within.append(path.removeprefix("data."))
    return expand(session, body, within)
