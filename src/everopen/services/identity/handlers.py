"""Beginning sessions and making accounts."""

from everopen.contracts.identity import Customer, Register, Role, Session, SignIn
from everopen.core.errors import NotFound, Unauthenticated
from everopen.core.ids import Id
from everopen.kit.auth import Principal, TokenIssuer
from everopen.kit.auth.tokens import LIFETIME_S
from everopen.kit.database import Database
from everopen.services.identity import store
from everopen.services.identity.attempts import Attempts
from everopen.services.identity.model import PASSWORD_LONGEST, check_registration, normalise_email
from everopen.services.identity.passwords import Passwords
from everopen.services.identity.store import Account

_MERCHANT = "merchant"
_MERCHANT_LIFETIME_S = 12 * 3600


class IdentityHandlers:
    """The identity API.

    Args:
        cell: where anonymous sessions and accounts are counted to.
        merchant_password_hash: Argon2 hash; empty where there is no merchant.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        issuer: TokenIssuer,
        cell: str,
        merchant_password_hash: str,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._issuer = issuer
        self._cell = cell
        self._merchant_password_hash = merchant_password_hash
        self._attempts = Attempts()

    async def begin_session(self, credentials: SignIn | None) -> Session:
        """A session: anonymous, a customer's or the merchant's.

        Raises:
            Unauthenticated: the credentials do not fit (`wrong-credentials`), whatever of them is wrong.
            TooManyRequests: they were tried too often (`too-many-attempts`).
        """
        if credentials is None:
            return self._session(str(Id.new("ses", self._cell)), "shopper")
        if len(credentials.password) > PASSWORD_LONGEST:
            raise _wrong_credentials()
        if credentials.email == _MERCHANT:
            self._attempts.begin(_MERCHANT)
            matches = await self._passwords.matches(credentials.password, self._merchant_password_hash)
            if not matches:
                raise _wrong_credentials()
            self._attempts.succeeded(_MERCHANT)
            return self._session(_MERCHANT, "merchant", _MERCHANT_LIFETIME_S)
        email = normalise_email(credentials.email)
        self._attempts.begin(email)
        account = await store.find_by_email(self._database, email)
        known_hash = None if account is None else account.password_hash
        if not await self._passwords.matches(credentials.password, known_hash) or account is None:
            raise _wrong_credentials()
        self._attempts.succeeded(email)
        return self._session(account.customer.customer_id, "customer")

    async def register(self, request: Register) -> Customer:
        """Make an account.

        Raises:
            InvalidInput: address, password or name cannot be.
            Conflict: the address has an account.
        """
        check_registration(request)
        customer = Customer(
            customer_id=str(Id.new("cus", self._cell)),
            email=normalise_email(request.email),
            name=request.name.strip(),
        )
        password_hash = await self._passwords.hash(request.password)
        await store.insert(self._database, Account(customer=customer, password_hash=password_hash))
        return customer

    async def me(self, principal: Principal) -> Customer:
        """The account of the caller.

        Raises:
            NotFound: the session is anonymous (`no-account`).
        """
        account = None
        if principal.role == "customer":
            account = await store.find(self._database, principal.subject)
        if account is None:
            raise NotFound("no-account", "This session has no account. Register or sign in.")
        return account.customer

    def _session(self, subject: str, role: Role, lifetime_s: int = LIFETIME_S) -> Session:
        token = self._issuer.issue(subject, role, lifetime_s)
        return Session(token=token, subject=subject, role=role, expires_in_s=lifetime_s)


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated("wrong-credentials", "E-mail address and password do not fit together.")
