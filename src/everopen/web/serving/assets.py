"""A site's own style sheets, scripts and symbols: named by their content, so that a browser may keep them."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_DIGEST_CHARACTERS = 12
IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    media_type: str
    cache_control: str


class Assets:
    """The files of a site's `static/`, read once.

    Args:
        package: of the site.
        prefix: of their addresses.
    """

    def __init__(self, package: str, prefix: str) -> None:
        self._prefix = prefix
        self._by_plain_name: dict[str, Asset] = {}
        self._hashed_names: dict[str, str] = {}
        for file in files(package).joinpath("static").iterdir():
            stem, _, kind = file.name.rpartition(".")
            if kind not in _TYPES:
                continue
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARACTERS]
            self._by_plain_name[file.name] = Asset(content, _TYPES[kind], IMMUTABLE)
            self._hashed_names[file.name] = f"{stem}.{digest}.{kind}"

    def url(self, name: str) -> str:
        """The address of `name`, which changes with its content.

        Raises:
            KeyError: there is no such file; a template is wrong.
        """
        return f"{self._prefix}{self._hashed_names[name]}"

    def find(self, hashed_name: str) -> Asset | None:
        """The file of this address; None if there never was one.

        During an update another instance may have named it by another content. Then ours is better than
        nothing, but must not be kept.
        """
        stem, _, rest = hashed_name.partition(".")
        plain = f"{stem}.{rest.rpartition('.')[2]}"
        asset = self._by_plain_name.get(plain)
        if asset is None or self._hashed_names[plain] == hashed_name:
            return asset
        return Asset(asset.content, asset.media_type, "no-store")
