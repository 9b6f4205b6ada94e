"""How often a client may ask: Envoy's `local_ratelimit`, a bucket for each client address and each token.

Each gateway counts by itself: a client who spreads over the gateways of a region has so many times the rate.
"""

from typing import Any

from everopen.topology.types import RateLimits

_FILTER = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
# Clients that are counted at a time; the one that was not heard of for longest is forgotten, and begins with
# a full bucket when it comes back.
_CLIENTS = 5_000
_ALWAYS = {"numerator": 100, "denominator": "HUNDRED"}
# A client is an IPv4 address or an IPv6 network of 64 bits: everyone has many addresses there.
_CLIENT = {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
_KIND = "kind"
# What has a rate per minute: patterns of paths. A form counts like what is done with it, or whoever tries
# passwords would send the form instead.
_BEGINNINGS = {
    "session": "/v1/sessions",
    "sign-in": "(/v1/sessions|/account/sign-in|/account/password|/merchant/sign-in)",
    "registration": "(/v1/customers|/account/register)",
}
API_BEGINNINGS = "/v1/(sessions|customers)"
FORM_BEGINNINGS = "/(account/(sign-in|password|register)|merchant/sign-in)"
# A minute's rate is given in parts, so that whoever is refused need not wait for a whole minute.
SLOW_FILL_S = 10


def rate_limit_filter(limits: RateLimits) -> dict[str, Any]:
    """The filter; each of its limits counts apart, and the first that is used up refuses."""
    per_minute = {
        "session": limits.sessions_per_minute,
        "sign-in": limits.sign_ins_per_minute,
        "registration": limits.registrations_per_minute,
    }
    requests = _bucket(limits.requests_at_once, limits.requests_per_s, 1)
    return {
        "name": "envoy.filters.http.local_ratelimit",
        "typed_config": {
            "@type": _FILTER,
            "stat_prefix": "clients",
            "filter_enabled": {"default_value": _ALWAYS},
            "filter_enforced": {"default_value": _ALWAYS},
            "response_headers_to_add": [_header("retry-after", "1")],
            "max_dynamic_descriptors": _CLIENTS,
            # What has no bucket below is not limited; a bucket for everything is demanded, and not used.
            "token_bucket": _bucket(4_000_000_000, 4_000_000_000, 1),
            "always_consume_default_token_bucket": False,
            "rate_limits": [
                {"actions": [_CLIENT]},
                {
                    "actions": [
                        {"request_headers": {"header_name": "authorization", "descriptor_key": "token"}}
                    ]
                },
                *({"actions": [_kind(kind), _CLIENT]} for kind in per_minute),
            ],
            "descriptors": [
                {"entries": [{"key": "masked_remote_address"}], "token_bucket": requests},
                {"entries": [{"key": "token"}], "token_bucket": requests},
                *(
                    {
                        "entries": [{"key": _KIND, "value": kind}, {"key": "masked_remote_address"}],
                        "token_bucket": _bucket(rate, rate * SLOW_FILL_S // 60, SLOW_FILL_S),
                    }
                    for kind, rate in per_minute.items()
                ),
            ],
        },
    }


def slow_retry() -> list[dict[str, Any]]:
    """Headers for a refusal by a limit of a rate per minute."""
    return [_header("retry-after", str(SLOW_FILL_S))]


def _header(name: str, value: str) -> dict[str, Any]:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _bucket(at_once: int, per_fill: int, fill_s: int) -> dict[str, Any]:
    return {"max_tokens": at_once, "tokens_per_fill": per_fill, "fill_interval": f"{fill_s}s"}


def _kind(kind: str) -> dict[str, Any]:
    path = _BEGINNINGS[kind]
    headers: list[dict[str, Any]] = [
        {"name": ":method", "string_match": {"exact": "POST"}},
        {"name": ":path", "string_match": {"safe_regex": {"regex": rf"{path}/?(\?.*)?"}}},
    ]
    if kind != "registration":
        # An anonymous session says that it has no body; what says nothing may hold credentials.
        headers.append(
            {
                "name": "content-length",
                "string_match": {"exact": "0"},
                "treat_missing_header_as_empty": True,
                "invert_match": kind == "sign-in",
            }
        )
    return {"header_value_match": {"descriptor_key": _KIND, "descriptor_value": kind, "headers": headers}}
