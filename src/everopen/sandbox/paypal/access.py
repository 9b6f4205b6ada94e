"""OAuth 2 with client credentials (developer.paypal.com/api/rest/authentication).

Tokens carry their account and end, under a code of the client's secret, so that none has to be stored.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from urllib.parse import parse_qs

import msgspec

from everopen.sandbox.config import Account
from everopen.sandbox.exchange.calls import Answer
from everopen.sandbox.paypal.errors import Unauthorized

_PREFIX = "A21AA"
TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105 - a path


class _Claims(msgspec.Struct, frozen=True):
    client_id: str
    ends_at: float
    nonce: str


class Door:
    """Knows the clients.

    Args:
        accounts: `publishable_key` is the client id, `secret_key` the client secret.
        token_s: how long a token is good for.
    """

    def __init__(self, accounts: Sequence[Account], token_s: float) -> None:
        self._accounts = {account.publishable_key: account for account in accounts}
        self._token_s = token_s

    def account_of_client(self, authorization: str) -> Account:
        """Whose client id and secret these are (HTTP Basic).

        Raises:
            Unauthorized: nobody's.
        """
        scheme, _, credentials = authorization.partition(" ")
        try:
            client_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            client_id, secret = "", ""
        account = self._accounts.get(client_id)
        known = account is not None and hmac.compare_digest(account.secret_key.encode(), secret.encode())
        if scheme.lower() != "basic" or account is None or not known:
            raise Unauthorized("invalid_client", "Client Authentication failed")
        return account

    def account_of_token(self, authorization: str) -> Account:
        """Whose access token this is.

        Raises:
            Unauthorized: nobody's, or one that has expired.
        """
        scheme, _, token = authorization.partition(" ")
        raw, _, code = token.removeprefix(_PREFIX).partition(".")
        try:
            claims = msgspec.json.decode(base64.urlsafe_b64decode(raw), type=_Claims)
        except (ValueError, msgspec.DecodeError, msgspec.ValidationError):
            claims = _Claims("", 0.0, "")
        account = self._accounts.get(claims.client_id)
        if scheme.lower() != "bearer" or account is None:
            raise Unauthorized("invalid_token", "Token signature verification failed")
        if not hmac.compare_digest(_code(account, raw).encode(), code.encode()):
            raise Unauthorized("invalid_token", "Token signature verification failed")
        if claims.ends_at <= time.time():
            raise Unauthorized("invalid_token", "The token has expired")
        return account

    def issue(self, client_id: str, form: bytes) -> Answer:
        """POST /v1/oauth2/token"""
        grant = parse_qs(form.decode("ascii", "replace")).get("grant_type", [""])[-1]
        if grant != "client_credentials":
            body = {"error": "unsupported_grant_type", "error_description": "Grant Type is NULL or unknown"}
            return Answer(status=400, body=msgspec.json.encode(body), saved=False)
        account = self._accounts[client_id]
        claims = _Claims(client_id, time.time() + self._token_s, secrets.token_hex(8))
        raw = base64.urlsafe_b64encode(msgspec.json.encode(claims)).decode()
        shown = {
            "scope": "https://uri.paypal.com/services/payments/payment/authcapture"
            " https://uri.paypal.com/services/reporting/search/read"
            " https://uri.paypal.com/services/payments/refund",
            "access_token": f"{_PREFIX}{raw}.{_code(account, raw)}",
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": int(self._token_s),
            "nonce": claims.nonce,
        }
        return Answer(status=200, body=msgspec.json.encode(shown), saved=False)


def _code(account: Account, raw: str) -> str:
    return hmac.new(account.secret_key.encode(), raw.encode(), hashlib.sha256).hexdigest()
