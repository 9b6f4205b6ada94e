"""Who changed what, when and why: rows that only grow, written in the transaction of the change.

Each service that the merchant's side can change has a table `audit` in its own schema, of which its role
may only read and add to. Its migration holds the table (see any `…_audit.sql`); a test compares them.
"""

from everopen.kit.audit.http import audit_router
from everopen.kit.audit.trail import OPERATOR, Entry, known_key, read, record, record_all, trail_key

__all__ = ["OPERATOR", "Entry", "audit_router", "known_key", "read", "record", "record_all", "trail_key"]
