"""Checking session tokens at the gateway: Envoy's `jwt_authn`, in a file that is read again when it changes.

The filter's configuration has a file of its own (extension config discovery from the filesystem): when the
keys change, Envoy takes the new ones over without closing a connection, and it asks nobody for them, so that
it goes on checking whatever else is down.
"""

import re
from typing import Any

import aiohttp

from everopen.engines.document import to_yaml
from everopen.engines.program import File
from everopen.topology import Instance

TOKEN_FILTER = "session_tokens"  # noqa: S105  # a name
ISSUER = "everopen"  # as kit.auth signs it
_FILE = "session-tokens.yaml"
_JWT_AUTHN = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
# Here whoever is asking is not known yet: an old token in the way of a new session would lock its bearer out.
_NOT_CHECKED = ("/v1/sessions", "/v1/.well-known/jwks.json")
# Checked once while they are in use, at some 6 kB each (measured); one more check costs little.
_REMEMBERED_TOKENS = 1024


def token_filter(instance: Instance) -> dict[str, Any]:
    """The filter, as the listener names it."""
    return {
        "name": TOKEN_FILTER,
        "config_discovery": {
            "config_source": {
                "path_config_source": {
                    "path": str(instance.directory / _FILE),
                    "watched_directory": {"path": str(instance.directory)},
                },
                "resource_api_version": "V3",
            },
            "type_urls": [_JWT_AUTHN],
        },
    }


def token_filter_file(instance: Instance, jwks: str) -> File:
    """The file with the filter's configuration, to be replaced at once (by renaming) when the keys change.

    Args:
        jwks: the keys that tokens may be signed with, a JSON Web Key Set (RFC 7517).
    """
    resource = {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": TOKEN_FILTER,
        "typed_config": {"@type": _JWT_AUTHN, **_checks(jwks)},
    }
    return File(instance.directory / _FILE, to_yaml({"resources": [resource]}))


def _checks(jwks: str) -> dict[str, Any]:
    """A token that is sent must be good; where none is sent, the service decides whether it wants one."""
    provider = "sessions"
    return {
        "providers": {
            provider: {
                "issuer": ISSUER,
                "local_jwks": {"inline_string": jwks},
                "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
                "forward": True,  # the services check it themselves too
                "payload_in_metadata": "payload",
                "jwt_cache_config": {"jwt_cache_size": _REMEMBERED_TOKENS},
            }
        },
        "rules": [
            *({"match": {"path": path}} for path in _NOT_CHECKED),
            {
                "match": {"prefix": "/v1/"},
                "requires": {
                    "requires_any": {"requirements": [{"provider_name": provider}, {"allow_missing": {}}]}
                },
            },
        ],
    }


async def has_token_keys(session: aiohttp.ClientSession, instance: Instance, key_ids: set[str]) -> bool:
    """Whether this Envoy checks tokens with exactly these keys now, by its own account.

    Raises:
        aiohttp.ClientError, TimeoutError: it does not answer.
    """
    url = instance.url("admin") + "/config_dump?resource=ecds_filters"
    async with session.get(url) as answer:
        dump = await answer.text()
    # The keys are a JSON document inside a string of this one.
    return set(re.findall(r'\\"kid\\":\\"([^"\\]+)\\"', dump)) == key_ids
