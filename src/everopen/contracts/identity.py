"""Identity: who is asking."""

from datetime import datetime
from typing import Literal

from everopen.contracts.base import Reply, Request
from everopen.contracts.orders import Address

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
    """Credentials. Without them, `POST /v1/sessions` begins an anonymous session.

    Attributes:
        guest_token: the anonymous session's token that was used before: what was bought and put into carts
            with it is the customer's from now on. One that is no longer valid is left aside.
    """

    email: str
    password: str
    guest_token: str = ""


class Register(Request, frozen=True, kw_only=True):
    email: str
    password: str
    name: str = ""


class Customer(Reply, frozen=True, kw_only=True):
    customer_id: str
    email: str
    name: str


class SetCustomer(Request, frozen=True, kw_only=True):
    """What a customer may change about herself. Safe to repeat."""

    name: str


class ChangePassword(Request, frozen=True, kw_only=True):
    """A new password, by one who knows the present one. All other sessions end. Safe to repeat."""

    current_password: str
    new_password: str


class SetAddress(Request, frozen=True, kw_only=True):
    """An address to keep. Safe to repeat: the caller chooses its id.

    Attributes:
        is_default: the one to begin with; what was the default before is no longer. The first address is
            the default in any case.
    """

    address: Address
    is_default: bool = False


class SavedAddress(Reply, frozen=True, kw_only=True):
    """An address that a customer has kept.

    Attributes:
        address_id: of the customer's own choice, 1 to 64 of `a-z A-Z 0-9 - _`.
    """

    address_id: str
    address: Address
    is_default: bool
    updated_at: datetime


class SavedAddresses(Reply, frozen=True, kw_only=True):
    """A customer's addresses, the default first, then the latest change first."""

    items: tuple[SavedAddress, ...]


class Ending(Reply, frozen=True, kw_only=True):
    """What is no longer valid although its signature is.

    Attributes:
        ended: a session (`sid_…` or, anonymous, `ses_…`), or a customer (`cus_…`) for all her sessions of
            an earlier generation than this.
        generation: of a customer's sessions: those of this one and later go on.
        kept_session: of a customer's earlier sessions the one that goes on: there the password was changed.
    """

    ended: str
    generation: int = 0
    kept_session: str = ""
    expires_at_s: int


class Endings(Reply, frozen=True, kw_only=True):
    """Endings since a cursor; for the platform's processes.

    Attributes:
        cursor: where to go on; nothing committed later is before it.
    """

    items: tuple[Ending, ...]
    cursor: str
