"""The insights API over HTTP."""

from typing import Annotated

from litestar import Router, get, post
from litestar.di import Provide
from litestar.params import Dependency, FromQuery, JSONBody, Parameter, QueryParameter

from everopen.contracts.insights import ClickEvents, EventsAccepted, IntakeStatus, Recommendations
from everopen.kit.http import internal_only
from everopen.services.insights.handlers import InsightsHandlers

Handlers = Annotated[InsightsHandlers, Dependency(skip_validation=True)]
_SHOWN = 4


@post("/v1/events", status_code=202, summary="Tell what a shopper looked at", tags=["insights"])
async def take_events(
    data: JSONBody[ClickEvents],
    insights: Handlers,
    gpc: Annotated[str | None, Parameter(header="sec-gpc", description="`1`: keep nothing")] = None,
    dnt: Annotated[str | None, Parameter(header="dnt", description="`1`: keep nothing")] = None,
) -> EventsAccepted:
    """Anonymous. Taken in at once and written later; safe to repeat, since an event's id is kept once.

    Nothing is kept of those who ask not to be followed (Global Privacy Control, Do Not Track).
    """
    if "1" in (gpc, dnt):
        return EventsAccepted(accepted=0)
    return insights.take(data)


@get("/v1/recommendations", summary="Products that go with others", tags=["insights"])
async def recommend(
    insights: Handlers,
    handle: Annotated[list[str] | None, QueryParameter(name="handle")] = None,
    limit: FromQuery[int] = _SHOWN,
) -> Recommendations:
    """What is bought together with these products, then others of the first one's category."""
    return await insights.recommend(handle or [], limit)


@get("/internal/insights/intake", guards=[internal_only], include_in_schema=False)
async def intake_status(insights: Handlers) -> IntakeStatus:
    return insights.intake()


def router(handlers: InsightsHandlers) -> Router:
    """The routes, bound to `handlers`."""
    return Router(
        "/",
        route_handlers=[take_events, recommend, intake_status],
        dependencies={"insights": Provide(lambda: handlers, sync_to_thread=False)},
    )
