"""What all providers have in common: a call that came in, the answer to it, and who answers."""

import sqlite3
from typing import Protocol

import msgspec

from everopen.sandbox.faults.board import Conditions


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What of an HTTP request the providers look at.

    Attributes:
        path: without the provider's prefix, `/v1/payment_intents`.
        headers: names in lower case.
        base_url: where the caller, or a browser, reaches the sandbox.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    base_url: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a known account. It can be stored, and carried out later as if it came then.

    Attributes:
        operation: `authorize`, `capture`, `void`, `refund`, `lookup` or `tokenize`.
        idempotency_key: empty for none.
        fingerprint: of all that must be the same when the key is used again.
        publishable: made with the key of the pages rather than that of the servers.
    """

    provider: str
    account: str
    operation: str
    method: str
    path: str
    query: str
    body: bytes
    idempotency_key: str
    fingerprint: str
    base_url: str
    request_id: str
    publishable: bool = False
    version: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider answers.

    Attributes:
        saved: whether it is kept under the idempotency key, to be given again.
    """

    status: int
    body: bytes
    headers: dict[str, str] = {}
    saved: bool = True
    content_type: str = "application/json"


class Refused(Exception):
    """The call changes nothing; whatever was written for it is undone. Carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Provider(Protocol):
    """A simulated provider. None of its methods awaits."""

    name: str
    #: whether an internal error (500) is kept under the idempotency key and given again
    keeps_server_errors: bool

    def accept(self, head: Head, body: bytes) -> Call | Answer:
        """Authenticate and classify; an answer means that it was turned away."""

    def look_up(self, db: sqlite3.Connection, call: Call) -> Answer:
        """Answer a call that changes nothing."""

    def change(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> Answer:
        """Do the work, in the caller's transaction.

        Raises:
            Refused: it cannot be done; the transaction is rolled back.
        """

    def key_in_use(self, call: Call) -> Answer:
        """Another call with this idempotency key is being worked on."""

    def key_reused(self, call: Call, first_path: str) -> Answer:
        """The idempotency key was first used for something else."""

    def replayed(self, call: Call, answer: Answer) -> Answer:
        """A saved answer, marked as one that is given again."""

    def server_error(self, call: Call, status: int) -> Answer:
        """The answer of a broken provider: 500 or 503."""
