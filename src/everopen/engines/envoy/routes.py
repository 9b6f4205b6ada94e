"""Which path goes to which service, and what may be repeated."""

from typing import Any

from everopen.core import limits
from everopen.topology import Instance, Layout
from everopen.topology.types import PLATFORM_SERVICES, ServiceName

# The public API by prefix. A path under /v1 that is not here is nobody's: 404.
API_PREFIXES: dict[str, ServiceName] = {
    "/v1/products": "catalog",
    "/v1/summaries": "catalog",
    "/v1/variants": "catalog",
    "/v1/search": "catalog",
    "/v1/categories": "catalog",
    "/v1/imports": "catalog",
    "/v1/images": "catalog",
    "/v1/openapi.json": "catalog",
    "/v1/carts": "cart",
    "/v1/sessions": "identity",
    "/v1/customers": "identity",
    "/v1/.well-known": "identity",
    "/.well-known/jwks.json": "identity",
    "/v1/orders": "orders",
    "/v1/stock": "inventory",
    "/v1/inventory": "inventory",
    "/v1/merchant/orders": "orders",
    "/v1/merchant/products": "catalog",
    "/v1/merchant/stock": "inventory",
    "/v1/merchant/payments": "payments",
    "/v1/merchant/messages": "notifications",
    "/v1/audit/catalog": "catalog",
    "/v1/audit/inventory": "inventory",
    "/v1/audit/orders": "orders",
    "/v1/audit/notifications": "notifications",
    "/v1/payments": "payments",
    "/v1/payment-methods": "payments",
    "/v1/webhooks": "payments",
    "/v1/webhook-subscriptions": "notifications",
    "/v1/events": "insights",
    "/v1/recommendations": "insights",
}
# Bodies larger than what is held back for a repetition.
_UPLOADS = {"/v1/imports": limits.IMPORT_BYTES, "/v1/images": limits.IMAGE_BYTES}
_FORMS_WITH_FILES = {"/merchant/import": limits.IMPORT_BYTES, "/merchant/images": limits.IMAGE_BYTES}
_FORM_BYTES = 64 * 1024  # what a form adds to its file
# Internal routes are under the service's name, but for those named after what the service keeps.
_INTERNAL_PREFIXES: dict[ServiceName, str] = {"cart": "/internal/carts"}

_ROUTE_TIMEOUT_S = 30  # above the services' own deadlines, which are what callers meet
_READ_TRY_TIMEOUT_S = 5
_RETRIES = 2

BUFFER_FILTER = "envoy.filters.http.buffer"
# Envoy holds a body back for a retry; the services have their own, lower limit with a clear problem.
BODY_BACKSTOP_BYTES = 1024 * 1024


def gateway_routes() -> list[dict[str, Any]]:
    """What shoppers may reach. `/internal` is not among it, nor is anything unknown under `/v1`."""
    return [
        _refused("/internal"),
        _refused("/health"),
        *_api_routes(),
        _refused("/v1"),
        *_routes_to({"path_separated_prefix": "/images"}, "catalog"),
        # The merchant's forms that bring a file.
        *(
            _upload({"path": path}, "storefront", most_bytes + _FORM_BYTES)
            for path, most_bytes in _FORMS_WITH_FILES.items()
        ),
        *_routes_to({"prefix": "/"}, "storefront"),
    ]


def mesh_routes() -> list[dict[str, Any]]:
    """What services may reach: one another's internal routes, and the public API."""
    internal = [
        route
        for service in PLATFORM_SERVICES
        for route in _routes_to({"path_separated_prefix": _internal_prefix(service)}, service)
    ]
    return [*internal, *_api_routes(), _refused("/")]


def path_prefixes(service: ServiceName) -> list[str]:
    """The paths of a service within the platform, public and internal, by whole segments."""
    public = [prefix for prefix, owner in API_PREFIXES.items() if owner == service]
    return [*public, _internal_prefix(service)]


def _internal_prefix(service: ServiceName) -> str:
    return _INTERNAL_PREFIXES.get(service, f"/internal/{service}")


def _api_routes() -> list[dict[str, Any]]:
    routes: list[dict[str, Any]] = []
    for prefix, service in API_PREFIXES.items():
        match = {"path_separated_prefix": prefix}
        if prefix in _UPLOADS:
            routes.append(_upload(match, service, _UPLOADS[prefix]))
        routes.extend(_routes_to(match, service))
    return routes


def _refused(prefix: str) -> dict[str, Any]:
    match = {"prefix": "/"} if prefix == "/" else {"path_separated_prefix": prefix}
    return {"match": match, "direct_response": {"status": 404}}


def _routes_to(match: dict[str, Any], service: ServiceName) -> list[dict[str, Any]]:
    """Three routes: reads and repeatable writes, writes with a key, and everything else.

    A request that may have reached an instance is sent again only if a repetition is harmless.
    """
    return [
        _route(match, service, [_method("^(GET|HEAD)$")], _repeatable(per_try_s=_READ_TRY_TIMEOUT_S)),
        _route(match, service, [_method("^(PUT|DELETE)$")], _repeatable()),
        _route(
            match,
            service,
            [_method("^POST$"), {"name": "idempotency-key", "present_match": True}],
            _repeatable(),
        ),
        _route(match, service, [], _never_reached()),
    ]


def _method(pattern: str) -> dict[str, Any]:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": pattern}}}


def _route(
    match: dict[str, Any], service: ServiceName, headers: list[dict[str, Any]], retry: dict[str, Any]
) -> dict[str, Any]:
    return {
        "match": {**match, **({"headers": headers} if headers else {})},
        "route": {"cluster": service, "timeout": f"{_ROUTE_TIMEOUT_S}s", "retry_policy": retry},
    }


def _upload(match: dict[str, Any], service: ServiceName, most_bytes: int) -> dict[str, Any]:
    """A long upload: a large body, and as long as it takes."""
    return {
        "match": {**match, "headers": [_method("^(POST|PUT)$")]},
        "route": {
            "cluster": service,
            "timeout": "0s",
            "idle_timeout": "0s",
            "retry_policy": _never_reached(),
        },
        "typed_per_filter_config": {
            BUFFER_FILTER: {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
                "buffer": {"max_request_bytes": most_bytes},
            }
        },
    }


def _repeatable(per_try_s: int | None = None) -> dict[str, Any]:
    policy = {
        "retry_on": "connect-failure,refused-stream,reset,retriable-status-codes",
        "retriable_status_codes": [503],
        **_elsewhere(),
    }
    if per_try_s is not None:
        policy["per_try_timeout"] = f"{per_try_s}s"
    return policy


def _never_reached() -> dict[str, Any]:
    return {"retry_on": "connect-failure,refused-stream", **_elsewhere()}


def _elsewhere() -> dict[str, Any]:
    """Try another instance: not the same host, then not the same zone."""
    predicates = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3"
    priorities = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3"
    return {
        "num_retries": _RETRIES,
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {"@type": f"{predicates}.PreviousHostsPredicate"},
            }
        ],
        "host_selection_retry_max_attempts": 3,
        "retry_priority": {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": {
                "@type": f"{priorities}.PreviousPrioritiesConfig",
                "update_frequency": 1,
            },
        },
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    }


def services_in(layout: Layout, gateway: Instance) -> tuple[ServiceName, ...]:
    """The services that this gateway can route to."""
    return tuple(s for s in PLATFORM_SERVICES if layout.hosting(s, site=gateway.site))
