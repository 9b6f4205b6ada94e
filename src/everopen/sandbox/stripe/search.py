"""Search of PaymentIntents (docs.stripe.com/search): `status:"…" AND metadata["key"]:"value"`."""

import re
from typing import Any

import msgspec

from everopen.sandbox.exchange.calls import Answer
from everopen.sandbox.stripe import store
from everopen.sandbox.stripe.errors import invalid
from everopen.sandbox.stripe.forms import Params
from everopen.sandbox.stripe.session import Session

# What was just written is not found yet: Stripe says search lags, up to a minute. Some lag is kept, so
# that nobody builds on reading his own writes here.
LAG_S = 1
_MOST = 100
_CLAUSE = re.compile(
    r"""(?P<field>status|currency|metadata\[(?P<quote>["'])(?P<key>[^"'\]]{1,40})(?P=quote)\])"""
    r"""\s*:\s*(?P<mark>["'])(?P<value>[^"']{0,500})(?P=mark)|"""
    r"""(?P<time>created)\s*(?P<comparison>[:<>]=?)\s*(?P<at>[0-9]{1,12})"""
)
_SEPARATOR = re.compile(r"\s+(?:and\s+)?", re.IGNORECASE)


def search_intents(session: Session, tree: dict[str, Any]) -> Answer:
    """GET /v1/payment_intents/search

    Raises:
        StripeError: the query is not one that is understood here.
    """
    params = Params(tree, {"query", "limit", "page", "expand"})
    limit = params.integer("limit") or 10
    if not 1 <= limit <= _MOST:
        raise invalid(f"This value must be between 1 and {_MOST}.", param="limit")
    conditions = [*_conditions(params.required_text("query")), ("created <= ?", session.now - LAG_S)]
    page = params.text("page")
    if page is not None:
        position = store.position(session.db, session.account, "payment_intent", page)
        if position is None:
            raise invalid("Invalid page.", param="page")
        conditions.append(("(created, seq) < (?, ?)", position))
    bodies = store.read_list(
        session.db, session.account, "payment_intent", conditions, ascending=False, limit=limit + 1
    )
    has_more = len(bodies) > limit
    data = [msgspec.json.decode(body) for body in bodies[:limit]]
    return Answer(
        status=200,
        body=msgspec.json.encode(
            {
                "object": "search_result",
                "data": data,
                "has_more": has_more,
                "next_page": data[-1]["id"] if has_more else None,
                "url": "/v1/payment_intents/search",
            }
        ),
    )


def _conditions(query: str) -> list[tuple[str, Any]]:
    conditions: list[tuple[str, Any]] = []
    at = 0
    while at < len(query):
        match = _CLAUSE.match(query, at)
        if match is None:
            raise invalid("We were unable to parse your search query.", param="query")
        conditions.append(_condition(match))
        separator = _SEPARATOR.match(query, match.end())
        at = separator.end() if separator else match.end()
        if separator is None and at < len(query):
            raise invalid("We were unable to parse your search query.", param="query")
    return conditions


def _condition(match: re.Match[str]) -> tuple[str, Any]:
    if match["time"]:
        comparison = "=" if match["comparison"] == ":" else match["comparison"]
        if comparison.startswith(":"):
            raise invalid("We were unable to parse your search query.", param="query")
        return (f"created {comparison} ?", int(match["at"]))
    if match["key"] == "order_id":
        return ("label = ?", match["value"])
    if match["key"]:
        return ("json_extract(CAST(body AS TEXT), ?) = ?", (f'$.metadata."{match["key"]}"', match["value"]))
    return ("json_extract(CAST(body AS TEXT), ?) = ?", (f"$.{match['field']}", match["value"]))
