"""One call's work: stores what a transition changed, enters it in the ledger, tells it by webhook."""

import sqlite3
import time
from typing import Any

import msgspec

from everopen.sandbox.faults.board import CALM, Conditions
from everopen.sandbox.ledger import book
from everopen.sandbox.paypal import store
from everopen.sandbox.paypal.amounts import show_amount
from everopen.sandbox.paypal.errors import missing, unprocessable
from everopen.sandbox.paypal.records import UNPAID_S, Order
from everopen.sandbox.paypal.transitions import Change, authorize, instrument, ledger_status
from everopen.sandbox.paypal.views import (
    link,
    moment,
    show_authorization,
    show_capture,
    show_order,
    show_refund,
)
from everopen.sandbox.tokens import random_token
from everopen.sandbox.webhooks import queue

# developer.paypal.com/docs/transaction-search/transaction-event-codes
_EVENT_CODES = {
    "authorize": "T1300",
    "void": "T1302",
    "expire": "T1302",
    "capture": "T0006",
    "refund": "T1107",
}
_VERSIONS = {"checkout-order": "2.0", "authorization": "2.0", "capture": "2.0", "refund": "2.0"}


class Session:
    """What one call needs.

    Args:
        account: owns all that is read or written.
        base_url: where the caller, or a browser, reaches the sandbox.
        key: the PayPal-Request-Id, for the ledger.
        conditions: the faults that the provider has to know of.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        account: str,
        base_url: str,
        key: str = "",
        conditions: Conditions = CALM,
    ) -> None:
        self.db = db
        self.account = account
        self.base_url = base_url
        self.key = key
        self.conditions = conditions
        self.now_s = time.time()

    def order(self, id_: str) -> Order:
        """Raises PaypalError (404) if this account has no such order, or it was not approved in time."""
        found = store.read_order(self.db, id_, self.account)
        if found is None:
            raise missing()
        if found.authorization is None and self.now_s - found.create_time > UNPAID_S:
            raise missing()
        return found

    def order_of(self, kind: str, id_: str) -> Order:
        """Raises PaypalError (404) if this account has no such authorization, capture or refund."""
        found = store.order_of(self.db, self.account, kind, id_)
        if found is None:
            raise missing()
        return found

    def hold(self, order: Order) -> Order:
        """Hold the money for an order.

        Raises:
            PaypalError: declined, or the invoice id was used for another payment.
        """
        if instrument(order).declined or self.conditions.declining:
            raise unprocessable("INSTRUMENT_DECLINED")
        taken = not order.invoice_id or store.take_invoice(self.db, self.account, order.invoice_id, order.id)
        if not taken:
            raise unprocessable("DUPLICATE_INVOICE_ID")
        return self.apply(authorize(order, self.now_s))

    def apply(self, change: Change) -> Order:
        """Store a transition and all that follows from it; returns the order after it."""
        order = change.order
        store.write_order(self.db, order)
        self.enter(order, change.movement)
        if change.movement is not None:
            self._report(change)
        if change.event:
            self._tell(change)
        return order

    def enter(self, order: Order, movement: tuple[book.Kind, int] | None = None) -> None:
        """Write the order's present state into the ledger."""
        held = order.authorization
        let_go = held is not None and held.status in {"VOIDED", "EXPIRED", "CAPTURED"}
        entry = book.Entry(
            provider="paypal",
            account=order.account,
            reference=order.id,
            order_id="" if order.reference_id == "default" else order.reference_id,
            metadata={"custom_id": order.custom_id, "invoice_id": order.invoice_id},
            currency=order.currency,
            status=ledger_status(order),
            amount_minor=order.amount_minor,
            authorized_minor=0 if held is None else order.amount_minor,
            captured_minor=order.captured_minor,
            voided_minor=order.amount_minor - order.captured_minor if let_go else 0,
            refunded_minor=order.refunded_minor,
            created_at=self.now_s,
            updated_at=self.now_s,
            idempotency_key=order.key,
        )
        movements: tuple[book.Movement, ...] = ()
        if movement is not None:
            kind, amount_minor = movement
            movements = (
                book.Movement(kind=kind, amount_minor=amount_minor, at=self.now_s, idempotency_key=self.key),
            )
        book.record(self.db, entry, movements)

    def _report(self, change: Change) -> None:
        """What Transaction Search will list, once it has caught up."""
        order = change.order
        if change.movement is None or order.authorization is None:
            return
        kind, amount_minor = change.movement
        id_, parent, parent_type = change.resource_id, order.id, "ODR"
        sign = ""
        if kind == "capture":
            parent, parent_type = order.authorization.id, "TXN"
        elif kind in {"void", "expire"}:
            id_, parent, parent_type = random_token("", 17).upper(), order.authorization.id, "TXN"
        elif kind == "refund":
            parent, parent_type, sign = order.refund(id_).capture_id, "TXN", "-"
        amount = show_amount(amount_minor, order.currency)
        info: dict[str, Any] = {
            "transaction_id": id_,
            "paypal_reference_id": parent,
            "paypal_reference_id_type": parent_type,
            "transaction_event_code": _EVENT_CODES[kind],
            "transaction_initiation_date": moment(self.now_s),
            "transaction_updated_date": moment(self.now_s),
            "transaction_amount": amount | {"value": sign + amount["value"]},
            "transaction_status": "S",
            "protection_eligibility": "01",
        }
        if order.invoice_id:
            info["invoice_id"] = order.invoice_id
        if order.custom_id:
            info["custom_field"] = order.custom_id[:127]
        store.write_transaction(
            self.db,
            self.account,
            id_,
            self.now_s,
            msgspec.json.encode({"transaction_info": info}),
            affects_balance=kind in {"capture", "refund"},
        )

    def _tell(self, change: Change) -> None:
        order, type_ = change.order, change.event
        if type_.startswith("CHECKOUT"):
            kind, resource = "checkout-order", show_order(order, self.base_url, whole=True)
        elif type_ == "PAYMENT.CAPTURE.COMPLETED":
            kind = "capture"
            resource = show_capture(order, order.capture(change.resource_id), self.base_url)
        elif type_ == "PAYMENT.CAPTURE.REFUNDED":
            kind, resource = "refund", show_refund(order, order.refund(change.resource_id), self.base_url)
        else:
            kind, resource = "authorization", show_authorization(order, self.base_url)
        id_ = f"WH-{random_token('', 17).upper()}-{random_token('', 17).upper()}"
        event = {
            "id": id_,
            "event_version": "1.0",
            "create_time": moment(self.now_s),
            "resource_type": kind,
            "resource_version": _VERSIONS[kind],
            "event_type": type_,
            "summary": type_.replace(".", " ").lower(),
            "resource": resource,
            "links": [link(self.base_url, f"/v1/notifications/webhooks-events/{id_}", "self")],
        }
        queue.enqueue(
            self.db,
            provider="paypal",
            account=self.account,
            event=id_,
            body=msgspec.json.encode(event),
            now_s=self.now_s,
            conditions=self.conditions,
        )
