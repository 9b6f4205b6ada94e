"""A customer's addresses: what is accepted, and their SQL.

A customer with addresses always has one default: the first one, the one that was chosen, or after its removal
the one that was changed last.
"""

import re

import asyncpg
import msgspec

from everopen.contracts.identity import SavedAddress, SavedAddresses, SetAddress
from everopen.contracts.orders import Address
from everopen.core.errors import InvalidInput, NotFound, Unprocessable
from everopen.kit.addresses import check_address
from everopen.kit.database import Connection, Database, Durability

MOST_ADDRESSES = 20
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def listed(database: Database, customer_id: str) -> SavedAddresses:
    """The customer's addresses, the default first, then the latest change first."""
    rows = await database.fetch(
        "SELECT * FROM addresses WHERE customer_id = $1"
        " ORDER BY is_default DESC, updated_at DESC, address_id",
        customer_id,
    )
    return SavedAddresses(items=tuple(map(_saved, rows)))


async def put(database: Database, customer_id: str, address_id: str, request: SetAddress) -> SavedAddress:
    """Keep an address under the id that the customer chose. Safe to repeat.

    Raises:
        InvalidInput: the id or the address cannot be.
        NotFound: there is no such customer (`no-account`).
        Unprocessable: there are too many (`too-many-addresses`).
    """
    _check_id(address_id)
    check_address(request.address)

    async def work(connection: Connection) -> SavedAddress:
        others = await _others(connection, customer_id, address_id)
        if len(others) >= MOST_ADDRESSES:
            raise Unprocessable("too-many-addresses", f"At most {MOST_ADDRESSES} addresses are kept.")
        default = request.is_default or not any(others.values())
        if default:
            await _no_default(connection, customer_id)
        row = await connection.fetchrow(
            "INSERT INTO addresses (customer_id, address_id, address, is_default)"
            " VALUES ($1, $2, $3::jsonb, $4) ON CONFLICT (customer_id, address_id) DO UPDATE"
            " SET address = excluded.address, is_default = excluded.is_default, updated_at = now()"
            " RETURNING *",
            customer_id,
            address_id,
            msgspec.json.encode(request.address).decode(),
            default,
        )
        assert row is not None  # noqa: S101  # inserted or changed
        return _saved(row)

    return await database.run(work, Durability.CONFIRMED)


async def remove(database: Database, customer_id: str, address_id: str) -> None:
    """Forget an address; if it was the default, the one that was changed last is. Safe to repeat."""
    _check_id(address_id)

    async def work(connection: Connection) -> None:
        others = await _others(connection, customer_id, address_id)
        await connection.execute(
            "DELETE FROM addresses WHERE customer_id = $1 AND address_id = $2", customer_id, address_id
        )
        if others and not any(others.values()):
            await connection.execute(
                "UPDATE addresses SET is_default = true WHERE customer_id = $1 AND address_id ="
                " (SELECT address_id FROM addresses WHERE customer_id = $1"
                "  ORDER BY updated_at DESC, address_id LIMIT 1)",
                customer_id,
            )

    await database.run(work, Durability.CONFIRMED)


def _check_id(address_id: str) -> None:
    if not _ID.fullmatch(address_id):
        raise InvalidInput(
            "invalid-address-id", "An address's id is 1 to 64 letters, digits, hyphens or underscores."
        )


async def _others(connection: Connection, customer_id: str, address_id: str) -> dict[str, bool]:
    """The customer's other addresses, and which is the default; nobody else changes them until the commit."""
    locked = await connection.fetchval(
        "SELECT 1 FROM customers WHERE customer_id = $1 FOR UPDATE", customer_id
    )
    if locked is None:
        raise NotFound("no-account", "This session has no account. Register or sign in.")
    rows = await connection.fetch(
        "SELECT address_id, is_default FROM addresses WHERE customer_id = $1 AND address_id <> $2",
        customer_id,
        address_id,
    )
    return {row["address_id"]: row["is_default"] for row in rows}


async def _no_default(connection: Connection, customer_id: str) -> None:
    await connection.execute(
        "UPDATE addresses SET is_default = false WHERE customer_id = $1 AND is_default", customer_id
    )


def _saved(row: asyncpg.Record) -> SavedAddress:
    return SavedAddress(
        address_id=row["address_id"],
        address=msgspec.json.decode(row["address"], type=Address),
        is_default=row["is_default"],
        updated_at=row["updated_at"],
    )
