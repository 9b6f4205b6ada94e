"""Identity: who is asking."""

from typing import Literal

from everopen.contracts.base import Reply, Request

Role = Literal["shopper", "customer", "merchant"]


class Session(Reply, frozen=True, kw_only=True):
    """A signed token, to be sent as `Authorization: Bearer`.

    Attributes:
        subject: `ses_…` of an anonymous shopper, `cus_…` of a customer, `merchant`.
        expires_in_s: seconds until the token is no longer accepted.
    """

    token: str
    subject: str
    role: Role
    expires_in_s: int


class SignIn(Request, frozen=True, kw_only=True):
    """Credentials. Without them, `POST /v1/sessions` begins an anonymous session."""

    email: str
    password: str


class Register(Request, frozen=True, kw_only=True):
    email: str
    password: str
    name: str = ""


class Customer(Reply, frozen=True, kw_only=True):
    customer_id: str
    email: str
    name: str
