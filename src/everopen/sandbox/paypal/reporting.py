"""Transaction Search (developer.paypal.com/docs/api/transaction-search/v1): the only listing PayPal has.

"It takes a maximum of three hours for executed transactions to appear": the sandbox shows them after a
lag that its configuration names.
"""

import sqlite3
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec

from everopen.sandbox.paypal.errors import malformed
from everopen.sandbox.paypal.views import link, moment

_LONGEST_S = 31 * 24 * 3600
_MOST = 10_000
_PAGE = 100
_LARGEST_PAGE = 500


def search(
    db: sqlite3.Connection, account: str, query: str, base_url: str, now_s: float, lag_s: float
) -> bytes:
    """GET /v1/reporting/transactions

    Raises:
        PaypalError: a parameter is missing or wrong, the range is too long, or too much is in it.
    """
    given = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    start_s, end_s = _moment(given, "start_date"), _moment(given, "end_date")
    if end_s < start_s or end_s - start_s > _LONGEST_S:
        raise malformed("INVALID_PARAMETER_SYNTAX", field="end_date", value=given["end_date"])
    page = _integer(given, "page", 1, 1, _MOST)
    size = _integer(given, "page_size", _PAGE, 1, _LARGEST_PAGE)
    conditions, values = "account=? AND at>=? AND at<=?", [account, start_s, min(end_s + 1, now_s - lag_s)]
    if given.get("balance_affecting_records_only", "Y") != "N":
        conditions += " AND affects_balance"
    if given.get("transaction_id"):
        conditions += " AND id=?"
        values.append(given["transaction_id"])
    total = db.execute(
        f"SELECT count(*) FROM paypal_transaction WHERE {conditions}",  # noqa: S608
        values,
    ).fetchone()[0]
    if total > _MOST:
        raise malformed("RESULTSET_TOO_LARGE")
    rows = db.execute(
        f"SELECT body FROM paypal_transaction WHERE {conditions} ORDER BY at, seq LIMIT ? OFFSET ?",  # noqa: S608
        (*values, size, (page - 1) * size),
    )
    shown: dict[str, Any] = {
        "transaction_details": [msgspec.Raw(row[0]) for row in rows],
        "account_number": account[-13:].upper(),
        "start_date": moment(start_s),
        "end_date": moment(end_s),
        "last_refreshed_datetime": moment(now_s - lag_s),
        "page": page,
        "total_items": total,
        "total_pages": -(-total // size),
        "links": [link(base_url, f"/v1/reporting/transactions?{query}", "self")],
    }
    return msgspec.json.encode(shown)


def _moment(given: dict[str, str], name: str) -> float:
    if not given.get(name):
        raise malformed("MISSING_REQUIRED_PARAMETER", field=name)
    try:
        at = datetime.fromisoformat(given[name])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise malformed("INVALID_PARAMETER_SYNTAX", field=name, value=given[name])
    return at.timestamp()


def _integer(given: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else least - 1
    if not least <= value <= most:
        raise malformed("INVALID_PARAMETER_SYNTAX", field=name, value=text)
    return value
