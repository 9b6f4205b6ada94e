"""TOML text to `Topology`, with errors that name the key and what is allowed there."""

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from everopen.core.errors import ConfigurationError
from everopen.topology.check import check_topology
from everopen.topology.types import (
    FORMAT,
    MAX_COUNT,
    PLATFORM_SERVICES,
    Cell,
    Engines,
    Mail,
    Process,
    Provider,
    RateLimits,
    Site,
    Store,
    System,
    SystemName,
    Topology,
    Webhooks,
    Zone,
)

T = TypeVar("T", bound=msgspec.Struct)

_NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
_TOP_KEYS = Topology.__struct_fields__
# In the file that an earlier release keeps beside its data, which has to be stopped and started still.
_FORMER_PROVIDERS = ("plainpay",)
_MSGSPEC_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")
_PORT_BASE_LINE = re.compile(r"^port_base\s*=.*$", re.MULTILINE)


def read_topology(path: Path) -> Topology:
    """Parse and check the file.

    Raises:
        ConfigurationError: it cannot be read, or is wrong; names the file, the key and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The topology {path} cannot be read: {error}") from error
    return parse_topology(text, source=str(path))


def parse_topology(
    text: str, *, source: str = "topology", services: Collection[str] = PLATFORM_SERVICES
) -> Topology:
    """Parse and check the text of a topology file.

    Args:
        source: what messages call the file.
        services: that every region must host; by default all that this release has.

    Raises:
        ConfigurationError: see `read_topology`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not TOML: {error}") from error
    try:
        topology = _topology(raw)
        check_topology(topology, services)
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from error
    return topology


def with_port_base(text: str, port_base: int) -> str:
    """The text of a topology with another `port_base`; comments and order stay."""
    line = f"port_base = {port_base}"
    if _PORT_BASE_LINE.search(text):
        return _PORT_BASE_LINE.sub(line, text, count=1)
    return f"{line}\n{text}"


def _topology(raw: dict[str, Any]) -> Topology:
    _only(raw, _TOP_KEYS, "")
    if raw.get("format") != FORMAT:
        found = "is missing" if "format" not in raw else f"is {raw['format']!r}"
        raise ConfigurationError(f"`format` {found}; this release reads format {FORMAT}.")
    plain = {
        key: raw[key]
        for key in ("format", "name", "port_base", "faults", "sandbox", "currency")
        if key in raw
    }
    _named(str(plain.get("name", "")), "name", pattern=re.compile(r"[a-z][a-z0-9-]{0,39}"))
    parts = {
        "sites": tuple(_site(name, table) for name, table in _tables(raw, "sites", required=True).items()),
        "cells": _each(raw, "cells", Cell),
        "stores": _each(raw, "stores", Store),
        "systems": _each(raw, "systems", System, allowed=get_args(SystemName)),
        "processes": _each(raw, "processes", Process),
        "providers": _providers(raw),
        "mail": _convert(raw.get("mail", {}), Mail, "mail"),
        "webhooks": _convert(raw.get("webhooks", {}), Webhooks, "webhooks"),
        "rate_limits": _convert(raw.get("rate_limits", {}), RateLimits, "rate_limits"),
        "engines": _convert(raw.get("engines", {}), Engines, "engines"),
    }
    return _convert({**plain, **parts}, Topology, "")


def _site(name: str, raw: Any) -> Site:
    path = f"sites.{name}"
    _named(name, path)
    if not isinstance(raw, dict):
        raise ConfigurationError(f"`{path}` must be a table.")
    _only(raw, ("kind", "zones"), path)
    zones = tuple(
        _zone(name, zone, table) for zone, table in _tables(raw, "zones", path, required=True).items()
    )
    return _convert({**raw, "name": name, "zones": zones}, Site, path)


