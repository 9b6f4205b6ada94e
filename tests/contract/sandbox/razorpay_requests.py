"""Requests at Razorpay by its own package, which is synchronous: run on another thread."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import razorpay

from support.sandbox import RAZORPAY, RunningSandbox

CUSTOMER = "cust_TestShopper001"
OK = "token_TestVisaOk0001"
DECLINED = "token_TestDeclined01"
NO_FUNDS = "token_TestNoFunds001"
CHALLENGE = "token_TestChallenge1"
CHALLENGE_DECLINED = "token_TestChalDecl01"
Entity = dict[str, Any]


def client(sandbox: RunningSandbox, secret: str = RAZORPAY.secret_key) -> Any:
    """The official client, pointed at the sandbox."""
    return razorpay.Client(auth=(RAZORPAY.publishable_key, secret), base_url=f"{sandbox.url}/razorpay")


async def call(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(method, *args, **kwargs)


async def new_order(api: Any, order_id: str, **changes: Any) -> Entity:
    fields = {
        "amount": 1234,
        "currency": "USD",
        "receipt": uuid.uuid4().hex,
        "payment": {"capture": "manual"},
        "notes": {"order_id": order_id},
    }
    made: Entity = await call(api.order.create, fields | changes)
    return made


def payment_of(order: Entity, token: str = OK, **changes: Any) -> Entity:
    fields = {
        "amount": order["amount"],
        "currency": order["currency"],
        "order_id": order["id"],
        "customer_id": CUSTOMER,
        "token": token,
        "email": "test.shopper@example.com",
        "contact": "+919000090000",
        "notes": order["notes"],
        "recurring": 1,
    }
    return fields | changes


async def authorized(api: Any, order_id: str) -> Entity:
    """A payment that is held."""
    order = await new_order(api, order_id)
    made = await call(api.payment.createRecurring, payment_of(order))
    payment: Entity = await call(api.payment.fetch, made["razorpay_payment_id"])
    return payment
