"""One call's view of the account: finds objects and stores what a transition changed."""

import sqlite3
import time

import msgspec

from everopen.sandbox.exchange.calls import Call
from everopen.sandbox.faults.board import CALM, Conditions
from everopen.sandbox.ledger import book
from everopen.sandbox.stripe import store
from everopen.sandbox.stripe.cards import BY_NAME, TestCard
from everopen.sandbox.stripe.errors import missing
from everopen.sandbox.stripe.intents import Change
from everopen.sandbox.stripe.objects import (
    API_VERSION,
    ApiObject,
    Charge,
    Event,
    PaymentIntent,
    PaymentMethod,
)
from everopen.sandbox.tokens import random_token
from everopen.sandbox.webhooks import queue

# The events that an endpoint of a shop subscribes to; every event can be read at /v1/events.
WEBHOOK_EVENTS = frozenset(
    {
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.canceled",
        "charge.captured",
        "charge.expired",
        "charge.refunded",
    }
)


class Session:
    """What one call needs.

    Args:
        call: the call, whose account owns all that is read or written.
        conditions: the faults that the provider has to know of.
    """

    def __init__(self, db: sqlite3.Connection, call: Call, conditions: Conditions = CALM) -> None:
        self.db = db
        self.call = call
        self.account = call.account
        self.conditions = conditions
        self.now_s = time.time()
        self.now = int(self.now_s)

    def intent(self, id_: str) -> PaymentIntent:
        """Raises StripeError (`resource_missing`) if this account has no such intent."""
        found = store.read(self.db, self.account, "payment_intent", id_, PaymentIntent)
        if found is None:
            raise missing("payment_intent", id_, param="intent")
        return found

    def charge(self, id_: str) -> Charge:
        """Raises StripeError (`resource_missing`) if this account has no such charge."""
        found = store.read(self.db, self.account, "charge", id_, Charge)
        if found is None:
            raise missing("charge", id_, param="charge")
        return found

    def charge_of(self, intent: PaymentIntent) -> Charge | None:
        """The latest charge, if the intent has one."""
        return None if intent.latest_charge is None else self.charge(intent.latest_charge)

    def method(self, id_: str, param: str = "payment_method") -> tuple[PaymentMethod, TestCard]:
        """A PaymentMethod and its card; the well-known `pm_card_…` names make a new one, as at Stripe.

        Raises:
            StripeError: `resource_missing`: another account's, another provider's, or nobody's.
        """
        card = BY_NAME.get(id_.removeprefix("pm_card_")) if id_.startswith("pm_card_") else None
        if card is not None:
            return self.new_method(card), card
        found = store.read(self.db, self.account, "payment_method", id_, PaymentMethod)
        label = store.read_label(self.db, id_)
        if found is None or label is None:
            raise missing("PaymentMethod", id_, param=param, status=400)
        return found, BY_NAME[label]

    def new_method(
        self,
        card: TestCard,
        *,
        billing_details: dict[str, str | None] | None = None,
        metadata: dict[str, str] | None = None,
        expires: tuple[int, int] = (12, 2034),
    ) -> PaymentMethod:
        """Make a PaymentMethod of a test card; its number is not kept."""
        made = PaymentMethod(
            id=random_token("pm_1"),
            card={
                "brand": card.brand,
                "checks": {
                    "address_line1_check": None,
                    "address_postal_code_check": None,
                    "cvc_check": "pass",
                },
                "country": card.country,
                "display_brand": card.brand,
                "exp_month": expires[0],
                "exp_year": expires[1],
                "fingerprint": f"sandbox{card.name[:9]:x<9}",
                "funding": card.funding,
                "last4": card.number[-4:],
                "networks": {"available": [card.brand], "preferred": None},
                "three_d_secure_usage": {"supported": True},
            },
            created=self.now,
            metadata=metadata or {},
        )
        if billing_details:
            made = msgspec.structs.replace(made, billing_details=made.billing_details | billing_details)
        store.insert(self.db, self.account, made, label=card.name)
        return made

    def create(self, intent: PaymentIntent) -> None:
        """Store a new intent and tell of it; the ledger has it by what follows: `apply` or `enter`."""
        store.insert(self.db, self.account, intent, label=intent.metadata.get("order_id", "") or None)
        self._tell("payment_intent.created", intent)

    def enter(self, intent: PaymentIntent) -> None:
        """Enter a new intent into the ledger though nothing was tried yet."""
        self._record(intent, None, ())

    def apply(self, change: Change) -> bytes:
        """Store a transition's objects, events, webhooks and movements; returns the intent's JSON."""
        body = store.update(self.db, change.intent)
        charge = change.charge
        if charge is not None and change.new_charge:
            store.insert(self.db, self.account, charge, payment_intent=change.intent.id)
        elif charge is not None:
            store.update(self.db, charge)
        if change.refund is not None:
            store.insert(
                self.db,
                self.account,
                change.refund,
                payment_intent=change.intent.id,
                charge=change.refund.charge,
            )
        for type_, item in change.events:
            self._tell(type_, item)
        self._record(change.intent, charge, change.movements)
        return body

    def change_details(self, intent: PaymentIntent) -> bytes:
        """Store an intent of which only details changed."""
        body = store.update(self.db, intent)
        self._record(intent, self.charge_of(intent), ())
        return body

    def _tell(self, type_: str, item: ApiObject) -> None:
        event = Event(
            id=random_token("evt_3"),
            created=self.now,
            data={"object": item},
            pending_webhooks=1 if type_ in WEBHOOK_EVENTS else 0,
            request={"id": self.call.request_id, "idempotency_key": self.call.idempotency_key or None},
            type=type_,
            api_version=API_VERSION,
        )
        body = store.insert(self.db, self.account, event, label=type_)
        if type_ in WEBHOOK_EVENTS:
            queue.enqueue(
                self.db,
                provider="stripe",
                account=self.account,
                event=event.id,
                body=body,
                now_s=self.now_s,
                conditions=self.conditions,
            )

    def _record(
        self,
        intent: PaymentIntent,
        charge: Charge | None,
        movements: tuple[tuple[book.Kind, int], ...],
    ) -> None:
        key = self.call.idempotency_key
        book.record(
            self.db,
            ledger_entry(intent, charge, self.account, key, self.now_s),
            tuple(
                book.Movement(kind=kind, amount_minor=amount, at=self.now_s, idempotency_key=key)
                for kind, amount in movements
            ),
        )


