"""The one description of the whole public API, whatever process its parts run in.

It is generated from the routes (`everopen openapi`), kept in the repository beside this file, and
served as it is: a process hosts only some services, and has to describe them all.
"""

from importlib.resources import files
from typing import Any

from litestar import Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, SecurityScheme

from everopen.kit.service import Service

FILE_NAME = "openapi.json"

CONFIG = OpenAPIConfig(
    title="Everopen",
    version="1",
    summary="The commerce backend that never loses an order.",
    license=License(name="Apache-2.0", identifier="Apache-2.0"),
    components=Components(
        security_schemes={
            "session": SecurityScheme(
                type="http", scheme="bearer", description="A token from POST /v1/sessions"
            )
        }
    ),
    security=[{"session": []}],
)


def api_description() -> Service:
    """Serves the description at `/v1/openapi.json`."""
    document = files("everopen.apps").joinpath(FILE_NAME).read_bytes()

    @get("/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
    def openapi_document() -> Response[bytes]:
        return Response(document, media_type="application/json", headers={"cache-control": "max-age=300"})

    return Service("openapi", Router("/", route_handlers=[openapi_document]))


def describe(routers: list[Router]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every public route of `routers`."""
    from litestar import Litestar

    from everopen.kit.http.callers import PRINCIPAL

    application = Litestar(
        route_handlers=routers, dependencies=PRINCIPAL, openapi_config=CONFIG, logging_config=None
    )
    schema: dict[str, Any] = application.openapi_schema.to_schema()
    return schema
