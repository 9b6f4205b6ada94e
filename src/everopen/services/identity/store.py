"""SQL of the customers and of the guests that they were."""

import asyncpg
import msgspec

from everopen.contracts.identity import Customer, Ending
from everopen.core.errors import Conflict
from everopen.core.time import Deadline
from everopen.kit.database import Connection, Database, Durability
from everopen.services.identity.endings import ENDING_COLUMNS

# A token names so many of the guests that its customer was: it must stay short.
_GUESTS = 4

_ACCOUNT = """
    SELECT c.*, array(SELECT guest FROM guests g WHERE g.customer_id = c.customer_id
                      ORDER BY linked_at DESC, guest LIMIT $2) AS guests
    FROM customers c
"""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as kept.

    Attributes:
        generation: of her sessions; it grows when the password is changed.
        guests: the anonymous sessions that she was, the latest first.
    """

    customer: Customer
    password_hash: str
    generation: int = 0
    guests: tuple[str, ...] = ()


async def insert(database: Database, account: Account) -> bool:
    """Keep a new account; durable before anyone is told of it.

    Returns:
        False if this id has an account already.

    Raises:
        Conflict: there is an account with this address (`email-taken`).
    """
    customer = account.customer

    async def work(connection: Connection) -> bool:
        await connection.execute(
            "INSERT INTO customers (customer_id, email, name, password_hash) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (customer_id) DO NOTHING",
            customer.customer_id,
            customer.email,
            customer.name,
            account.password_hash,
        )
        # A repetition of this very run finds its own hash, which is salted.
        kept = await connection.fetchval(
            "SELECT password_hash FROM customers WHERE customer_id = $1", customer.customer_id
        )
        return bool(kept == account.password_hash)

    try:
        return await database.run(work, Durability.CONFIRMED)
    except asyncpg.UniqueViolationError as error:
        raise Conflict("email-taken", "There is an account with this e-mail address. Sign in.") from error


async def find_by_email(database: Database, email: str) -> Account | None:
    return _account(await database.fetchrow(f"{_ACCOUNT} WHERE email = $1", email, _GUESTS))


async def find(database: Database, customer_id: str) -> Account | None:
    return _account(await database.fetchrow(f"{_ACCOUNT} WHERE customer_id = $1", customer_id, _GUESTS))


async def rename(database: Database, customer_id: str, name: str) -> Customer | None:
    """Give the customer this name; None if there is none."""

    async def work(connection: Connection) -> Customer | None:
        row = await connection.fetchrow(
            "UPDATE customers SET name = $2 WHERE customer_id = $1 RETURNING customer_id, email, name",
            customer_id,
            name,
        )
        return None if row is None else Customer(**dict(row))

    return await database.run(work, Durability.CONFIRMED)


async def link_guest(database: Database, customer_id: str, guest: str, deadline: Deadline) -> None:
    """The customer was this guest, unless another customer has proved it before."""
    await database.apply(
        "INSERT INTO guests (guest, customer_id) VALUES ($1, $2) ON CONFLICT (guest) DO NOTHING",
        guest,
        customer_id,
        deadline=deadline,
    )


async def change_password(
    database: Database, account: Account, new_hash: str, session: str, lifetime_s: int
) -> Ending:
    """Replace the password, and end all of the customer's sessions but `session`, in one transaction.

    Args:
        account: as it was when the present password was checked.
        lifetime_s: how long the ending is to be remembered.

    Raises:
        Conflict: the password was changed meanwhile (`password-changed`).
    """
    customer_id = account.customer.customer_id

    async def work(connection: Connection) -> Ending:
        generation = await connection.fetchval(
            "UPDATE customers SET password_hash = $3, generation = generation + 1"
            " WHERE customer_id = $1 AND password_hash = $2 RETURNING generation",
            customer_id,
            account.password_hash,
            new_hash,
        )
        if generation is not None:
            await connection.execute(
                "INSERT INTO endings (ended, generation, kept_session, expires_at)"
                " VALUES ($1, $2, $3, now() + make_interval(secs => $4))"
                " ON CONFLICT (ended) DO UPDATE SET generation = excluded.generation,"
                " kept_session = excluded.kept_session, expires_at = excluded.expires_at,"
                " changed_in = pg_current_xact_id()",
                customer_id,
                generation,
                session,
                float(lifetime_s),
            )
        # Its own hash is there also when a run before this one was committed and nobody heard of it.
        row = await connection.fetchrow(
            f"SELECT {ENDING_COLUMNS} FROM endings JOIN customers ON customer_id = ended"  # noqa: S608
            " AND endings.generation = customers.generation"
            " WHERE customer_id = $1 AND password_hash = $2",
            customer_id,
            new_hash,
        )
        if row is None:
            raise Conflict("password-changed", "The password was changed in the meantime.")
        return Ending(**dict(row))

    return await database.run(work, Durability.CONFIRMED)


def _account(row: asyncpg.Record | None) -> Account | None:
    if row is None:
        return None
    return Account(
        customer=Customer(customer_id=row["customer_id"], email=row["email"], name=row["name"]),
        password_hash=row["password_hash"],
        generation=row["generation"],
        guests=tuple(row["guests"]),
    )
