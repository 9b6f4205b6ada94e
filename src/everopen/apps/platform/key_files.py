"""Where the token keys go: what each process and each gateway reads of them."""

import msgspec

from everopen.apps.platform.keyring import KeyRing
from everopen.engines.envoy.tokens import token_filter_file
from everopen.engines.program import File
from everopen.services.identity.keys import key_set
from everopen.topology import Instance, Kind
from everopen.topology.types import SANDBOX

PUBLISHED = "token-keys.json"
SIGNING = "signing-key.json"


def key_files(instance: Instance, ring: KeyRing) -> tuple[File, ...]:
    """The files of an instance that hold token keys: none for one that checks no tokens."""
    if instance.kind is Kind.GATEWAY:
        jwks = msgspec.json.encode(key_set(ring.public_keys_pem)).decode()
        return (token_filter_file(instance, jwks),)
    if instance.kind is not Kind.PROCESS or instance.process == SANDBOX:
        return ()
    files = [File(instance.directory / PUBLISHED, _text(ring.published()), mode=0o600)]
    if signs(instance):
        files.append(File(instance.directory / SIGNING, _text(ring.signing_key()), mode=0o600))
    return tuple(files)


def signs(instance: Instance) -> bool:
    """Whether a process of this instance signs tokens."""
    return "identity" in instance.services


def _text(document: msgspec.Struct) -> str:
    return msgspec.json.encode(document).decode()
