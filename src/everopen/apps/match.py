"""The match, wired to a platform: its databases, its providers, and the services that repair."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

import msgspec
from asyncpg.connect_utils import SessionAttribute

from everopen.apps.composition import payment_providers
from everopen.apps.migrate import AUDITOR
from everopen.apps.platform import Platform
from everopen.apps.platform.wiring import process_settings
from everopen.apps.settings import CellSettings, ProcessSettings
from everopen.continuity.match import (
    Action,
    Comparison,
    OpenBooks,
    Outcome,
    PaymentFacts,
    Repair,
    Report,
    Scope,
    Watcher,
    open_books,
    repair_and_compare,
)
from everopen.contracts.inventory import Reservation, StockLevel
from everopen.contracts.orders import Reminder
from everopen.contracts.payments import Reconcile, Reconciliation, Settlement
from everopen.core.errors import ConfigurationError, Unavailable
from everopen.kit.client import Mesh
from everopen.kit.database import Cluster, Member
from everopen.kit.service import Lifecycle
from everopen.services.payments.providers.provider import Provider as ProviderAdapter
from everopen.services.payments.providers.provider import ProviderPayment

# Before any of the providers existed as an account of this shop.
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_LISTED_ANEW = 3
_PAUSE_S = 1.0
# A sort of millions of rows is one statement.
_STATEMENT_S = 900.0
_REPAIR_S = 20.0


class AdapterSide:
    """A provider's list, through the adapter that the payments service uses, too."""

    def __init__(self, adapter: ProviderAdapter) -> None:
        self._adapter = adapter

    @property
    def name(self) -> str:
        return self._adapter.name

    @property
    def lag_s(self) -> float:
        return self._adapter.listing_lag_s

    async def payments(self, since: datetime | None) -> AsyncIterator[PaymentFacts]:
        """See `continuity.match.Provider`. A list that breaks is begun anew: listed twice counts once."""
        for attempt in range(1, _LISTED_ANEW + 1):
            try:
                async for payment in self._adapter.list_payments(since or _EVER, refunds=True):
                    yield _facts(self.name, payment)
            except Unavailable:
                if attempt == _LISTED_ANEW:
                    raise
                await asyncio.sleep(_PAUSE_S * attempt)
            else:
                return


def _facts(provider: str, payment: ProviderPayment) -> PaymentFacts:
    return PaymentFacts(
        order_id=payment.order_id,
        changed_at=payment.created_at,
        provider=provider,
        reference=payment.reference,
        status=payment.status,
        amount_minor=payment.amount.amount_minor,
        currency=payment.amount.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
    )


class MeshRepairer:
    """Has the services repair, through the first gateway that answers.

    Args:
        meshes: a client for each gateway; the caller starts and stops them.
    """

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        self._meshes = meshes

    async def carry_out(self, repair: Repair) -> None:
        """See `continuity.match.Repairer`."""
        error: Unavailable | None = None
        for mesh in self._meshes:
            try:
                await _carry_out(mesh, repair)
            except Unavailable as unavailable:
                error = unavailable
            else:
                return
        raise error or Unavailable("there is no gateway")


async def _carry_out(mesh: Mesh, repair: Repair) -> None:
    match repair.action:
        case Action.REMIND_ORDER:
            path = f"/internal/orders/{repair.order_id}/remind"
            await mesh.call("POST", path, reply=Reminder, timeout_s=_REPAIR_S)
        case Action.CLOSE_PAYMENT:
            path = f"/internal/payments/{repair.order_id}/void"
            await mesh.call("POST", path, reply=Settlement, timeout_s=_REPAIR_S)
            # What the payments service had not heard of yet belongs to a closed order now.
            await _reconcile(mesh, repair)
        case Action.RECONCILE:
            await _reconcile(mesh, repair)
        case Action.RELEASE_STOCK:
            path = f"/internal/inventory/reservations/{repair.order_id}/release"
            await mesh.call("POST", path, reply=Reservation, timeout_s=_REPAIR_S)
        case Action.RECOUNT_STOCK:
            path = f"/internal/inventory/stock/{quote(repair.sku, safe='')}/recount"
            await mesh.call("POST", path, reply=StockLevel, timeout_s=_REPAIR_S)
        case Action.BY_HAND:
            raise ConfigurationError(f"{repair} is for a person to do")


async def _reconcile(mesh: Mesh, repair: Repair) -> None:
    await mesh.call(
        "POST",
        "/internal/payments/reconcile",
        body=Reconcile(provider=repair.provider, reference=repair.reference),
        reply=Reconciliation,
        timeout_s=_REPAIR_S,
    )


class MatchAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What the match may use of a platform.

    Attributes:
        settings: of a process that hosts payments: cells, providers and the key of the services.
        auditor_password: of the role that reads everything and changes nothing.
        mesh_urls: of every gateway.
    """

    settings: ProcessSettings
    auditor_password: str
    mesh_urls: tuple[str, ...]

    def __repr__(self) -> str:
        return "MatchAccess(…)"


def match_access(platform: Platform) -> MatchAccess:
    """Access to a platform in its data directory.

    Raises:
        ConfigurationError: its secrets cannot be read, or no process hosts payments.
    """
    layout, secrets = platform.layout, platform.secrets
    hosts = layout.hosting("payments")
    if not hosts:
        raise ConfigurationError("No process of this topology hosts payments: there is nothing to match.")
    return MatchAccess(
        settings=process_settings(layout, hosts[0], secrets),
        auditor_password=secrets.role_passwords[AUDITOR],
        mesh_urls=tuple(gateway.url("mesh") for gateway in layout.gateways),
    )


class Match:
    """A platform's match, its connections open."""

    def __init__(self, comparison: Comparison, repairer: MeshRepairer) -> None:
        self._comparison = comparison
        self._repairer = repairer

    async def compare(self, scope: Scope) -> Report:
        """Compare once.

        Raises:
            Unavailable: a database does not answer.
        """
        return await self._comparison.run(scope)

    async def repair(self, scope: Scope, before: Report, patience_s: float) -> Outcome:
        """Repair what `before` found, and compare again.

        Raises:
            Unavailable: a database does not answer.
        """
        return await repair_and_compare(self._comparison, scope, before, self._repairer, patience_s)


@asynccontextmanager
async def open_match(access: MatchAccess, watcher: Watcher | None = None) -> AsyncIterator[Match]:
    """Open the sides; they are closed when the block is left."""
    adapters = payment_providers(access.settings.providers)
    meshes = [Mesh(url, access.settings.service_key) for url in access.mesh_urls]
    async with AsyncExitStack() as stack:
        parts: list[Lifecycle] = [*adapters, *meshes]
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        cells = {
            name: _books(name, cell, access.auditor_password) for name, cell in access.settings.cells.items()
        }
        sides = [AdapterSide(adapter) for adapter in adapters]
        yield Match(Comparison(cells, sides, watcher), MeshRepairer(meshes))


def _books(name: str, cell: CellSettings, password: str) -> OpenBooks:
    cluster = Cluster(
        members=tuple(Member(member.host, member.port) for member in cell.members),
        database=cell.database,
        role=AUDITOR,
        password=password,
        application="everopen match",
        statement_timeout_s=_STATEMENT_S,
    )
    # Only the leader has everything, and a session of this role reads only, on the leader, too; it has
    # nothing to commit that anybody could wait for.
    return partial(open_books, name, partial(cluster.connect, SessionAttribute.primary, "local"))
