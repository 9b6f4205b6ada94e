"""SQL of the insights schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from everopen.contracts.insights import ClickEvent
from everopen.core.time import Deadline
from everopen.kit.database import Connection, Database, Durability
from everopen.services.insights.model import SHRINKAGE, Tally

_WRITE_S = 4.0
_SWEPT = 5000


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event, and when it came."""

    event: ClickEvent
    at: datetime


class InsightsStore:
    """Events, and the counts that orders leave."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, arrivals: Sequence[Arrival]) -> None:
        """Keep events; those that are there already stay as they are.

        Raises:
            Unavailable, OutcomeUnknown: they may be written again.
        """
        columns = (
            [arrival.event.id for arrival in arrivals],
            [arrival.at for arrival in arrivals],
            [arrival.event.type for arrival in arrivals],
            [arrival.event.visit for arrival in arrivals],
            [arrival.event.handle for arrival in arrivals],
            [arrival.event.sku for arrival in arrivals],
            [arrival.event.text for arrival in arrivals],
            [arrival.event.results for arrival in arrivals],
        )

        async def work(connection: Connection) -> None:
            await connection.execute(
                "INSERT INTO insights.events"
                " (event_id, received_at, type, visit, handle, sku, query, results)"
                " SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[],"
                " $6::text[], $7::text[], $8::int[]) ON CONFLICT DO NOTHING",
                *columns,
            )

        await self._database.run(work, Durability.BEST_EFFORT, Deadline.after(_WRITE_S))

    async def forget_events(self, before: datetime, most: int) -> bool:
        """Take out some of the events that came before `before`, or are more than `most`.

        Returns:
            Whether there may be more of them.
        """
        rows = await self._database.apply(
            """
            DELETE FROM insights.events WHERE place IN (
                SELECT place FROM (SELECT place, received_at FROM insights.events ORDER BY place LIMIT $3) o
                WHERE received_at < $1 OR place <= (SELECT max(place) FROM insights.events) - $2::bigint)
            RETURNING place
            """,
            before,
            most,
            _SWEPT,
        )
        return len(rows) == _SWEPT

    async def forget_pairs(self, unseen_for: timedelta, most: int) -> None:
        """Take out pairs that were not bought for long, and of too many those that say least."""
        await self._database.apply(
            """
            DELETE FROM insights.pairs WHERE last_at < now() - $1::interval OR (one, other) IN (
                SELECT one, other FROM insights.pairs ORDER BY orders DESC, last_at DESC OFFSET $2)
            """,
            unseen_for,
            most,
        )

    async def cursor(self) -> str:
        """How far orders were counted; empty before the first."""
        row = await self._database.fetchrow("SELECT cursor FROM insights.progress")
        return "" if row is None else str(row["cursor"])

    async def count(self, after: str, cursor: str, counted: Tally) -> bool:
        """Add what the orders between two cursors hold.

        Returns:
            False if another instance has counted them.
        """

        async def work(connection: Connection) -> bool:
            moved = await connection.fetchval(
                "UPDATE insights.progress SET cursor = $2 WHERE cursor = $1 RETURNING true", after, cursor
            )
            if not moved:
                return False
            await connection.execute(
                "INSERT INTO insights.products AS p (handle, orders)"
                " SELECT * FROM unnest($1::text[], $2::bigint[])"
                " ON CONFLICT (handle) DO UPDATE SET orders = p.orders + EXCLUDED.orders",
                list(counted.products),
                list(counted.products.values()),
            )
            await connection.execute(
                "INSERT INTO insights.pairs AS p (one, other, orders)"
                " SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])"
                " ON CONFLICT (one, other)"
                " DO UPDATE SET orders = p.orders + EXCLUDED.orders, last_at = EXCLUDED.last_at",
                [one for one, _ in counted.pairs],
                [other for _, other in counted.pairs],
                list(counted.pairs.values()),
            )
            return True

        return await self._database.run(work)

    async def related(self, each: int, products: int) -> Mapping[str, tuple[str, ...]]:
        """For the products that are bought most, what is bought with them, the best first.

        The score is the squared cosine of the two sets of orders, less for few orders: with a bestseller
        everything is bought now and then, which says nothing.

        Args:
            each: at most so many for one product.
            products: at most so many.
        """
        rows = await self._database.fetch(
            """
            WITH popular AS (
                SELECT handle, orders FROM insights.products ORDER BY orders DESC, handle LIMIT $2),
            both_ways AS (
                SELECT one AS handle, other, orders FROM insights.pairs
                UNION ALL SELECT other, one, orders FROM insights.pairs),
            ranked AS (
                SELECT b.handle, b.other, row_number() OVER (
                    PARTITION BY b.handle
                    ORDER BY b.orders::float8 * b.orders::float8 / (mine.orders::float8 * its.orders::float8)
                        * (b.orders::float8 / (b.orders::float8 + $3::float8)) DESC, b.orders DESC, b.other
                ) AS place
                FROM both_ways AS b JOIN popular AS mine ON mine.handle = b.handle
                JOIN insights.products AS its ON its.handle = b.other)
            SELECT handle, array_agg(other ORDER BY place) AS others FROM ranked WHERE place <= $1
            GROUP BY handle
            """,
            each,
            products,
            SHRINKAGE,
        )
        return {row["handle"]: tuple(row["others"]) for row in rows}