def _zone(site: str, name: str, raw: Any) -> Zone:
    path = f"sites.{site}.zones.{name}"
    _named(name, path)
    if not isinstance(raw, dict):
        raise ConfigurationError(f"`{path}` must be a table.")
    _only(raw, [key for key in Zone.__struct_fields__ if key not in ("name", "site")], path)
    for process, count in _tables(raw, "processes", path).items():
        if not isinstance(count, int) or not 0 <= count <= MAX_COUNT:
            raise ConfigurationError(
                f"`{path}.processes.{process}`: {count!r}; allowed: a number from 0 to {MAX_COUNT}."
            )
    return _convert({**raw, "name": f"{site}-{name}", "site": site}, Zone, path)


def _providers(raw: dict[str, Any]) -> tuple[Provider, ...]:
    listed = raw.get("providers", [])
    if not isinstance(listed, list):
        raise ConfigurationError("`providers` must be an array of tables: [[providers]].")
    return tuple(
        _convert(item, Provider, f"providers[{at}]")
        for at, item in enumerate(listed)
        if not (isinstance(item, dict) and item.get("name") in _FORMER_PROVIDERS)
    )


def _each(
    raw: dict[str, Any], key: str, type_: type[T], *, allowed: tuple[str, ...] | None = None
) -> tuple[T, ...]:
    tables = _tables(raw, key, required=True)
    converted = []
    for name, table in tables.items():
        path = f"{key}.{name}"
        if allowed is not None and name not in allowed:
            raise ConfigurationError(f"`{path}` is not known; allowed: {', '.join(allowed)}.")
        _named(name, path, pattern=re.compile(r"[a-z][a-z0-9-]{0,39}"))
        if not isinstance(table, dict):
            raise ConfigurationError(f"`{path}` must be a table.")
        _only(table, [field for field in type_.__struct_fields__ if field != "name"], path)
        converted.append(_convert({**table, "name": name}, type_, path))
    return tuple(converted)


def _tables(raw: Mapping[str, Any], key: str, path: str = "", *, required: bool = False) -> dict[str, Any]:
    here = f"{path}.{key}" if path else key
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"`{here}` must be a table of tables: [{here}.NAME].")
    if required and not value:
        raise ConfigurationError(f"`{here}` is missing; give at least one [{here}.NAME].")
    return value


def _named(name: str, path: str, pattern: re.Pattern[str] = _NAME) -> None:
    if not pattern.fullmatch(name):
        raise ConfigurationError(
            f"`{path}`: the name {name!r} is not allowed; names match {pattern.pattern}."
        )


def _only(raw: Mapping[str, Any], allowed: tuple[str, ...] | list[str], path: str) -> None:
    for key in raw:
        if key not in allowed:
            here = f"{path}.{key}" if path else key
            raise ConfigurationError(f"`{here}` is not known; allowed: {', '.join(allowed)}.")


def _convert(raw: Any, type_: type[T], path: str) -> T:
    """msgspec's conversion, with our path and the allowed values in the message."""
    try:
        return msgspec.convert(raw, type_)
    except msgspec.ValidationError as error:
        message = str(error)
        match = _MSGSPEC_PATH.search(message)
        below = match["path"] if match else ""
        what = message[: match.start()] if match else message
        if missing := _MISSING.search(what):
            name = f"{path}{below}.{missing['field']}".removeprefix(".")
            raise ConfigurationError(f"`{name}` is missing.") from error
        where = f"{path}{below}" if path else below.removeprefix(".")
        allowed = _allowed_at(type_, below)
        hint = f"; allowed: {', '.join(allowed)}" if allowed else ""
        raise ConfigurationError(f"`{where or 'topology'}`: {what}{hint}.") from error


def _allowed_at(type_: type[msgspec.Struct], below: str) -> tuple[str, ...]:
    """The values of the `Literal` at `below` in `type_`, if there is one; else its keys at the top."""
    if not below:
        return tuple(field for field in type_.__struct_fields__ if field != "name")
    field = re.split(r"[.\[]", below.removeprefix("."))[0]
    hint = get_type_hints(type_).get(field)
    pending = [hint]
    while pending:
        candidate = pending.pop()
        if get_origin(candidate) is Literal:
            return tuple(map(str, get_args(candidate)))
        pending.extend(get_args(candidate))
    return ()
