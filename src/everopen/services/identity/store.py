"""SQL of the identity schema."""

import asyncpg
import msgspec

from everopen.contracts.identity import Customer
from everopen.core.errors import Conflict
from everopen.kit.database import Connection, Database, Durability


class Account(msgspec.Struct, frozen=True, kw_only=True):
    customer: Customer
    password_hash: str


async def insert(database: Database, account: Account) -> None:
    """Keep a new account; durable before anyone is told of it.

    Raises:
        Conflict: there is an account with this address (`email-taken`).
    """
    customer = account.customer

    async def work(connection: Connection) -> None:
        await connection.execute(
            "INSERT INTO customers (customer_id, email, name, password_hash) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (customer_id) DO NOTHING",  # a repetition of this very run
            customer.customer_id,
            customer.email,
            customer.name,
            account.password_hash,
        )

    try:
        await database.run(work, Durability.CONFIRMED)
    except asyncpg.UniqueViolationError as error:
        raise Conflict("email-taken", "There is an account with this e-mail address. Sign in.") from error


async def find_by_email(database: Database, email: str) -> Account | None:
    return _account(await database.fetchrow("SELECT * FROM customers WHERE email = $1", email))


async def find(database: Database, customer_id: str) -> Account | None:
    return _account(await database.fetchrow("SELECT * FROM customers WHERE customer_id = $1", customer_id))


def _account(row: asyncpg.Record | None) -> Account | None:
    if row is None:
        return None
    customer = Customer(customer_id=row["customer_id"], email=row["email"], name=row["name"])
    return Account(customer=customer, password_hash=row["password_hash"])
