"""Form-encoded parameters with nested keys: `a[b]=1`, `a[0][c]=2`, `a[]=3` (docs.stripe.com/api).

`parse_form` gives nested dictionaries; `Params` reads typed values out of them, and says what is
wrong in Stripe's words.
"""

import re
from collections.abc import Collection
from typing import Any, Self
from urllib.parse import parse_qsl

from everopen.sandbox.stripe.errors import StripeError, invalid

_LONGEST_TEXT = 5000
_METADATA_KEYS = 50
_METADATA_KEY_CHARACTERS = 40
_METADATA_VALUE_CHARACTERS = 500
_DEPTH = 8
_FIELDS = 1000
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def parse_form(text: str) -> dict[str, Any]:
    """Parse a query or a form into nested dictionaries; the leaves are strings.

    Raises:
        StripeError: it is not a form, or a key is used both as a value and as a hash.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as error:
        raise invalid("Invalid request: the parameters are not valid form encoding.") from error
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _put(tree, key, value)
    return tree


def _put(tree: dict[str, Any], key: str, value: str) -> None:
    match = _KEY.fullmatch(key)
    if match is None:
        raise invalid(f"Invalid parameter name: {key[:80]}", param=key[:80])
    rest = match[2]
    path = [match[1], *rest[1:-1].split("][")] if rest else [match[1]]
    if len(path) > _DEPTH:
        raise invalid(f"Parameters are nested too deeply: {key[:80]}", param=key[:80])
    node = tree
    for step in path[:-1]:
        child = node.setdefault(step, {})
        if not isinstance(child, dict):
            raise invalid("Invalid hash", param=path[0])
        node = child
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise invalid("Invalid string: must not be a hash", param=path[0])
    node[last] = value


class Params:
    """The parameters of one call, read with types.

    Args:
        tree: what `parse_form` gave.
        known: the names that the endpoint documents; any other is refused, as Stripe does.
    """

    def __init__(self, tree: dict[str, Any], known: Collection[str], prefix: str = "") -> None:
        self._tree = tree
        self._prefix = prefix
        for name in tree:
            if name not in known:
                raise invalid(
                    f"Received unknown parameter: {self._name(name)}",
                    param=self._name(name),
                    code="parameter_unknown",
                )

    def __contains__(self, name: str) -> bool:
        return name in self._tree

    def is_hash(self, name: str) -> bool:
        return isinstance(self._tree.get(name), dict)

    def _name(self, name: str) -> str:
        return f"{self._prefix}[{name}]" if self._prefix else name

    def text(self, name: str, *, longest: int = _LONGEST_TEXT) -> str | None:
        """A string, or None if absent or empty (an empty string unsets a value)."""
        value = self._tree.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise invalid("Invalid string: must not be a hash", param=self._name(name))
        if len(value) > longest:
            raise invalid(
                f"Invalid string: {value[:20]}…; must be at most {longest} characters",
                param=self._name(name),
                code="parameter_invalid_string_too_long",
            )
        return value

    def required_text(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise self.absent(name)
        return value

    def absent(self, name: str) -> StripeError:
        """The error for a parameter that must be there."""
        full = self._name(name)
        code = "parameter_invalid_empty" if name in self._tree else "parameter_missing"
        message = (
            f"You passed an empty string for '{full}'. We assume empty values are an attempt to unset a"
            f" parameter; however '{full}' cannot be unset."
            if name in self._tree
            else f"Missing required param: {full}."
        )
        return invalid(message, param=full, code=code)

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value):
            raise invalid(
                f"Invalid integer: {value[:40]}", param=self._name(name), code="parameter_invalid_integer"
            )
        return int(value)

    def boolean(self, name: str, *, default: bool = False) -> bool:
        value = self.text(name)
        if value is None:
            return default
        if value not in {"true", "false", "1", "0"}:
            raise invalid(f"Invalid boolean: {value[:40]}", param=self._name(name))
        return value in {"true", "1"}

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name)
        if value is None:
            return default
        if value not in allowed:
            listed = ", ".join(allowed[:-1]) + f", or {allowed[-1]}"
            raise invalid(f"Invalid {self._name(name)}: must be one of {listed}", param=self._name(name))
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings (`name[]=a`, `name[0]=a`)."""
        value = self._tree.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise invalid("Invalid array", param=self._name(name))
        return list(value.values())

    def tree(self, name: str) -> dict[str, Any]:
        """A hash, unchecked within."""
        value = self._tree.get(name)
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=self._name(name))
        return value

    def within(self, name: str, known: Collection[str]) -> Self:
        """A hash, as parameters of its own."""
        return type(self)(self.tree(name), known, self._name(name))

    def metadata(self) -> dict[str, str]:
        """The `metadata` hash, within Stripe's limits (docs.stripe.com/api/metadata).

        A value that is empty removes the key, so it is returned as it is, for the caller to merge.
        """
        tree = self.tree("metadata")
        if len(tree) > _METADATA_KEYS:
            raise invalid(f"You can only specify up to {_METADATA_KEYS} metadata keys.", param="metadata")
        for key, value in tree.items():
            if not isinstance(value, str):
                raise invalid("Metadata values must be strings.", param=f"metadata[{key[:40]}]")
            if len(key) > _METADATA_KEY_CHARACTERS or len(value) > _METADATA_VALUE_CHARACTERS:
                raise invalid(
                    f"Metadata keys can be up to {_METADATA_KEY_CHARACTERS} characters long, and values up"
                    f" to {_METADATA_VALUE_CHARACTERS} characters.",
                    param=f"metadata[{key[:40]}]",
                )
        return tree


def merge_metadata(present: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Metadata after an update: given keys replace, empty values remove."""
    return {key: value for key, value in (present | given).items() if value != ""}