def ledger_entry(
    intent: PaymentIntent, charge: Charge | None, account: str, key: str, now_s: float
) -> book.Entry:
    """What the book says of an intent: pure."""
    paid = charge is not None and charge.paid
    held = intent.amount if paid else 0
    captured = intent.amount_received
    let_go = held - captured if intent.status in {"succeeded", "canceled"} else 0
    refunded = charge.amount_refunded - let_go if charge is not None and charge.captured else 0
    return book.Entry(
        provider="stripe",
        account=account,
        reference=intent.id,
        order_id=intent.metadata.get("order_id", ""),
        metadata=intent.metadata,
        currency=intent.currency.upper(),
        status=_ledger_status(intent, refunded),
        amount_minor=intent.amount,
        authorized_minor=held,
        captured_minor=captured,
        voided_minor=let_go,
        refunded_minor=refunded,
        created_at=now_s,
        updated_at=now_s,
        idempotency_key=key,
    )


def _ledger_status(intent: PaymentIntent, refunded: int) -> book.Status:
    if intent.status == "succeeded":
        return "refunded" if refunded and refunded == intent.amount_received else "captured"
    if intent.status == "canceled":
        return "expired" if intent.cancellation_reason == "expired" else "voided"
    if intent.status == "requires_payment_method" and intent.last_payment_error is not None:
        return "declined"
    by_status: dict[str, book.Status] = {
        "requires_action": "action_required",
        "requires_capture": "authorized",
    }
    return by_status.get(intent.status, "open")
