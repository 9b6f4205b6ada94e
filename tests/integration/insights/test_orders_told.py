"""Confirmed orders as the orders service tells them: each once, in an order that lasts."""

import asyncpg
import pytest

from everopen.core.errors import InvalidInput
from everopen.kit.database import Database
from everopen.services.orders.baskets import read_baskets
from support.postgres import Server

_INSERT = """
INSERT INTO orders.orders (order_id, state, owner, idempotency_key, fingerprint, cart_id, email, address, lines,
    instruments, currency, subtotal_minor, shipping_minor, total_minor, provider, reference,
    confirmed_at, acknowledged_at)
SELECT 'ord_sg1_' || lpad(n::text, 4, '0'), 'confirmed', 'o', n::text, '', 'cart' || n, '', '{}',
    jsonb_build_array(line, line), '[]', 'USD', 1, 0, 1, 'p', 'r' || n, now(),
    CASE WHEN n % 5 <> 0 THEN now() - interval '1 hour' + (n / 10) * interval '1 second' END
FROM generate_series(1, 1100) AS n, jsonb_build_object('sku', 'S' || n, 'title', '', 'quantity', 1,
    'unit_price', '{"amount_minor": 1, "currency": "USD"}'::jsonb,
    'line_total', '{"amount_minor": 1, "currency": "USD"}'::jsonb) AS line
"""


async def test_following_meets_each_confirmed_order_once(
    postgres: Server, database: Database, admin: asyncpg.Connection
) -> None:
    await admin.execute("TRUNCATE orders.orders CASCADE")
    await admin.execute(_INSERT)
    async with postgres.database("insights_tests", "orders") as orders:
        cursor, met = "", list[str]()
        while (page := await read_baskets(orders.fetch, cursor)).items:
            met += [sku for basket in page.items for sku in basket.skus]
            cursor = page.cursor
        assert page.cursor == cursor
        assert sorted(met) == sorted(f"S{n}" for n in range(1, 1101) if n % 5)
        await admin.execute(
            "UPDATE orders.orders SET acknowledged_at = now() WHERE order_id = 'ord_sg1_0005'"
        )
        assert not (await read_baskets(orders.fetch, cursor)).items, "what is too fresh may have an elder"
        await admin.execute(
            "UPDATE orders.orders SET acknowledged_at = now() - interval '20 s' WHERE order_id = 'ord_sg1_0005'"
        )
        assert [b.skus for b in (await read_baskets(orders.fetch, cursor)).items] == [("S5",)]


@pytest.mark.parametrize("cursor", ["x", "1", "1.", ".a", "1.a\0", "9" * 18 + ".a", "-1.a", "1.A'; --"])
async def test_what_is_no_cursor_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        await read_baskets(database.fetch, cursor)
