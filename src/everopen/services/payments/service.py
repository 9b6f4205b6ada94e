"""Wiring the payments service."""

from collections.abc import Sequence

from everopen.contracts.payments import PaymentMethod
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.kit.service import Service
from everopen.services.payments.desk import desk_router
from everopen.services.payments.handlers import Authorizer
from everopen.services.payments.http import build_router
from everopen.services.payments.providers.provider import Provider
from everopen.services.payments.reconciler import Reconciler, Timings
from everopen.services.payments.router import Router
from everopen.services.payments.settling import Settler
from everopen.services.payments.webhooks import WebhookDesk


def build(
    *,
    database: Database,
    cell: str,
    generation: int,
    providers: Sequence[Provider],
    methods: Sequence[PaymentMethod],
    mesh: Mesh,
    instance: str,
    timings: Timings | None = None,
) -> Service:
    """The payments service of one cell.

    Args:
        database: the cell's, as role `payments`; started by the host.
        generation: of the cell; part of every key given to a provider for an authorization.
        providers: in the order in which they are tried. The service starts and stops them.
        methods: what a storefront is told of the providers; one for each, in the same order.
        mesh: for waking orders; started by the host.
        instance: this process's name, for the reconcilers' turns.
        timings: of the reconcilers; only tests need others.
    """
    router = Router(providers)
    if router.names != tuple(method.provider for method in methods):
        raise ValueError("there must be one payment method for each provider, in the same order")
    settler = Settler(database, router)
    reconcilers = [
        Reconciler(
            database=database,
            provider=provider,
            settler=settler,
            mesh=mesh,
            cell=cell,
            generation=generation,
            instance=instance,
            timings=timings or Timings(),
        )
        for provider in router.providers
    ]
    routes = build_router(
        cell=cell,
        database=database,
        authorizer=Authorizer(database, router, cell, generation),
        settler=settler,
        desk=WebhookDesk(database, router, mesh),
        reconcilers=dict(zip(router.names, reconcilers, strict=True)),
        methods=tuple(methods),
    )
    routes.register(desk_router(database))
    return Service(name="payments", router=routes, parts=[*router.providers, *reconcilers])
