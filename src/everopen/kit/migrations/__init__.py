"""Schema migrations: numbered SQL files per service, each applied once, in order, in a transaction."""

from everopen.kit.migrations.files import Migration, read_migrations
from everopen.kit.migrations.runner import ServiceSchema, migrate

__all__ = ["Migration", "ServiceSchema", "migrate", "read_migrations"]
