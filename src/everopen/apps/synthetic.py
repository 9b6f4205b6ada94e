"""A synthetic order: what a shopper does, done by the platform to itself, and then taken back.

It goes through the gateway and the public API only, so that it proves what a shopper would find.
"""

from dataclasses import dataclass

from everopen.contracts.cart import Cart, SetLine
from everopen.contracts.catalog import Product, ProductPage
from everopen.contracts.identity import Session
from everopen.contracts.inventory import Availabilities
from everopen.contracts.orders import Address, AskQuote, Order, PlaceOrder, Quote
from everopen.contracts.payments import Instrument, PaymentMethods
from everopen.core.errors import EveropenError, Unavailable
from everopen.core.ids import Id
from everopen.kit.client import Mesh

_EMAIL = "synthetic@everopen.example"
_ADDRESS = Address(name="Synthetic Check", line1="1 Loopback Road", city="Singapore", country="SG")
_SETTLED = frozenset({"confirmed", "captured"})


@dataclass(frozen=True, slots=True)
class SyntheticResult:
    """An order that was confirmed and cancelled again."""

    order_id: str
    provider: str


class SyntheticFailed(EveropenError):
    """The order path does not work; the message says which step did not."""


async def place_synthetic_order(gateway_url: str) -> SyntheticResult:
    """Buy one unit of something in stock, see it confirmed, and cancel it.

    Args:
        gateway_url: the public address of the platform.

    Raises:
        SyntheticFailed: the platform answers, but an order does not come out confirmed.
        OperationalError: a part of it does not answer; worth trying again.
    """
    mesh = Mesh(gateway_url)
    await mesh.start()
    try:
        session = await mesh.call("POST", "/v1/sessions", reply=Session)
        order = await _buy(mesh, session.token)
        if order.state not in _SETTLED or not order.confirmed:
            raise SyntheticFailed(f"the synthetic order is {order.state}, not confirmed: {order.reason}")
        cancelled = await mesh.call(
            "POST", f"/v1/orders/{order.order_id}/cancel", token=session.token, reply=Order
        )
        if cancelled.state != "cancelled":
            raise SyntheticFailed(
                f"the synthetic order {order.order_id} cannot be cancelled: {cancelled.state}"
            )
        return SyntheticResult(order.order_id, order.payment_provider)
    finally:
        await mesh.stop()


async def _buy(mesh: Mesh, token: str) -> Order:
    sku = await _something_in_stock(mesh)
    cart = await mesh.call("POST", "/v1/carts", token=token, reply=Cart)
    await mesh.call(
        "PUT", f"/v1/carts/{cart.cart_id}/lines/{sku}", body=SetLine(quantity=1), token=token, reply=Cart
    )
    quote = await mesh.call(
        "POST", "/v1/orders/quotes", body=AskQuote(cart_id=cart.cart_id), token=token, reply=Quote
    )
    methods = await mesh.call("GET", "/v1/payment-methods", reply=PaymentMethods)
    instruments = tuple(
        Instrument(provider=method.provider, token=method.test_instruments[0][1])
        for method in methods.items
        if method.test_instruments
    )
    if not instruments:
        raise SyntheticFailed("no payment provider is in test mode, so no synthetic order can be placed")
    return await mesh.call(
        "POST",
        "/v1/orders",
        body=PlaceOrder(
            cart_id=cart.cart_id,
            email=_EMAIL,
            shipping_address=_ADDRESS,
            instruments=instruments,
            expected_total=quote.total,
        ),
        token=token,
        headers={"idempotency-key": Id.new("syn", "any").unique},
        reply=Order,
        timeout_s=15.0,
    )


async def _something_in_stock(mesh: Mesh) -> str:
    page = await mesh.call("GET", "/v1/products", query=[("limit", "20")], reply=ProductPage)
    for summary in page.items:
        product = await mesh.call("GET", f"/v1/products/{summary.handle}", reply=Product)
        skus = [variant.sku for variant in product.variants]
        stock = await mesh.call(
            "GET", "/v1/stock", query=[("sku", sku) for sku in skus], reply=Availabilities
        )
        for item in stock.items:
            if item.available > 0:
                return item.sku
    raise Unavailable("no product is on sale and in stock yet")
