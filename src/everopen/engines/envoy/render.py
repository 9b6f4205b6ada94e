"""Envoy's static configuration: gateway, mesh and cache listeners of one zone."""

from pathlib import Path
from typing import Any

from everopen.engines.document import to_yaml
from everopen.engines.envoy.clusters import CACHE_CLUSTER, cache_cluster, service_cluster
from everopen.engines.envoy.rate_limits import (
    API_BEGINNINGS,
    FORM_BEGINNINGS,
    rate_limit_filter,
    slow_retry,
)
from everopen.engines.envoy.routes import (
    BODY_BACKSTOP_BYTES,
    BUFFER_FILTER,
    gateway_routes,
    mesh_routes,
    services_in,
)
from everopen.engines.envoy.tokens import token_filter
from everopen.engines.program import File, Program, Rendered
from everopen.topology import Instance, Kind, Layout

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
# What only our own services may say; never taken from a shopper.
_SERVICE_HEADERS = ["x-everopen-service-key", "x-everopen-timeout-ms"]


def render_envoy(layout: Layout, instance: Instance, binary: Path) -> Rendered:
    """Configuration and command of the Envoy of one zone."""
    path = instance.directory / "envoy.yaml"
    return Rendered(
        program=Program(
            instance=instance.name,
            command=(
                str(binary),
                "--config-path",
                str(path),
                "--concurrency",
                "1",
                "--disable-hot-restart",
                "--log-path",
                str(instance.directory / "envoy.log"),
                "--log-level",
                "warn",
            ),
            directory=instance.directory,
            stop_wait_s=10,
        ),
        files=(File(path, to_yaml(envoy_config(layout, instance))),),
    )


def envoy_config(layout: Layout, instance: Instance) -> dict[str, Any]:
    """The configuration as a document."""
    listeners = [
        _http_listener(instance, "public", gateway_routes(), _edge_filters(layout, instance)),
        _http_listener(instance, "mesh", mesh_routes()),
    ]
    clusters = [service_cluster(layout, instance, s) for s in services_in(layout, instance)]
    if layout.of_kind(Kind.CACHE, site=instance.site):
        listeners.append(_cache_listener(instance))
        clusters.append(cache_cluster(layout, instance))
    return {
        "node": {
            "id": instance.name,
            "cluster": layout.topology.name,
            "locality": {"region": instance.site, "zone": instance.zone},
        },
        "admin": {"address": _address(instance, "admin")},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_EXTENSIONS}.resource_monitors.downstream_connections.v3"
                        ".DownstreamConnectionsConfig",
                        "max_active_downstream_connections": 8192,
                    },
                }
            ]
        },
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }


def _address(instance: Instance, port: str) -> dict[str, Any]:
    return {"socket_address": {"address": instance.address, "port_value": instance.ports[port]}}


def _edge_filters(layout: Layout, instance: Instance) -> list[dict[str, Any]]:
    """What a shopper's request has to pass: first the count, which is cheap, then the check of its token."""
    limits = layout.topology.rate_limits
    return [*([rate_limit_filter(limits)] if limits.enabled else []), token_filter(instance)]


