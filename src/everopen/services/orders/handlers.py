"""What the orders API does: placing, reading and changing orders on somebody's behalf."""

import asyncio
import logging
from collections.abc import Callable

import asyncpg

from everopen.contracts.cart import CartContents
from everopen.contracts.catalog import SellableVariants
from everopen.contracts.insights import BoughtBaskets
from everopen.contracts.orders import (
    AskQuote,
    ChooseInstruments,
    Order,
    OrderPage,
    PlaceOrder,
    Quote,
    Reminder,
)
from everopen.contracts.payments import Instrument
from everopen.core import limits
from everopen.core.emails import parse_email
from everopen.core.errors import Conflict, InvalidInput, NotFound, OperationalError
from everopen.core.ids import Id
from everopen.core.time import Deadline, now
from everopen.kit import audit, deadlines, idempotency
from everopen.kit.addresses import check_address
from everopen.kit.auth import Principal
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.services.orders import changes, pricing, store
from everopen.services.orders.baskets import read_baskets
from everopen.services.orders.changes import UNEXPLAINED, Asked
from everopen.services.orders.model import (
    OPEN_STATES,
    RESUME_AFTER_S,
    CancelWished,
    Event,
    Fulfilled,
    InstrumentsChosen,
    RefundWished,
    owed_again,
    transition,
)
from everopen.services.orders.progress import Progress
from everopen.services.orders.proof import Proof
from everopen.services.orders.store import OrderRecord

_log = logging.getLogger(__name__)
_TOKEN_CHARACTERS = 255
# One who repeats a checkout that another request is driving waits this long for the result.
_WAIT_FOR_OTHER_S = 8.0
_LOOK_EVERY_S = 0.05


