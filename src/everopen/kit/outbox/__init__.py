"""The outbox: what a transaction owes the outside world, done at least once after its commit.

A task is written in the transaction that makes it due. A worker claims it in a synchronous commit of
its own before it acts: write-ahead log keeps its order, so the claim's commit proves that the copies
have the transaction that wrote the task (the barrier of design section 6).
"""

from everopen.kit.outbox.tasks import Task, enqueue
from everopen.kit.outbox.worker import Again, OutboxWorker

__all__ = ["Again", "OutboxWorker", "Task", "enqueue"]
