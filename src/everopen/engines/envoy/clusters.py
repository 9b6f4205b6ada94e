"""Envoy's clusters: for each service all its instances in the region, the own zone first."""

from typing import Any

from everopen.topology import Instance, Kind, Layout
from everopen.topology.types import ServiceName

CACHE_CLUSTER = "cache_nodes"

_CONNECT_TIMEOUT = "0.5s"
# Below the keep-alive of the service processes, so that Envoy closes first and no request
# is sent into a connection that is just being closed.
_IDLE_TIMEOUT = "30s"
_KEEPALIVE = {"tcp_keepalive": {"keepalive_time": 10, "keepalive_interval": 5, "keepalive_probes": 2}}


def service_cluster(layout: Layout, gateway: Instance, service: ServiceName) -> dict[str, Any]:
    """Endpoints by zone and how they are watched.

    The endpoints are a static superset: health checks and ejection decide which are used, so that
    nothing has to be pushed for a failover to work.
    """
    return {
        "name": service,
        "type": "STATIC",
        "connect_timeout": _CONNECT_TIMEOUT,
        "lb_policy": "LEAST_REQUEST",
        "typed_extension_protocol_options": _http1(),
        "upstream_connection_options": _KEEPALIVE,
        # Requests in flight at an instance that hangs are cut, and repeated where that is safe.
        "close_connections_on_host_health_failure": True,
        "health_checks": [_ready_check()],
        "outlier_detection": _service_ejection(),
        "circuit_breakers": {
            "thresholds": [
                {
                    "priority": "DEFAULT",
                    "max_connections": 512,
                    "max_pending_requests": 512,
                    "max_requests": 1024,
                    # Retries are for single instances; when everything fails they make it worse.
                    "retry_budget": {
                        "budget_percent": {"value": 25.0},
                        "min_retry_concurrency": 10,
                    },
                }
            ]
        },
        "load_assignment": {
            "cluster_name": service,
            "endpoints": _by_zone(layout, gateway, layout.hosting(service, site=gateway.site)),
        },
    }


def cache_cluster(layout: Layout, gateway: Instance) -> dict[str, Any]:
    """All cache nodes of the region; each key has one home, the same for every Envoy."""
    nodes = layout.of_kind(Kind.CACHE, site=gateway.site)
    return {
        "name": CACHE_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "0.25s",
        "lb_policy": "MAGLEV",
        "upstream_connection_options": _KEEPALIVE,
        "outlier_detection": {
            "consecutive_5xx": 2,
            "interval": "1s",
            "base_ejection_time": "5s",
            "max_ejection_percent": 100,
        },
        # With every node out, a miss at once is better than trying the dead.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0.0}},
        "load_assignment": {
            "cluster_name": CACHE_CLUSTER,
            "endpoints": [{"lb_endpoints": [_endpoint(n, "valkey") for n in nodes]}],
        },
    }


def _http1() -> dict[str, Any]:
    options = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": options,
            "common_http_protocol_options": {"idle_timeout": _IDLE_TIMEOUT},
            "explicit_http_config": {"http_protocol_options": {}},
        }
    }


def _ready_check() -> dict[str, Any]:
    return {
        "timeout": "2s",
        "interval": "2s",
        "unhealthy_interval": "1s",
        "interval_jitter": "0.2s",
        # The default of 60 s for a cluster without traffic would hide a dead instance for a minute.
        "no_traffic_interval": "2s",
        "no_traffic_healthy_interval": "2s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/health/ready"},
    }


def _service_ejection() -> dict[str, Any]:
    """Eject an instance that cannot be reached at once, one that answers badly a little later.

    At most half are ejected for what they answer: when a shared dependency is out, all answer 503,
    and those that are left must not be none.
    """
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 2,
        "consecutive_gateway_failure": 5,
        "enforcing_consecutive_gateway_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": "5s",
        "max_ejection_time": "30s",
        "max_ejection_percent": 50,
    }


def _by_zone(layout: Layout, gateway: Instance, instances: tuple[Instance, ...]) -> list[dict[str, Any]]:
    zones = list(dict.fromkeys(instance.zone for instance in instances))
    # Priorities must begin at 0: in a zone without the service the others are the first.
    others = 1 if gateway.zone in zones else 0
    return [
        {
            "locality": {"region": layout.topology.zone(zone).site, "zone": zone},
            "priority": 0 if zone == gateway.zone else others,
            "lb_endpoints": [_endpoint(i, "http") for i in instances if i.zone == zone],
        }
        for zone in sorted(zones, key=lambda zone: zone != gateway.zone)
    ]


def _endpoint(instance: Instance, port: str) -> dict[str, Any]:
    address = {"address": instance.address, "port_value": instance.ports[port]}
    return {"endpoint": {"address": {"socket_address": address}}}
