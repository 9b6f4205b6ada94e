"""PostgreSQL as services see it: whoever leads the cell, transactions with a durability, honest outcomes."""

from everopen.kit.database.cluster import Cluster, Member
from everopen.kit.database.database import Connection, Database, Durability

__all__ = ["Cluster", "Connection", "Database", "Durability", "Member"]
