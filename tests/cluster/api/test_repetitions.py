"""Whatever changes something may be sent again: by nature (PUT, DELETE), by its key, or for a reason said here.

So an edge may repeat a request whose answer was lost. The table has to name every such operation of the
description: a new one is a failure until somebody has said how it is repeated.
"""

import json
import uuid
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import msgspec
import pytest
import requests

from everopen.apps.openapi import FILE_NAME
from everopen.kit import idempotency
from support.sale import product_csv
from support.shopper import ADDRESS, PAYPAL, VISA

from .callers import Api, Headers
from .things import Things

DOCUMENT = json.loads(files("everopen.apps").joinpath(FILE_NAME).read_text(encoding="utf-8"))
PICTURE = b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>"
HOOK = {"url": "http://127.0.0.1:9/hooks", "events": ["order.confirmed"]}

# Without a key, and why a repetition does no harm.
BY_DESIGN = {
    "POST /v1/carts/{cart_id}/merge": "has the lines in the cart; having them is having them",
    "POST /v1/events": "an event has its own id, and is kept once",
    "POST /v1/imports": "says what products are, like a PUT of each",
    "POST /v1/orders/quotes": "changes nothing",
    "POST /v1/sessions": "keeps nothing: each token is as good as the other",
    "POST /v1/sessions/renew": "keeps nothing: each token is as good as the other",
    "POST /v1/webhooks/{provider}": "an event only wakes what would be looked at anyway",
}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be sent twice.

    Attributes:
        status: of both answers.
        same: what of the answer must be the same; everything if None.
    """

    method: str
    path: str
    headers: Headers
    json: Any = None
    data: bytes | None = None
    status: int
    same: tuple[str, ...] | None = None


Make = Callable[[Things], Call]
TABLE: dict[str, Make] = {}


def operation(name: str) -> Callable[[Make], Make]:
    def register(make: Make) -> Make:
        TABLE[name] = make
        return make

    return register


def simple(
    name: str, status: int, who: str, places: Callable[[Things], dict[str, str]], **facts: Any
) -> None:
    method, _, path = name.partition(" ")

    def make(things: Things) -> Call:
        headers = getattr(things.api, who)
        return Call(
            method=method, path=path.format(**places(things)), headers=headers, status=status, **facts
        )

    TABLE[name] = make


def _ids(things: Things) -> dict[str, str]:
    return dict(things.ids)


def _address(_: Things) -> dict[str, str]:
    return {"address_id": "home"}


simple("POST /v1/carts", 201, "shopper", _ids)
simple(
    "PUT /v1/carts/{cart_id}/lines/{sku}",
    200,
    "shopper",
    _ids,
    json={"quantity": 2},
    same=("lines", "version"),
)
simple("DELETE /v1/carts/{cart_id}/lines/{sku}", 200, "shopper", _ids, same=("lines", "version"))
simple("PUT /v1/customers/me", 200, "customer", _ids, json={"name": "Ada B."})
simple("PUT /v1/customers/me/addresses/{address_id}", 200, "customer", _address, json={"address": ADDRESS},
       same=("address", "is_default"))  # fmt: skip
simple("DELETE /v1/customers/me/addresses/{address_id}", 204, "customer", _address)
simple("POST /v1/sessions", 201, "shopper", _ids, same=("role", "expires_in_s"))
simple("POST /v1/sessions/renew", 200, "shopper", _ids, same=("role", "subject"))
simple("PUT /v1/images/{name}", 200, "merchant", lambda _: {"name": f"{uuid.uuid4().hex}.svg"}, data=PICTURE)
simple("POST /v1/inventory/{sku}/receipts", 201, "merchant", _ids, json={"quantity": 3})
simple("POST /v1/inventory/{sku}/adjustments", 201, "merchant", _ids, json={"delta": -1, "reason": "Broken."})
simple("PUT /v1/products/{handle}/state", 200, "merchant", _ids, json={"state": "published"})
simple("POST /v1/webhook-subscriptions", 201, "merchant", _ids, json=HOOK)
simple("PUT /v1/webhook-subscriptions/{subscription_id}", 200, "merchant", _ids, json=HOOK)
simple("POST /v1/webhook-subscriptions/{subscription_id}/test", 202, "merchant", _ids,
       same=("delivery_id", "message_id"))  # fmt: skip
simple("POST /v1/webhook-subscriptions/{subscription_id}/deliveries/{delivery_id}/retry", 202, "merchant", _ids,
       same=("delivery_id", "message_id"))  # fmt: skip
simple("POST /v1/webhooks/{provider}", 400, "merchant", _ids, data=b"{}", same=("code",))


@operation("POST /v1/merchant/stock/movements")
def _move(things: Things) -> Call:
    body = {"sku": things.ids["sku"], "kind": "receipt", "quantity": 2}
    return Call(
        method="POST", path="/v1/merchant/stock/movements", headers=things.api.merchant, json=body, status=201
    )


def _new_subscription(things: Things) -> str:
    made = things.ask("POST", "/v1/webhook-subscriptions", things.api.merchant, HOOK)
    return f"/v1/webhook-subscriptions/{made['subscription']['subscription_id']}"


@operation("DELETE /v1/webhook-subscriptions/{subscription_id}")
def _unsubscribe(things: Things) -> Call:
    path = _new_subscription(things)
    return Call(method="DELETE", path=path, headers=things.api.merchant, status=204)


@operation("POST /v1/webhook-subscriptions/{subscription_id}/secrets")
def _rotate(things: Things) -> Call:
    """Of a new one: only so many secrets sign at a time."""
    path = f"{_new_subscription(things)}/secrets"
    return Call(method="POST", path=path, headers=things.api.merchant, status=201)


@operation("DELETE /v1/sessions/current")
def _sign_out(things: Things) -> Call:
    return Call(method="DELETE", path="/v1/sessions/current", headers=things.passing_session(), status=204)


@operation("POST /v1/customers")
def _register(things: Things) -> Call:
    body = {"email": f"{uuid.uuid4().hex}@example.com", "password": "a long password", "name": "Ada"}
    return Call(method="POST", path="/v1/customers", headers={}, json=body, status=201)


@operation("PUT /v1/customers/me/password")
def _change_password(things: Things) -> Call:
    account = {"email": f"{uuid.uuid4().hex}@example.com", "password": "a long password"}
    things.ask("POST", "/v1/customers", {}, account)
    token = things.ask("POST", "/v1/sessions", {}, account)["token"]
    body = {"current_password": "a long password", "new_password": "a longer password"}
    headers = {"authorization": f"Bearer {token}"}
    return Call(method="PUT", path="/v1/customers/me/password", headers=headers, json=body, status=204)


@operation("POST /v1/carts/{cart_id}/merge")
def _merge(things: Things) -> Call:
    other = things.ask("POST", "/v1/carts", things.api.shopper)["cart_id"]
    path = f"/v1/carts/{things.ids['cart_id']}/merge"
    return Call(
        method="POST",
        path=path,
        headers=things.api.shopper,
        json={"from_cart_id": other},
        status=200,
        same=("cart_id", "lines", "version"),
    )


@operation("POST /v1/events")
def _look_at(things: Things) -> Call:
    event = {"id": str(uuid.uuid4()), "type": "view", "handle": things.ids["handle"]}
    return Call(method="POST", path="/v1/events", headers={}, json={"events": [event]}, status=202)


@operation("POST /v1/imports")
def _import(things: Things) -> Call:
    headers = things.api.merchant | {"content-type": "text/csv"}
    file = product_csv([f"T-{uuid.uuid4().hex[:10]}"], 5)
    return Call(method="POST", path="/v1/imports", headers=headers, data=file, status=200, same=())


@operation("PUT /v1/products/{handle}")
def _put_product(things: Things) -> Call:
    handle = f"t-{uuid.uuid4().hex}"
    price = {"amount_minor": 100, "currency": "USD"}
    body = {"title": "Tea", "variants": [{"sku": handle, "price": price}]}
    headers = things.api.merchant | {"if-none-match": "*"}
    return Call(method="PUT", path=f"/v1/products/{handle}", headers=headers, json=body, status=200)


@operation("PUT /v1/products/{handle}/prices")
def _put_prices(things: Things) -> Call:
    price = {"amount_minor": 1234, "currency": "USD"}
    path = f"/v1/products/{things.ids['handle']}/prices"
    body = {"items": [{"sku": things.ids["sku"], "price": price}]}
    return Call(method="PUT", path=path, headers=things.api.merchant, json=body, status=200)


@operation("POST /v1/orders/quotes")
def _quote(things: Things) -> Call:
    body = {"cart_id": things.filled_cart()}
    return Call(method="POST", path="/v1/orders/quotes", headers=things.api.shopper, json=body, status=200)


@operation("POST /v1/orders")
def _order(things: Things) -> Call:
    return Call(
        method="POST",
        path="/v1/orders",
        headers=things.api.shopper,
        json=things.order_body(VISA, PAYPAL),
        status=201,
        same=("order_id", "confirmed", "total", "placed_at"),
    )


@operation("POST /v1/orders/{order_id}/instruments")
def _choose(things: Things) -> Call:
    """An order that waits for its shopper's approval, and then for the approval of the other choice."""
    asks = {"provider": "stripe", "token": "pm_card_threeDSecure2Required"}
    order = things.ask("POST", "/v1/orders", things.api.shopper, things.order_body(asks))
    assert order["state"] == "action_required", order
    return Call(
        method="POST",
        path=f"/v1/orders/{order['order_id']}/instruments",
        headers=things.api.shopper,
        json={"instruments": [asks]},
        status=202,
        same=("order_id", "state", "action_url", "version"),
    )


