"""The match: orders and stock in the database against the payments that providers report.

Every difference has a kind, an explanation and a repair. Streams that are sorted by order id are walked
along together, so that millions of orders need no more memory than a few. `facts.Case` is where a
further side joins.
"""

from everopen.continuity.match.books import PostgresBooks, open_books
from everopen.continuity.match.compare import Comparison, OpenBooks, Scope, Watcher
from everopen.continuity.match.difference import ACTIONS, KINDS, Action, Difference, Kind, Repair
from everopen.continuity.match.facts import PaymentFacts, PaymentStatus, Provider
from everopen.continuity.match.repairing import Outcome, Repaired, Repairer, repair_and_compare
from everopen.continuity.match.report import Report, Verdict
from everopen.continuity.match.rules.standpoint import Ages

__all__ = [
    "ACTIONS",
    "KINDS",
    "Action",
    "Ages",
    "Comparison",
    "Difference",
    "Kind",
    "OpenBooks",
    "Outcome",
    "PaymentFacts",
    "PaymentStatus",
    "PostgresBooks",
    "Provider",
    "Repair",
    "Repaired",
    "Repairer",
    "Report",
    "Scope",
    "Verdict",
    "Watcher",
    "open_books",
    "repair_and_compare",
]
