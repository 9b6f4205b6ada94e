"""What a provider does outside its API: the shopper's challenges, and holds that run out."""

import sqlite3
from typing import Protocol

import msgspec

from everopen.sandbox.faults.board import Conditions


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """An open question to the shopper.

    Attributes:
        amount: for a person to read, `19.99 USD`.
        order_id: the merchant's order; may be empty.
    """

    amount: str
    order_id: str


class Desk(Protocol):
    """None of its methods awaits."""

    def open_challenge(self, db: sqlite3.Connection, reference: str, secret: str) -> Challenge | None:
        """The question, or None if there is none under this address."""

    def answer_challenge(
        self, db: sqlite3.Connection, reference: str, secret: str, *, approved: bool, conditions: Conditions
    ) -> str | None:
        """Take the answer; returns where the shopper goes (empty: nowhere), or None if nothing is open."""

    def expire(self, db: sqlite3.Connection, account: str, reference: str, conditions: Conditions) -> bool:
        """The issuer lets a hold go; False if none is held."""
