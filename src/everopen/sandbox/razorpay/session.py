"""One call's view of the account: finds entities, stores what a transition changed, and tells of it."""

import sqlite3
import time

import msgspec

from everopen.sandbox.faults.board import CALM, Conditions
from everopen.sandbox.ledger import book
from everopen.sandbox.razorpay import cards, store
from everopen.sandbox.razorpay.cards import TestCard
from everopen.sandbox.razorpay.errors import missing
from everopen.sandbox.razorpay.objects import Customer, Order, Payment, Token
from everopen.sandbox.razorpay.requests import read_notes
from everopen.sandbox.razorpay.transitions import Change
from everopen.sandbox.tokens import random_token
from everopen.sandbox.webhooks import queue

_LIFE_S = 5 * 365 * 24 * 3600
_MADE = 1_700_000_000  # when the test shopper, who was always there, was made


class Session:
    """What one call needs.

    Args:
        account: owns all that is read or written.
        conditions: the faults that the provider has to know of.
    """

    def __init__(self, db: sqlite3.Connection, account: str, conditions: Conditions = CALM) -> None:
        self.db = db
        self.account = account
        self.conditions = conditions
        self.now_s = time.time()
        self.now = int(self.now_s)

    def order(self, id_: str) -> Order:
        """Raises RazorpayError if this account has no such order."""
        found = store.read(self.db, self.account, id_, Order)
        if found is None:
            raise missing()
        return found

    def payment(self, id_: str) -> Payment:
        """Raises RazorpayError if this account has no such payment."""
        found = store.read(self.db, self.account, id_, Payment)
        if found is None:
            raise missing()
        return found

    def payments_of(self, order_id: str) -> list[Payment]:
        """All payments of an order, newest first."""
        return [msgspec.json.decode(b, type=Payment) for b in store.payments_of(self.db, order_id)]

    def customer(self, id_: str) -> Customer:
        """Raises RazorpayError if this account has no such customer."""
        if id_ == cards.TEST_CUSTOMER:
            return Customer(
                id=id_,
                name="Test Shopper",
                email="test.shopper@example.com",
                contact="+919000090000",
                created_at=_MADE,
            )
        found = store.read(self.db, self.account, id_, Customer)
        if found is None:
            raise missing()
        return found

    def token(self, customer_id: str, id_: str) -> tuple[Token, TestCard]:
        """A customer's token and its card.

        Raises:
            RazorpayError: this customer has no such token.
        """
        self.customer(customer_id)
        if customer_id == cards.TEST_CUSTOMER and id_ in cards.TEST_TOKENS:
            card = cards.BY_NAME[cards.TEST_TOKENS[id_]]
            return new_token(card, _MADE, id_), card
        found = store.read(self.db, self.account, id_, Token, parent=customer_id)
        kept = store.read_private(self.db, id_)
        if found is None or kept is None:
            raise missing()
        return found, cards.BY_NAME[kept[1].card]

    def tokens(self, customer_id: str) -> list[Token]:
        """All tokens of a customer; raises RazorpayError if there is no such customer."""
        self.customer(customer_id)
        if customer_id == cards.TEST_CUSTOMER:
            return [self.token(customer_id, id_)[0] for id_ in cards.TEST_TOKENS]
        rows = self.db.execute(
            "SELECT body FROM razorpay_entity WHERE parent=? AND entity='token' AND account=? ORDER BY seq",
            (customer_id, self.account),
        )
        return [msgspec.json.decode(row[0], type=Token) for row in rows]

    def apply(self, change: Change) -> None:
        """Store a transition, its webhooks and its movements."""
        store.update(self.db, change.payment)
        store.update(self.db, change.order)
        if change.refund is not None:
            store.insert(
                self.db,
                self.account,
                change.refund,
                parent=change.payment.id,
                receipt=change.refund.receipt,
            )
        self.record(change.payment, change.order, change.movements)
        for event in change.events:
            self._tell(event, change)

    def record(
        self, payment: Payment, order: Order, movements: tuple[tuple[book.Kind, int], ...] = ()
    ) -> None:
        """Enter a payment's present state into the ledger."""
        book.record(
            self.db,
            ledger_entry(payment, order, self.account, self.now_s),
            tuple(
                book.Movement(
                    kind=kind, amount_minor=amount, at=self.now_s, idempotency_key=order.receipt or ""
                )
                for kind, amount in movements
            ),
        )

    def _tell(self, event: str, change: Change) -> None:
        payload = {"payment": {"entity": change.payment}}
        if event.startswith("order."):
            payload["order"] = {"entity": change.order}  # type: ignore[dict-item]
        if event.startswith("refund.") and change.refund is not None:
            payload["refund"] = {"entity": change.refund}  # type: ignore[dict-item]
        body = {
            "entity": "event",
            "account_id": "acc_" + self.account.removeprefix("acct_")[:14],
            "event": event,
            "contains": list(payload),
            "payload": payload,
            "created_at": self.now,
        }
        queue.enqueue(
            self.db,
            provider="razorpay",
            account=self.account,
            event=random_token("", 14),
            body=msgspec.json.encode(body),
            now_s=self.now_s,
            conditions=self.conditions,
        )


def new_token(card: TestCard, now: int, id_: str) -> Token:
    """A token of a test card; its number is not kept."""
    return Token(
        id=id_,
        token=id_.removeprefix("token_"),
        card={
            "entity": "card",
            "name": "Test Shopper",
            "last4": card.number[-4:],
            "network": card.network,
            "type": "credit",
            "issuer": "TEST",
            "international": False,
            "emi": False,
            "sub_type": "consumer",
            "expiry_month": 12,
            "expiry_year": 2034,
            "flows": {"otp": True, "recurring": card.recurring},
        },
        recurring=card.recurring,
        recurring_details={
            "status": "confirmed" if card.recurring else "not_applicable",
            "failure_reason": None,
        },
        used_at=now,
        created_at=now,
        expired_at=now + _LIFE_S,
    )


def ledger_entry(payment: Payment, order: Order, account: str, now_s: float) -> book.Entry:
    """What the book says of a payment: pure. Its idempotency key is its order's receipt."""
    notes = read_notes(payment.notes)
    approved = payment.status in ("authorized", "captured", "refunded")
    lapsed = payment.status == "refunded" and not payment.captured
    return book.Entry(
        provider="razorpay",
        account=account,
        reference=payment.id,
        order_id=notes.get("order_id", ""),
        metadata=notes,
        currency=payment.currency,
        status="expired" if lapsed else _STATUSES[payment.status],
        amount_minor=payment.amount,
        authorized_minor=payment.amount if approved else 0,
        captured_minor=payment.amount if payment.captured else 0,
        voided_minor=payment.amount if lapsed else 0,
        refunded_minor=payment.amount_refunded if payment.captured else 0,
        created_at=now_s,
        updated_at=now_s,
        idempotency_key=order.receipt or "",
    )


_STATUSES: dict[str, book.Status] = {
    "created": "action_required",
    "authorized": "authorized",
    "captured": "captured",
    "refunded": "refunded",
    "failed": "declined",
}
