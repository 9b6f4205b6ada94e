"""Bringing a cell's database up to date: roles, schemas, tables of every service that owns some."""

from collections.abc import Mapping

import asyncpg

from everopen.core.errors import Unavailable
from everopen.kit import migrations

SERVICES_WITH_SCHEMA = (
    "catalog",
    "cart",
    "identity",
    "orders",
    "inventory",
    "payments",
    "notifications",
    "insights",
)
# Reads everything, changes nothing: the three-way match and the checkers of drills look with it.
AUDITOR = "auditor"


async def migrate(cell: str, dsn: str, role_passwords: Mapping[str, str]) -> list[str]:
    """Create or update what the services need in a cell's database. Safe to repeat.

    Args:
        cell: its name, for what is said if it fails.
        dsn: a superuser's, to the cell's database on its leader.
        role_passwords: for each service with a schema, and for the auditor.

    Returns:
        The migrations that were applied, as `orders/0001_initial.sql`.

    Raises:
        Unavailable: the leader does not answer, or a statement failed.
        ConfigurationError: a migration was changed after it was applied, or the database is newer.
    """
    schemas = [
        migrations.ServiceSchema(
            service, role_passwords[service], migrations.read_migrations(f"everopen.services.{service}")
        )
        for service in SERVICES_WITH_SCHEMA
    ]
    try:
        superuser = await asyncpg.connect(dsn, timeout=10.0)
        try:
            applied = await migrations.migrate(superuser, schemas)
            await _prepare_auditor(superuser, role_passwords[AUDITOR])
        finally:
            await superuser.close()
    except (OSError, asyncpg.PostgresError) as error:
        raise Unavailable(f"The schemas of cell {cell} cannot be brought up to date: {error}") from error
    return applied


async def _prepare_auditor(superuser: asyncpg.Connection, password: str) -> None:
    if not await superuser.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", AUDITOR):
        await superuser.execute(f"CREATE ROLE {AUDITOR} LOGIN NOSUPERUSER")
    literal = await superuser.fetchval("SELECT quote_literal($1::text)", password)
    await superuser.execute(
        f"ALTER ROLE {AUDITOR} PASSWORD {literal}; GRANT pg_read_all_data TO {AUDITOR};"
        f"ALTER ROLE {AUDITOR} SET default_transaction_read_only = on"
    )