def _http_listener(
    instance: Instance,
    port: str,
    routes: list[dict[str, Any]],
    edge_filters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A listener for HTTP; with `edge_filters`, one for shoppers."""
    public = edge_filters is not None
    manager: dict[str, Any] = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": port,
        "codec_type": "AUTO",
        "use_remote_address": True,
        # Shoppers come from loopback too on one machine: nobody's address makes them trusted there.
        "internal_address_config": {"cidr_ranges": [_NOBODY if public else _LOOPBACK]},
        "generate_request_id": True,
        "preserve_external_request_id": not public,
        "always_set_request_id_in_response": True,
        "server_header_transformation": "PASS_THROUGH",
        # A process hosts several services: a path must mean the same to Envoy and to the process.
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {
            "idle_timeout": "120s",
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "request_headers_timeout": "10s",
        "stream_idle_timeout": "60s",
        "access_log": [_access_log()],
        "local_reply_config": _local_replies(),
        "http_filters": [
            *(edge_filters or ()),
            _buffer_filter(),
            _router_filter(),
        ],
        "route_config": {
            "name": port,
            "virtual_hosts": [{"name": port, "domains": ["*"], "routes": routes}],
            **({"request_headers_to_remove": _SERVICE_HEADERS} if public else {}),
        },
    }
    return {
        "name": port,
        "address": _address(instance, port),
        "per_connection_buffer_limit_bytes": BODY_BACKSTOP_BYTES,
        "filter_chains": [{"filters": [{"name": "envoy.http_connection_manager", "typed_config": manager}]}],
    }


_LOOPBACK = {"address_prefix": "127.0.0.0", "prefix_len": 8}
# An address of RFC 5737, which exists nowhere: an empty list would mean the default ranges.
_NOBODY = {"address_prefix": "192.0.2.0", "prefix_len": 32}


def _buffer_filter() -> dict[str, Any]:
    return {
        "name": BUFFER_FILTER,
        "typed_config": {
            "@type": f"{_EXTENSIONS}.filters.http.buffer.v3.Buffer",
            "max_request_bytes": BODY_BACKSTOP_BYTES,
        },
    }


def _router_filter() -> dict[str, Any]:
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
    }


def _access_log() -> dict[str, Any]:
    """One JSON line per request on standard output, which the supervisor keeps and rotates.

    Paths are written without their query, which may carry a token.
    """
    line = {
        "at": "%START_TIME%",
        "request_id": "%REQ(X-REQUEST-ID)%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ:PATH)%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "upstream": "%UPSTREAM_HOST%",
        "upstream_cluster": "%UPSTREAM_CLUSTER%",
        "duration_ms": "%DURATION%",
        "received_bytes": "%BYTES_RECEIVED%",
        "sent_bytes": "%BYTES_SENT%",
    }
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"json_format": line},
        },
    }


# What Envoy itself has to say: comparison with the status, code, title, detail. The first that fits counts.
# `gateway-unavailable` is not `unavailable`: Envoy does not know whether the request was carried out.
_TOO_OFTEN = (
    "EQ",
    429,
    "too-many-requests",
    "Too Many Requests",
    "That was too often. Try again a little later.",
)
_OWN_PROBLEMS = (
    ("EQ", 401, "token-invalid", "Unauthorized", "This session token is not valid. Begin a new session."),
    ("EQ", 404, "not-found", "Not Found", "There is nothing under this address."),
    _TOO_OFTEN,
    ("EQ", 413, "content-too-large", "Content Too Large", "The body is larger than this address takes."),
    (
        "GE",
        500,
        "gateway-unavailable",
        "Service Unavailable",
        "A part of the platform does not answer. Try again, with the same Idempotency-Key.",
    ),
    ("GE", 400, "bad-request", "Bad Request", "This is not a request that can be understood."),
)


def _local_replies() -> dict[str, Any]:
    """What Envoy answers itself: a problem document (RFC 9457) on the API, a short page elsewhere."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>%RESPONSE_CODE%</title>'
        "<h1>%RESPONSE_CODE%</h1><p>%LOCAL_REPLY_BODY%</p>\n"
    )
    return {
        "mappers": [
            _own_problem(*_TOO_OFTEN, of=_BEGINNINGS) | {"headers_to_add": slow_retry()},
            {
                "filter": _when(_FORMS, "EQ", 429, "form-too-often"),
                "headers_to_add": slow_retry(),
                "body": {"inline_string": "That was too often. Go back in a little while, and try again."},
            },
            *(_own_problem(*known) for known in _OWN_PROBLEMS),
        ],
        "body_format": {
            "text_format_source": {"inline_string": page},
            "content_type": "text/html; charset=utf-8",
        },
    }


_API = "/(v1|internal).*"
# Which have limits of a rate per minute.
_BEGINNINGS = rf"{API_BEGINNINGS}/?(\?.*)?"
_FORMS = rf"{FORM_BEGINNINGS}/?(\?.*)?"


def _own_problem(
    comparison: str, status: int, code: str, title: str, detail: str, *, of: str = _API
) -> dict[str, Any]:
    return {
        "filter": _when(of, comparison, status, code),
        "body_format_override": {
            "json_format": {
                "type": f"urn:everopen:problem:{code}",
                "title": title,
                "status": "%RESPONSE_CODE%",
                "detail": detail,
                "code": code,
                "request_id": "%REQ(X-REQUEST-ID)%",
            },
            "content_type": "application/problem+json",
        },
    }


def _when(path: str, comparison: str, status: int, name: str) -> dict[str, Any]:
    """Replies to paths of this pattern with such a status."""
    of_the_path = {"name": ":path", "string_match": {"safe_regex": {"regex": path}}}
    value = {"default_value": status, "runtime_key": f"local_reply.{name}"}
    return {
        "and_filter": {
            "filters": [
                {"header_filter": {"header": of_the_path}},
                {"status_code_filter": {"comparison": {"op": comparison, "value": value}}},
            ]
        }
    }


def _cache_listener(instance: Instance) -> dict[str, Any]:
    proxy = {
        "@type": f"{_EXTENSIONS}.filters.network.redis_proxy.v3.RedisProxy",
        "stat_prefix": "cache",
        "settings": {"op_timeout": "0.25s"},
        "prefix_routes": {"catch_all_route": {"cluster": CACHE_CLUSTER}},
    }
    return {
        "name": "cache",
        "address": _address(instance, "cache"),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.redis_proxy", "typed_config": proxy}]}
        ],
    }
