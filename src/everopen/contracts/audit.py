"""The audit trail: what the merchant's side has changed, who, when and why."""

from datetime import datetime
from typing import Any

from everopen.contracts.base import Page, Reply


class AuditEntry(Reply, frozen=True, kw_only=True):
    """One change. It is written in the transaction that made the change, and never changed itself.

    Attributes:
        service: whose thing was changed.
        actor: the subject of the session, `merchant`, or `operator` for the command line's own repairs.
        action: what was done, such as `order.refund`.
        entity: of what: an order's id, a SKU, a product's handle.
        before: the fields that changed, as they were; empty for something new.
        after: the same fields, as they are since.
    """

    audit_id: str
    service: str
    at: datetime
    actor: str
    action: str
    entity: str
    reason: str = ""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    request_id: str = ""


class AuditPage(Page, frozen=True, kw_only=True):
    items: tuple[AuditEntry, ...]
