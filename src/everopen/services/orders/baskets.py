"""What was bought together, for whoever asks: confirmed orders, page by page, in a lasting order.

The order path does nothing for it: no task, no call. Who wants to know comes and asks, as late as it likes.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from everopen.contracts.insights import BoughtBasket, BoughtBaskets
from everopen.contracts.orders import OrderLine
from everopen.core.errors import InvalidInput
from everopen.services.orders.store import Fetch

_PAGE = 500
# An acknowledgement is one short statement. After this long no older one can still come to light.
_SETTLED_AFTER = timedelta(seconds=10)
_LINES = msgspec.json.Decoder(tuple[OrderLine, ...])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Microseconds of a moment before the year 5138, and an order's id.
_CURSOR = re.compile(r"(?P<us>[0-9]{1,17})\.(?P<order_id>[a-z0-9_]{1,80})", re.ASCII)


async def read_baskets(fetch: Fetch, after: str, settled_after: timedelta = _SETTLED_AFTER) -> BoughtBaskets:
    """The next confirmed orders after the cursor; from the first one if it is empty.

    Raises:
        InvalidInput: `after` is not a cursor (`invalid-cursor`).
    """
    moment, order_id = _parse(after)
    rows = await fetch(
        """
        SELECT order_id, lines, acknowledged_at FROM orders
        WHERE (acknowledged_at, order_id) > ($1, $2) AND acknowledged_at < now() - $3::interval
        ORDER BY acknowledged_at, order_id LIMIT $4
        """,
        moment,
        order_id,
        settled_after,
        _PAGE,
    )
    if not rows:
        return BoughtBaskets(items=(), cursor=after)
    return BoughtBaskets(
        items=tuple(
            BoughtBasket(
                order_id=row["order_id"],
                skus=tuple(dict.fromkeys(line.sku for line in _LINES.decode(row["lines"]))),
            )
            for row in rows
        ),
        cursor=_cursor(rows[-1]["acknowledged_at"], rows[-1]["order_id"]),
    )


def _cursor(moment: datetime, order_id: str) -> str:
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}.{order_id}"


def _parse(cursor: str) -> tuple[datetime, str]:
    if not cursor:
        return _EPOCH, ""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidInput("invalid-cursor", "This is not a cursor of this list.")
    return _EPOCH + timedelta(microseconds=int(match["us"])), match["order_id"]
