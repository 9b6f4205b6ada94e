"""How orders, authorizations, captures and refunds are said: pure, as the API's reference has them."""

from datetime import UTC, datetime
from typing import Any

from everopen.sandbox.paypal.amounts import show_amount
from everopen.sandbox.paypal.records import VALID_S, Authorization, Capture, Order, Refund

_PAYER = {"email_address": "shopper@personal.example", "account_id": "QYR5Z8XDVJNXQ"}
_NAME = {"given_name": "Sandy", "surname": "Shopper"}


def moment(seconds: float) -> str:
    """Internet date and time (RFC 3339), in seconds, as PayPal writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def link(base_url: str, path: str, rel: str, method: str = "GET") -> dict[str, str]:
    """A HATEOAS link of the API."""
    return {"href": f"{base_url}/paypal{path}", "rel": rel, "method": method}


def payer_action(order: Order, base_url: str) -> dict[str, str]:
    """Where the payer is sent."""
    href = f"{base_url}/challenge/paypal/{order.id}/{order.secret}"
    return {"href": href, "rel": "payer-action" if order.source else "approve", "method": "GET"}


def show_order(order: Order, base_url: str, *, whole: bool) -> dict[str, Any]:
    """An order; `whole`: with everything in it, as for `Prefer: return=representation`."""
    shown: dict[str, Any] = {"id": order.id, "status": order.status}
    if order.source:
        shown["payment_source"] = {"paypal": _PAYER | {"account_status": "VERIFIED", "name": _NAME}}
    if whole:
        unit: dict[str, Any] = {
            "reference_id": order.reference_id,
            "amount": show_amount(order.amount_minor, order.currency),
            "payee": {"email_address": "shop@business.example", "merchant_id": order.account[-13:].upper()},
        }
        for name in ("custom_id", "invoice_id", "description"):
            if value := getattr(order, name):
                unit[name] = value
        shown |= {"intent": "AUTHORIZE", "create_time": moment(order.create_time)}
        shown["update_time"] = moment(order.update_time)
    else:
        unit = {"reference_id": order.reference_id}
    if order.authorization is not None:
        payments: dict[str, Any] = {"authorizations": [show_authorization(order, base_url)]}
        if order.captures:
            payments["captures"] = [show_capture(order, item, base_url) for item in order.captures]
        if order.refunds:
            payments["refunds"] = [show_refund(order, item, base_url) for item in order.refunds]
        unit["payments"] = payments
    if whole or order.authorization is not None:
        shown["purchase_units"] = [unit]
    shown["links"] = _order_links(order, base_url)
    return shown


def _order_links(order: Order, base_url: str) -> list[dict[str, str]]:
    path = f"/v2/checkout/orders/{order.id}"
    links = [link(base_url, path, "self")]
    if order.status in {"CREATED", "PAYER_ACTION_REQUIRED"}:
        links.append(payer_action(order, base_url))
    if order.status == "APPROVED":
        links.append(link(base_url, f"{path}/authorize", "authorize", "POST"))
    return links


def show_authorization(order: Order, base_url: str, *, whole: bool = True) -> dict[str, Any]:
    """The order's authorization."""
    held = order.authorization
    if held is None:
        raise RuntimeError(f"order {order.id} has no authorization")
    path = f"/v2/payments/authorizations/{held.id}"
    links = [link(base_url, path, "self")]
    if held.status in {"CREATED", "PARTIALLY_CAPTURED"}:
        links += [
            link(base_url, f"{path}/capture", "capture", "POST"),
            link(base_url, f"{path}/void", "void", "POST"),
            link(base_url, f"{path}/reauthorize", "reauthorize", "POST"),
        ]
    links.append(link(base_url, f"/v2/checkout/orders/{order.id}", "up"))
    if not whole:
        return {"id": held.id, "status": held.status, "links": links}
    return _payment(order, held, held.status, order.amount_minor, links) | {
        "expiration_time": moment(held.create_time + VALID_S),
        "update_time": moment(held.update_time),
        "custom_id": order.custom_id,
        "invoice_id": order.invoice_id,
    }


def show_capture(order: Order, item: Capture, base_url: str, *, whole: bool = True) -> dict[str, Any]:
    """A capture; its status follows what was refunded of it."""
    path = f"/v2/payments/captures/{item.id}"
    links = [
        link(base_url, path, "self"),
        link(base_url, f"{path}/refund", "refund", "POST"),
        link(base_url, f"/v2/payments/authorizations/{_held_id(order)}", "up"),
    ]
    left = order.refundable_minor(item.id)
    status = "COMPLETED" if left == item.amount_minor else "PARTIALLY_REFUNDED" if left else "REFUNDED"
    if not whole:
        return {"id": item.id, "status": status, "links": links}
    fee = item.amount_minor // 50
    return _payment(order, item, status, item.amount_minor, links) | {
        "final_capture": item.final,
        "seller_receivable_breakdown": {
            "gross_amount": show_amount(item.amount_minor, order.currency),
            "paypal_fee": show_amount(fee, order.currency),
            "net_amount": show_amount(item.amount_minor - fee, order.currency),
        },
        "update_time": moment(order.update_time),
        "custom_id": order.custom_id,
        "invoice_id": item.invoice_id or order.invoice_id,
    }


def show_refund(order: Order, item: Refund, base_url: str, *, whole: bool = True) -> dict[str, Any]:
    """A refund, which is done at once here."""
    links = [
        link(base_url, f"/v2/payments/refunds/{item.id}", "self"),
        link(base_url, f"/v2/payments/captures/{item.capture_id}", "up"),
    ]
    shown: dict[str, Any] = {"id": item.id, "status": "COMPLETED", "links": links}
    if not whole:
        return shown
    shown |= {
        "amount": show_amount(item.amount_minor, order.currency),
        "create_time": moment(item.create_time),
        "update_time": moment(item.create_time),
    }
    for name, value in (
        ("custom_id", item.custom_id),
        ("invoice_id", item.invoice_id),
        ("note_to_payer", item.note),
    ):
        if value:
            shown[name] = value
    return shown


def _held_id(order: Order) -> str:
    return "" if order.authorization is None else order.authorization.id


def _payment(
    order: Order, item: Authorization | Capture, status: str, amount_minor: int, links: list[dict[str, str]]
) -> dict[str, Any]:
    related = {"order_id": order.id}
    if isinstance(item, Capture):
        related["authorization_id"] = _held_id(order)
    return {
        "id": item.id,
        "status": status,
        "amount": show_amount(amount_minor, order.currency),
        "seller_protection": {
            "status": "ELIGIBLE",
            "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"],
        },
        "supplementary_data": {"related_ids": related},
        "create_time": moment(item.create_time),
        "links": links,
    }
