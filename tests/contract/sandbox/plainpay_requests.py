"""The requests that a shop makes of Plainpay, as these tests make them."""

import uuid
from typing import Any

from support.sandbox import PLAINPAY, RunningSandbox


def headers(key: str | None = None, secret: str = PLAINPAY.secret_key) -> dict[str, str]:
    """Authentication and, for a POST, a request key: the given one or a new one."""
    return {"Authorization": f"Bearer {secret}", "X-Request-Key": key or uuid.uuid4().hex}


def authorization(order_id: str, **changes: Any) -> dict[str, Any]:
    """The body of an authorization."""
    return {
        "merchant_reference": order_id,
        "amount_minor": 1999,
        "currency": "USD",
        "instrument": "ppt_ok",
        "metadata": {"shop": "north"},
    } | changes


async def post(
    sandbox: RunningSandbox,
    path: str,
    order_id: str = "",
    *,
    key: str | None = None,
    secret: str = PLAINPAY.secret_key,
    body: dict[str, Any] | None = None,
    **changes: Any,
) -> tuple[int, Any]:
    """POST to a path below `/plainpay/v1/`; without a body it is an authorization. Status and JSON."""
    content = authorization(order_id, **changes) if body is None else body
    async with sandbox.http.post(
        f"/plainpay/v1/{path}", json=content, headers=headers(key, secret)
    ) as response:
        return response.status, await response.json()


async def get(
    sandbox: RunningSandbox, path: str, secret: str = PLAINPAY.secret_key, **query: str | int
) -> tuple[int, Any]:
    """GET of a path below `/plainpay/v1/`. Status and JSON."""
    async with sandbox.http.get(
        f"/plainpay/v1/{path}", params=query, headers=headers(None, secret)
    ) as response:
        return response.status, await response.json()