def _on_captured(action: str) -> None:
    def make(things: Things) -> Call:
        order_id = things.captured_order()
        return Call(
            method="POST",
            path=f"/v1/orders/{order_id}/{action}",
            headers=things.api.merchant,
            status=200,
            same=("order_id", "state", "reason"),
        )

    TABLE[f"POST /v1/orders/{{order_id}}/{action}"] = make


for _action in ("cancel", "refund", "fulfil"):
    _on_captured(_action)


def changing() -> dict[str, dict[str, Any]]:
    """Every operation of the description that may change something."""
    return {
        f"{method.upper()} {path}": described
        for path, operations in DOCUMENT["paths"].items()
        for method, described in operations.items()
        if method in ("post", "put", "delete", "patch")
    }


def takes_key(described: dict[str, Any]) -> bool:
    names = (parameter["name"].lower() for parameter in described.get("parameters", ()))
    return idempotency.HEADER in names


def test_every_operation_that_changes_something_can_be_repeated() -> None:
    unsafe = [
        name
        for name, described in changing().items()
        if not name.startswith(("PUT ", "DELETE ")) and not takes_key(described) and name not in BY_DESIGN
    ]
    assert unsafe == [], "take an Idempotency-Key, or say in BY_DESIGN why a repetition does no harm"


def test_the_table_names_every_operation_that_changes_something() -> None:
    assert sorted(TABLE) == sorted(changing()), "say in the table how the operation is repeated"
    assert set(BY_DESIGN) <= set(changing())


@pytest.mark.parametrize("name", sorted(changing()))
def test_the_same_request_twice_gets_the_same_answer(
    name: str, api: Api, things: Things, http_session: requests.Session
) -> None:
    request = TABLE[name](things)
    key = {idempotency.HEADER: uuid.uuid4().hex} if takes_key(changing()[name]) else {}
    answers = [
        http_session.request(
            request.method,
            api.url + request.path,
            headers=request.headers | key,
            json=request.json,
            data=request.data,
            timeout=30,
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [request.status] * 2, answers[-1].text
    if request.same is None:
        assert answers[0].text == answers[1].text
    else:
        first, again = ({field: answer.json()[field] for field in request.same} for answer in answers)
        assert first == again