class OrdersHandlers:
    """The orders API.

    Args:
        providers: names of the payment providers that instruments may be of.
    """

    def __init__(
        self, database: Database, mesh: Mesh, progress: Progress, currency: str, providers: frozenset[str]
    ) -> None:
        self._database = database
        self._mesh = mesh
        self._progress = progress
        self._currency = currency
        self._providers = providers
        self._proof = Proof(database)
        self._driving: set[str] = set()

    async def place(self, principal: Principal, key: str, request: PlaceOrder) -> Order:
        """Place the order that this shopper's key names, or say how it stands if it is there already.

        Raises:
            Unprocessable: the key was used for another request.
            Conflict: prices have changed, something is not on sale, or the cart is an order already.
        """
        cart = Id.parse(request.cart_id, "crt")
        order_id = str(Id.derive("ord", cart.cell, principal.subject, key))
        fingerprint = idempotency.fingerprint(request)
        # Before any check of the cart: a repetition must find its order, whatever became of the cart.
        known = await store.load(self._database.fetch, order_id)
        if known is None:
            self._check(request)
            known = await self._insert(principal, key, request, order_id, fingerprint)
        idempotency.require_same(known.fingerprint, fingerprint)
        order = await self._settle(known)
        await self._proof.prove(order)
        return order.shown()

    async def quote(self, principal: Principal, request: AskQuote) -> Quote:
        """What the cart costs now."""
        Id.parse(request.cart_id, "crt")
        contents = await self._cart(principal, request.cart_id)
        return await self._price(contents)

    async def get(self, principal: Principal, order_id: str) -> Order:
        order = await self._load(principal, order_id)
        await self._proof.prove(order)
        return order.shown()

    async def list(self, principal: Principal, cursor: str | None, limit: int) -> OrderPage:
        """The caller's orders, newest first; all orders for the merchant."""
        if not 1 <= limit <= limits.PAGE_SIZE:
            raise InvalidInput("invalid-limit", f"limit must be 1 to {limits.PAGE_SIZE}.")
        if cursor is not None:
            Id.parse(cursor, "ord")
        owners = None if principal.role == "merchant" else principal.subjects
        records = await store.page(self._database.fetch, owners, cursor, limit + 1)
        more = len(records) > limit
        await self._proof.prove(*records[:limit])
        return OrderPage(
            items=tuple(record.shown() for record in records[:limit]),
            next_cursor=records[limit - 1].order_id if more else None,
        )

    async def cancel(self, principal: Principal, order_id: str, asked: Asked = UNEXPLAINED) -> Order:
        who = "the shop" if principal.role == "merchant" else "you"
        event = CancelWished(f"Cancelled by {who}.")
        return (await self._change(principal, order_id, event, _is_cancelled, asked)).shown()

    async def choose(
        self, principal: Principal, order_id: str, request: ChooseInstruments, key: str = ""
    ) -> Order:
        """Pay with something else, where the order waits for that.

        Args:
            key: the request's; the same key and the same choice are one choice. Empty for none.
        """
        self._check_instruments(request.instruments)
        # With the choice in it: the key that comes with another choice is another request.
        asked = Asked(key=f"{key} {idempotency.fingerprint(request)}" if key else "")
        order = await self._change(principal, order_id, InstrumentsChosen(request.instruments), _never, asked)
        order = await self._drive(order)
        await self._proof.prove(order)
        return order.shown()

    async def refund(self, principal: Principal, order_id: str, asked: Asked = UNEXPLAINED) -> Order:
        """Give all of the money back; again, by another key, if the provider has refused.

        Raises:
            InvalidInput: the provider has refused, and the request has no key (`idempotency-key-missing`).
        """
        principal.require_merchant()
        if not asked.key and (await self._load(principal, order_id)).refund_state == "failed":
            idempotency.parse_key(None)
        event = RefundWished("Refunded by the shop.")
        return (await self._change(principal, order_id, event, _is_refunded, asked)).shown()

    async def fulfil(self, principal: Principal, order_id: str, asked: Asked = UNEXPLAINED) -> Order:
        principal.require_merchant()
        return (await self._change(principal, order_id, Fulfilled(), _is_fulfilled, asked)).shown()

    async def wake(self, order_id: str) -> None:
        """Something was heard of the order's payment: look at it now."""
        Id.parse(order_id, "ord")
        await store.look_again(self._database.apply, order_id, 0.0)
        await store.hasten(self._database.apply, order_id, "authorize-again")

    async def remind(self, order_id: str) -> Reminder:
        """Look at the order now, and do again all that its state owes. Everything in it is idempotent."""
        Id.parse(order_id, "ord")
        order = await store.load(self._database.fetch, order_id)
        if order is None:
            raise NotFound("order-not-found", "There is no such order.")
        owed = owed_again(order.standing())
        await store.remind(self._database.apply, order, owed)
        return Reminder(order_id=order_id, owed=owed)

    async def baskets(self, after: str) -> BoughtBaskets:
        """The next confirmed orders, for whoever learns from what is bought."""
        return await read_baskets(self._database.fetch, after)

    async def _change(
        self,
        principal: Principal,
        order_id: str,
        event: Event,
        done: Callable[[OrderRecord], bool],
        asked: Asked = UNEXPLAINED,
    ) -> OrderRecord:
        """Let `event` happen; again if somebody else changed the order meanwhile.

        What the merchant does is in the audit trail, as is a shopper's choice of how to pay; and happens once
        for each key: a form that is sent again after a refund was refused must not begin another one, and a
        choice that is sent again no further payment.

        Raises:
            Conflict: the order's state does not allow it (`wrong-state`, with `state`).
        """
        audited = principal.role == "merchant" or (bool(asked.key) and isinstance(event, InstrumentsChosen))
        while True:
            order = await self._load(principal, order_id)
            entry = changes.entry(principal.subject, order, event, asked) if audited else None
            repeated = entry is not None and await self._is_known(entry.key)
            if repeated or done(order):
                await self._proof.prove(order)
                return order
            if transition(order.standing(), event) is None:
                raise Conflict(
                    "wrong-state",
                    f"This cannot be done with an order that is {order.state}.",
                    state=order.state,
                )
            try:
                changed = await self._progress.apply(order, event, entry)
            except asyncpg.UniqueViolationError:  # the same key, a moment earlier
                continue
            if changed is not None:
                return changed

    async def _is_known(self, key: str) -> bool:
        return bool(key) and await audit.known_key(self._database.fetch, key)

    async def _settle(self, order: OrderRecord) -> OrderRecord:
        """Bring the order to a decision while the caller waits, or find out what another one reaches."""
        until = Deadline.after(deadlines.current().within_s(_WAIT_FOR_OTHER_S))
        while _undecided(order) and not until.passed():
            if order.order_id not in self._driving and _nobody_drives(order):
                return await self._drive(order)
            await asyncio.sleep(_LOOK_EVERY_S)
            order = await self._progress.reload(order.order_id)
        return order

    async def _drive(self, order: OrderRecord) -> OrderRecord:
        self._driving.add(order.order_id)
        try:
            return await self._progress.advance(order)
        except OperationalError as error:
            # The order stands; the resumer carries on. The caller is told how far it has come.
            _log.warning("%s stands still: %s", order.order_id, error)
            return await self._progress.reload(order.order_id)
        finally:
            self._driving.discard(order.order_id)

    async def _insert(
        self, principal: Principal, key: str, request: PlaceOrder, order_id: str, fingerprint: str
    ) -> OrderRecord:
        contents = await self._cart(principal, request.cart_id)
        quote = await self._price(contents)
        pricing.require_expected(quote, request.expected_total)
        moment = now()
        order = OrderRecord(
            order_id=order_id,
            state="placed",
            version=1,
            owner=principal.subject,
            idempotency_key=key,
            fingerprint=fingerprint,
            cart_id=request.cart_id,
            email=request.email,
            address=request.shipping_address,
            lines=quote.lines,
            instruments=request.instruments,
            payment_round=1,
            subtotal=quote.subtotal,
            shipping=quote.shipping,
            total=quote.total,
            provider="",
            reference="",
            action_url="",
            reason="",
            refund_state="none",
            placed_at=moment,
            confirmed_at=None,
            acknowledged_at=None,
            updated_at=moment,
        )
        try:
            inserted = await store.insert(self._database.apply, order, RESUME_AFTER_S)
        except asyncpg.UniqueViolationError as error:
            # Either another request with this very key was faster, or the cart is another order.
            mine = await store.load(self._database.fetch, order_id)
            if mine is not None:
                return mine
            raise await self._ordered_already(request.cart_id) from error
        if inserted:
            return await self._drive(order)
        return await self._progress.reload(order_id)

    async def _ordered_already(self, cart_id: str) -> Conflict:
        other = await store.load_by_cart(self._database.fetch, cart_id)
        extra = {} if other is None else {"order_id": other.order_id}
        return Conflict("cart-ordered", "This cart has been ordered already. Begin a new one.", **extra)

    async def _cart(self, principal: Principal, cart_id: str) -> CartContents:
        contents = await self._mesh.call("GET", f"/internal/carts/{cart_id}", reply=CartContents)
        if not principal.owns(contents.owner):
            raise NotFound("cart-not-found", "There is no such cart.")
        return contents

    async def _price(self, contents: CartContents) -> Quote:
        variants = SellableVariants(items=())
        if contents.lines:
            variants = await self._mesh.call(
                "GET",
                "/v1/variants",
                query=[("sku", sku) for sku, _ in contents.lines],
                reply=SellableVariants,
            )
        return pricing.price(contents.cart_id, contents.lines, variants.items, self._currency)

    async def _load(self, principal: Principal, order_id: str) -> OrderRecord:
        Id.parse(order_id, "ord")
        order = await store.load(self._database.fetch, order_id)
        if order is None or not principal.owns(order.owner):
            raise NotFound("order-not-found", "There is no such order.")
        return order

    def _check(self, request: PlaceOrder) -> None:
        parse_email(request.email)
        check_address(request.shipping_address)
        self._check_instruments(request.instruments)

    def _check_instruments(self, instruments: tuple[Instrument, ...]) -> None:
        names = [instrument.provider for instrument in instruments]
        if not names or len(set(names)) != len(names):
            raise InvalidInput("invalid-instruments", "Give one token for each provider, and at least one.")
        unknown = sorted(set(names) - self._providers)
        if unknown:
            known = ", ".join(sorted(self._providers))
            raise InvalidInput("unknown-provider", f"{', '.join(unknown)}: the providers here are {known}.")
        for instrument in instruments:
            token = instrument.token
            if not 0 < len(token) <= _TOKEN_CHARACTERS or not token.isascii() or not token.isprintable():
                raise InvalidInput(
                    "invalid-instruments", f"The token for {instrument.provider} is malformed."
                )


def _is_cancelled(order: OrderRecord) -> bool:
    return order.state == "cancelled"


def _is_refunded(order: OrderRecord) -> bool:
    return order.refund_state in ("pending", "refunded")


def _is_fulfilled(order: OrderRecord) -> bool:
    return order.state == "fulfilled"


def _never(_: OrderRecord) -> bool:
    return False


def _undecided(order: OrderRecord) -> bool:
    unproven = order.state == "confirmed" and order.acknowledged_at is None
    return unproven or (order.state in OPEN_STATES and order.state != "action_required")


def _nobody_drives(order: OrderRecord) -> bool:
    """Whether the order has shown no sign of life for so long that its driver is probably gone."""
    return (now() - order.updated_at).total_seconds() > RESUME_AFTER_S / 2
