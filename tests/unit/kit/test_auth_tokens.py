"""Only tokens that a published key has signed, and that are still good, say who is asking."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from everopen.core.errors import Forbidden, Unauthenticated
from everopen.kit.auth import Principal, TokenIssuer, TokenVerifier
from everopen.kit.auth.tokens import ISSUER


def pem_of(key: Any) -> str:
    raw: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return raw.decode()


def public_pem_of(key: Any) -> str:
    raw: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return raw.decode()


KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()
ISSUED_BY_US = TokenIssuer("k1", pem_of(KEY))


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier({"k1": public_pem_of(KEY)})


def claims(**changed: Any) -> dict[str, Any]:
    now_s = int(time.time())
    made = {
        "iss": ISSUER,
        "sub": "ses_a",
        "role": "shopper",
        "sid": "ses_a",
        "iat": now_s,
        "exp": now_s + 60,
    }
    return {name: value for name, value in (made | changed).items() if value is not None}


def signed(key_id: str = "k1", key: Any = KEY, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm="EdDSA", headers={"kid": key_id})


def refusal(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        verifier.verify(token)
    return refused.value.code


@pytest.mark.parametrize("role", ["shopper", "customer", "merchant"])
def test_a_token_of_ours_says_who_is_asking(verifier: TokenVerifier, role: Any) -> None:
    token = ISSUED_BY_US.issue("somebody", role)
    assert verifier.verify(token) == Principal("somebody", role)
    assert verifier.verify(token) == Principal("somebody", role)  # and again, from memory


def test_a_token_that_has_expired_is_refused(verifier: TokenVerifier) -> None:
    assert refusal(verifier, signed(exp=int(time.time()) - 1)) == "token-expired"


def test_what_is_remembered_of_a_token_is_not_used_past_its_time(
    verifier: TokenVerifier,
) -> None:
    token = ISSUED_BY_US.issue("somebody", "shopper")
    verifier.verify(token)
    _, principal = verifier._checked[token]
    verifier._checked[token] = (time.time() - 1, principal)  # as if its time had passed
    assert verifier.verify(token) == principal  # the remembered answer is not used: it is checked anew
    assert verifier._checked[token][0] > time.time()


def test_a_token_signed_with_another_key_is_refused(verifier: TokenVerifier) -> None:
    assert refusal(verifier, signed(key=OTHER_KEY)) == "token-invalid"


def test_a_token_of_an_unpublished_key_is_refused(verifier: TokenVerifier) -> None:
    assert refusal(verifier, signed(key_id="k2", key=OTHER_KEY)) == "token-invalid"


def test_a_changed_token_is_refused(verifier: TokenVerifier) -> None:
    head, _, signature = ISSUED_BY_US.issue("somebody", "shopper").split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(role="merchant")).encode()).decode().rstrip("=")
    assert refusal(verifier, f"{head}.{forged}.{signature}") == "token-invalid"


def test_a_token_without_a_signature_is_refused(verifier: TokenVerifier) -> None:
    unsigned = jwt.encode(claims(), "", algorithm="none", headers={"kid": "k1"})
    assert refusal(verifier, unsigned) == "token-invalid"


def test_the_public_key_is_no_shared_secret(verifier: TokenVerifier) -> None:
    # The known attack: sign with HMAC and the public key as its secret, and hope that it is checked so.
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(claims(role='merchant'))}"
    mac = hmac.new(public_pem_of(KEY).encode(), body.encode(), hashlib.sha256).digest()
    token = f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    assert refusal(verifier, token) == "token-invalid"


@pytest.mark.parametrize("missing", ["exp", "sub", "iss", "role"])
def test_a_token_must_say_everything(verifier: TokenVerifier, missing: str) -> None:
    left_out: dict[str, Any] = {missing: None}
    assert refusal(verifier, signed(**left_out)) == "token-invalid"


def test_a_token_of_the_first_release_names_no_session_and_is_good(verifier: TokenVerifier) -> None:
    principal = verifier.verify(signed(sid=None))
    assert (principal.subject, principal.session, principal.generation) == ("ses_a", "ses_a", 0)


def test_a_token_of_another_issuer_or_role_is_refused(verifier: TokenVerifier) -> None:
    assert refusal(verifier, signed(iss="somebody-else")) == "token-invalid"
    assert refusal(verifier, signed(role="admin")) == "token-invalid"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "." * 10, "x" * 100_000, "\x00"])
def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    assert refusal(verifier, token) == "token-invalid"


def test_a_token_without_a_key_id_is_refused(verifier: TokenVerifier) -> None:
    assert refusal(verifier, jwt.encode(claims(), KEY, algorithm="EdDSA")) == "token-invalid"


def test_only_ed25519_keys_are_taken() -> None:
    wrong = generate_ec_key(SECP256R1())
    with pytest.raises(TypeError):
        TokenIssuer("k1", pem_of(wrong))
    with pytest.raises(TypeError):
        TokenVerifier({"k1": public_pem_of(wrong)})


def test_a_new_key_can_be_used_beside_the_old_one() -> None:
    verifier = TokenVerifier({"k1": public_pem_of(KEY), "k2": public_pem_of(OTHER_KEY)})
    for issuer in (ISSUED_BY_US, TokenIssuer("k2", pem_of(OTHER_KEY))):
        assert verifier.verify(issuer.issue("somebody", "shopper")).subject == "somebody"


def test_what_is_remembered_is_bounded(verifier: TokenVerifier) -> None:
    verifier._checked = {
        f"old-{number}": (time.time() + 60, Principal("x", "shopper")) for number in range(4096)
    }
    verifier.verify(ISSUED_BY_US.issue("somebody", "shopper"))
    assert len(verifier._checked) == 1


def test_the_merchant_may_see_all_and_a_shopper_only_what_is_hers() -> None:
    merchant, shopper = Principal("merchant", "merchant"), Principal("ses_a", "shopper")
    assert merchant.owns("ses_b")
    assert shopper.owns("ses_a")
    assert not shopper.owns("ses_b")
    merchant.require_merchant()
    with pytest.raises(Forbidden):
        shopper.require_merchant()
