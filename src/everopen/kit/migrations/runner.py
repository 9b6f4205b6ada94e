"""Applying migrations.

Each service has two roles: `<service>_owner`, which cannot sign in and owns the schema, and
`<service>`, which may only use the tables. A migration runs as the owner; it may take away more
(`REVOKE UPDATE, DELETE ON movements FROM inventory`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from everopen.core.errors import ConfigurationError
from everopen.kit.migrations.files import Migration

_LOCK = 7_361_001  # advisory lock: one migration run at a time per database


@dataclass(frozen=True, slots=True)
class ServiceSchema:
    """A service's part of the database; schema and role are named as the service."""

    service: str
    password: str
    migrations: Sequence[Migration]


async def migrate(connection: asyncpg.Connection, schemas: Sequence[ServiceSchema]) -> list[str]:
    """Bring the schemas up to date. Safe to repeat, and to run from two places at once.

    Args:
        connection: a superuser's, on the leader.

    Returns:
        What was applied, as `orders/0001_initial.sql`.

    Raises:
        ConfigurationError: an applied migration's file was changed, or is from a newer release.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute("SET synchronous_commit = local")
        await connection.execute(
            "CREATE SCHEMA IF NOT EXISTS platform;"
            "CREATE TABLE IF NOT EXISTS platform.migrations (service text, number integer,"
            " name text NOT NULL, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),"
            " PRIMARY KEY (service, number));"
            "REVOKE ALL ON SCHEMA public FROM PUBLIC"
        )
        applied: list[str] = []
        for schema in schemas:
            await _prepare(connection, schema)
            applied += await _apply(connection, schema)
        return applied
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _prepare(connection: asyncpg.Connection, schema: ServiceSchema) -> None:
    service = schema.service
    if not service.isidentifier():
        raise ConfigurationError(f"{service!r} is not a service's name")
    for role, attributes in ((f"{service}_owner", "NOLOGIN"), (service, "LOGIN")):
        known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        if not known:
            await connection.execute(f"CREATE ROLE {role} {attributes} NOSUPERUSER NOCREATEDB NOCREATEROLE")
    literal = await connection.fetchval("SELECT quote_literal($1::text)", schema.password)
    await connection.execute(
        f"""
        ALTER ROLE {service} PASSWORD {literal};
        ALTER ROLE {service} SET search_path = {service};
        CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {service}_owner;
        GRANT USAGE ON SCHEMA {service} TO {service};
        ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA {service}
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
        ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA {service}
            GRANT USAGE ON SEQUENCES TO {service};
        """
    )


async def _apply(connection: asyncpg.Connection, schema: ServiceSchema) -> list[str]:
    rows = await connection.fetch(
        "SELECT number, name, digest FROM platform.migrations WHERE service = $1 ORDER BY number",
        schema.service,
    )
    known = {row["number"]: row for row in rows}
    if len(known) > len(schema.migrations):
        newest = rows[-1]["name"]
        raise ConfigurationError(
            f"{schema.service}: the database has {newest}, which this release does not know. "
            "Use a newer release."
        )
    applied: list[str] = []
    for migration in schema.migrations:
        if (done := known.get(migration.number)) is not None:
            if done["digest"] != migration.digest:
                raise ConfigurationError(
                    f"{schema.service}/{migration.name} was changed after it had been applied. "
                    "Put the change into a new migration."
                )
            continue
        async with connection.transaction():
            await connection.execute(
                f"SET LOCAL ROLE {schema.service}_owner; SET LOCAL search_path = {schema.service}"
            )
            await connection.execute(migration.sql)
            await connection.execute("RESET ROLE")
            await connection.execute(
                "INSERT INTO platform.migrations (service, number, name, digest) VALUES ($1, $2, $3, $4)",
                schema.service,
                migration.number,
                migration.name,
                migration.digest,
            )
        applied.append(f"{schema.service}/{migration.name}")
    return applied
