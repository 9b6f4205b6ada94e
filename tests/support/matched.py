"""A store in which differences are sown: through the services as far as they go, by force beyond."""

import json
import uuid
from dataclasses import dataclass

import asyncpg

from everopen.apps.match import Match, MatchAccess
from everopen.apps.settings import CellSettings, HostPort, ProcessSettings, ProviderSettings
from everopen.contracts.inventory import (
    Opening,
    Openings,
    OpeningsResult,
    Reservation,
    ReservationLine,
    Reserve,
)
from everopen.contracts.payments import Authorization, Authorize, Capture, Instrument, Settlement
from everopen.core.ids import Id
from everopen.core.money import Money
from everopen.kit.client import Mesh
from everopen.services.payments.providers.provider import Hold, Provider
from support.callers import SERVICE_KEY
from support.payments import CELL, GENERATION
from support.sandbox import PAYPAL, STRIPE, RunningSandbox

DATABASE = "match_tests"
TOTAL = Money(2500, "USD")
SKU = "mug-blue"
TOKENS = {"stripe": "pm_card_visa", "paypal": "vault-approved"}
_ADDRESS = {"name": "A", "line1": "B", "city": "C", "country": "SG"}


def matched_settings(url: str, sandbox_url: str, postgres_port: int) -> ProcessSettings:
    """What the match is told of this store."""
    return ProcessSettings(
        instance="test",
        region="here",
        zone="here-a",
        listen=HostPort("127.0.0.1", 1),
        services=("payments",),
        state_dir="/nowhere",
        mesh_url=url,
        public_url=url,
        service_key=SERVICE_KEY,
        home_cell=CELL,
        cells={CELL: CellSettings(members=(HostPort("127.0.0.1", postgres_port),), database=DATABASE)},
        providers=tuple(
            ProviderSettings(
                name=name,
                api_url=f"{sandbox_url}/{name}",
                secret_key=account.secret_key,
                publishable_key=account.publishable_key,
            )
            for name, account in (("stripe", STRIPE), ("paypal", PAYPAL))
        ),
    )


def new_order_id() -> str:
    return str(Id.derive("ord", CELL, uuid.uuid4().hex))


@dataclass
class Store:
    """The services, what lies behind them, and their match."""

    admin: asyncpg.Connection
    mesh: Mesh
    providers: dict[str, Provider]
    sandbox: RunningSandbox
    match: Match
    access: MatchAccess

    async def open_stock(self, *skus: str) -> None:
        items = tuple(Opening(sku=sku, quantity=1000) for sku in skus)
        body = Openings(items=items)
        await self.mesh.call("POST", "/internal/inventory/openings", body=body, reply=OpeningsResult)

    async def place(self, state: str = "placed", quantity: int = 1) -> str:
        """Write an order that nobody drives."""
        order_id = new_order_id()
        line = {
            "sku": SKU,
            "title": "Mug",
            "quantity": quantity,
            "unit_price": {"amount_minor": TOTAL.amount_minor // quantity, "currency": "USD"},
            "line_total": {"amount_minor": TOTAL.amount_minor, "currency": "USD"},
        }
        instruments = [{"provider": name, "token": token} for name, token in TOKENS.items()]
        await self.admin.execute(
            """
            INSERT INTO orders.orders (order_id, state, owner, idempotency_key, fingerprint, cart_id, email,
                address, lines, instruments, currency, subtotal_minor, shipping_minor, total_minor)
            VALUES ($1, $2, 'ses_sg1_x', $1, 'f', $1, 'a@b.example', $3::jsonb, $4::jsonb, $5::jsonb, 'USD',
                $6, 0, $6)
            """,
            order_id,
            state,
            json.dumps(_ADDRESS),
            json.dumps([line]),
            json.dumps(instruments),
            TOTAL.amount_minor,
        )
        return order_id

    async def change(self, order_id: str, assignments: str) -> None:
        """Write into an order what no service would."""
        await self.admin.execute(
            f"UPDATE orders.orders SET {assignments}, updated_at = now() WHERE order_id = $1",  # noqa: S608
            order_id,
        )

    async def reserve(self, order_id: str, quantity: int = 1) -> None:
        body = Reserve(lines=(ReservationLine(sku=SKU, quantity=quantity),))
        path = f"/internal/inventory/reservations/{order_id}"
        reservation = await self.mesh.call("PUT", path, body=body, reply=Reservation)
        assert reservation.state == "reserved"

    async def consume(self, order_id: str) -> None:
        path = f"/internal/inventory/reservations/{order_id}/consume"
        await self.mesh.call("POST", path, reply=Reservation)

    async def authorize(self, order_id: str, provider: str = "stripe") -> str:
        """Through the payments service; the reference."""
        authorization = await self.mesh.call(
            "PUT",
            f"/internal/payments/{order_id}/authorization",
            body=Authorize(
                amount=TOTAL, instruments=(Instrument(provider=provider, token=TOKENS[provider]),)
            ),
            reply=Authorization,
        )
        assert authorization.outcome == "approved", authorization
        return authorization.reference

    async def capture(self, order_id: str) -> None:
        path = f"/internal/payments/{order_id}/capture"
        settlement = await self.mesh.call("POST", path, body=Capture(amount=TOTAL), reply=Settlement)
        assert settlement.outcome == "done", settlement

    async def confirmed(self, provider: str = "stripe") -> tuple[str, str]:
        """A confirmed order: held, reserved, acknowledged. Its id and its payment's reference."""
        order_id = await self.place("reserved")
        await self.reserve(order_id)
        reference = await self.authorize(order_id, provider)
        await self.change(
            order_id,
            f"state = 'confirmed', provider = '{provider}', reference = '{reference}',"
            " confirmed_at = now(), acknowledged_at = now()",
        )
        return order_id, reference

    async def captured(self, provider: str = "stripe") -> tuple[str, str]:
        """An order that went all the way."""
        order_id, reference = await self.confirmed(provider)
        await self.capture(order_id)
        await self.consume(order_id)
        await self.change(order_id, "state = 'captured'")
        return order_id, reference

    async def hold(self, order_id: str, provider: str = "stripe", *, cell: str = CELL) -> str:
        """A hold that the payments service knows nothing of; the reference."""
        outcome = await self.providers[provider].authorize(
            Hold(
                key=uuid.uuid4().hex,
                order_id=order_id,
                attempt_id=f"att_{uuid.uuid4().hex}",
                cell=cell,
                generation=GENERATION,
                amount=TOTAL,
                token=TOKENS[provider],
                return_url="",
            ),
            5.0,
        )
        assert outcome.kind == "approved", outcome
        return outcome.reference

    async def take(self, reference: str, provider: str = "stripe") -> None:
        """Capture behind the services' back."""
        settled = await self.providers[provider].capture(reference, TOTAL, uuid.uuid4().hex)
        assert settled.kind == "done", settled

    async def status(self, reference: str, provider: str = "stripe") -> tuple[str, int | None]:
        """What the provider says now: the payment's status, and what was given back."""
        found = await self.providers[provider].look_up(reference)
        assert found is not None
        return found.status, found.refunded_minor

    async def state(self, order_id: str) -> str:
        state: str = await self.admin.fetchval(
            "SELECT state FROM orders.orders WHERE order_id = $1", order_id
        )
        return state
