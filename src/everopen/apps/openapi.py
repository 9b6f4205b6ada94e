"""The one description of the whole public API, whatever process its parts run in.

It is generated from the routes (`everopen openapi`), kept in the repository beside this file, and
served as it is: a process hosts only some services, and has to describe them all.
"""

from importlib.resources import files
from typing import Any

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.routes import HTTPRoute

from everopen.core import limits
from everopen.kit import idempotency
from everopen.kit.http import OPTIONAL_BODY
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

# Every refusal has this form (RFC 9457), in every route.
_PROBLEM = {
    "description": "Refused, and nothing was changed (4xx); or not possible at the moment (503)",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail", "code"],
                "properties": {
                    "type": {"type": "string", "format": "uri"},
                    "title": {"type": "string"},
                    "status": {"type": "integer", "minimum": 400, "maximum": 599},
                    "detail": {"type": "string", "description": "One sentence for a person."},
                    "code": {"type": "string", "description": "A stable name of the kind of problem."},
                    "request_id": {"type": "string"},
                },
            }
        }
    },
}


def api_description() -> Service:
    """Serves the description at `/v1/openapi.json`."""
    document = files("everopen.apps").joinpath(FILE_NAME).read_bytes()

    @get("/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
    def openapi_document() -> Response[bytes]:
        return Response(document, media_type="application/json", headers={"cache-control": "max-age=300"})

    return Service("openapi", Router("/", route_handlers=[openapi_document]))


def describe(routers: list[Router]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every public route of `routers`."""
    from everopen.kit.http.callers import PRINCIPAL

    application = Litestar(
        route_handlers=routers, dependencies=PRINCIPAL, openapi_config=CONFIG, logging_config=None
    )
    schema: dict[str, Any] = application.openapi_schema.to_schema()
    schema["components"]["responses"] = {"Problem": _PROBLEM}
    for route in application.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                described = schema["paths"].get(route.path_format, {}).get(method.lower())
                if described is not None:
                    _complete(described, handler)
    return schema


def _complete(described: dict[str, Any], handler: HTTPRouteHandler) -> None:
    """Say of an operation what its signature does not: refusals, keys, optional bodies, who may call it."""
    responses: dict[str, Any] = described["responses"]
    responses.pop("400", None)  # Litestar's own form, which is not ours
    responses["4XX"] = responses["503"] = {"$ref": "#/components/responses/Problem"}
    takes = handler.parsed_fn_signature.parameters
    if "security" not in described and not {"principal", "bearer"} & takes.keys():
        described["security"] = [{}]
    if (body := handler.opt.get(OPTIONAL_BODY)) is not None:
        _, kinds = msgspec.json.schema_components([body])
        content = {"application/json": {"schema": kinds[body.__name__]}}
        described["requestBody"] = {"required": False, "content": content}
    for parameter in described.get("parameters", ()):
        if parameter["name"].lower() == idempotency.HEADER:
            parameter["required"] = parameter.get("description", "").startswith("Required")
            parameter["schema"] = {
                "type": "string",
                "minLength": 1,
                "maxLength": limits.IDEMPOTENCY_KEY_CHARACTERS,
                "pattern": "^[!-~]+$",
            }
