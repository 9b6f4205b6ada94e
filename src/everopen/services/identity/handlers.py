"""Beginning and ending sessions, making and changing accounts."""

from everopen.contracts.identity import (
    ChangePassword,
    Customer,
    Endings,
    Register,
    Role,
    Session,
    SetCustomer,
    SignIn,
)
from everopen.core.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unprocessable
from everopen.core.ids import Id
from everopen.kit import deadlines
from everopen.kit.auth import Principal, SessionEndings, TokenIssuer, TokenVerifier
from everopen.kit.auth.tokens import LIFETIME_S
from everopen.kit.database import Database
from everopen.services.identity import endings as ended
from everopen.services.identity import store
from everopen.services.identity.attempts import Attempts
from everopen.services.identity.model import (
    PASSWORD_LONGEST,
    check_name,
    check_password,
    check_registration,
    normalise_email,
)
from everopen.services.identity.passwords import Passwords
from everopen.services.identity.store import Account

_MERCHANT = "merchant"
_MERCHANT_LIFETIME_S = 12 * 3600
# Shorter than an anonymous one: it opens more. Renewed while it is used.
_CUSTOMER_LIFETIME_S = 7 * 24 * 3600
# An ending outlives every token of its session, also one that was renewed while the ending was under way.
_ENDING_LIFETIME_S = LIFETIME_S + 24 * 3600


class IdentityHandlers:
    """The identity API.

    Args:
        cell: where anonymous sessions and accounts are counted to.
        merchant_password_hash: Argon2 hash; empty where there is no merchant.
        endings: this process's list; what it ends itself, it knows at once.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        issuer: TokenIssuer,
        verifier: TokenVerifier,
        endings: SessionEndings,
        cell: str,
        merchant_password_hash: str,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._issuer = issuer
        self._verifier = verifier
        self._endings = endings
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
        session = str(Id.new("sid", self._cell))
        if credentials.email == _MERCHANT:
            self._attempts.begin(_MERCHANT)
            matches = await self._passwords.matches(credentials.password, self._merchant_password_hash)
            if not matches:
                raise _wrong_credentials()
            self._attempts.succeeded(_MERCHANT)
            return self._session(_MERCHANT, "merchant", _MERCHANT_LIFETIME_S, session)
        email = normalise_email(credentials.email)
        self._attempts.begin(email)
        account = await store.find_by_email(self._database, email)
        known_hash = None if account is None else account.password_hash
        if not await self._passwords.matches(credentials.password, known_hash) or account is None:
            raise _wrong_credentials()
        self._attempts.succeeded(email)
        guest = self._guest(credentials.guest_token)
        if guest is not None and guest not in account.guests:
            await store.link_guest(self._database, account.customer.customer_id, guest, deadlines.current())
            account = await self._account(account.customer.customer_id)
        return self._customer_session(account, session)

    async def renew(self, principal: Principal) -> Session:
        """A new token of the caller's session.

        Raises:
            Forbidden: the session is the merchant's (`not-renewable`): sign in again.
            Unauthenticated: it was ended (`session-ended`).
        """
        if principal.role == "merchant":
            raise Forbidden("not-renewable", "The merchant's session is not renewed. Sign in again.")
        if principal.role == "shopper":
            return self._session(principal.subject, "shopper")
        account = await self._account(principal.subject)
        # Asked of the database: a renewal must not outrun an ending that has not come here yet.
        if await ended.is_ended(self._database, principal.session):
            raise Unauthenticated("session-ended", "This session has ended. Sign in again.")
        if principal.generation < account.generation and not await ended.is_kept(
            self._database, principal.subject, principal.session
        ):
            raise Unauthenticated("session-ended", "This session has ended. Sign in again.")
        unnamed = principal.session == principal.subject  # of the first release: it becomes one of its own
        return self._customer_session(
            account, str(Id.new("sid", self._cell)) if unnamed else principal.session
        )

    async def end_session(self, bearer: Principal) -> None:
        """Sign out: no token of the session is accepted any more. Safe to repeat."""
        ending = await ended.end_session(self._database, bearer.session, _ENDING_LIFETIME_S)
        self._endings.add([ending])

    async def endings_since(self, cursor: str) -> Endings:
        """What ended since; for the platform's processes."""
        return await ended.endings_since(self._database, cursor)

    async def register(self, request: Register, key: str | None) -> Customer:
        """Make an account; with a key, the same one for each repetition.

        Raises:
            InvalidInput: address, password or name cannot be.
            Conflict: the address has an account (`email-taken`).
            Unprocessable: the key made another account (`idempotency-key-reused`).
        """
        check_registration(request)
        email = normalise_email(request.email)
        # The address is part of the id: callers are not known here, and two may have chosen the same key.
        made = (
            Id.new("cus", self._cell) if key is None else Id.derive("cus", self._cell, "register", key, email)
        )
        customer = Customer(customer_id=str(made), email=email, name=request.name.strip())
        password_hash = await self._passwords.hash(request.password)
        try:
            if await store.insert(self._database, Account(customer=customer, password_hash=password_hash)):
                return customer
        except Conflict:
            known = await store.find_by_email(self._database, email)
            if key is None or known is None or known.customer.customer_id != customer.customer_id:
                raise
        return await self._registered_before(customer, request.password)

    async def _registered_before(self, customer: Customer, password: str) -> Customer:
        known = await self._account(customer.customer_id)
        same = await self._passwords.matches(password, known.password_hash)
        if not same or known.customer != customer:
            raise Unprocessable(
                "idempotency-key-reused",
                "This Idempotency-Key was used for a different request. Use a new key for a new request.",
            )
        return customer

    async def me(self, principal: Principal) -> Customer:
        """The account of the caller.

        Raises:
            NotFound: the session is anonymous (`no-account`).
        """
        return (await self._account(customer_id(principal))).customer

    async def set_me(self, principal: Principal, request: SetCustomer) -> Customer:
        """Change the caller's name. Safe to repeat.

        Raises:
            InvalidInput: it is no name. NotFound: the session is anonymous.
        """
        check_name(request.name)
        customer = await store.rename(self._database, customer_id(principal), request.name.strip())
        if customer is None:
            raise _no_account()
        return customer

    async def change_password(self, principal: Principal, request: ChangePassword) -> None:
        """Replace the password and end all other sessions. Safe to repeat: then the new one fits already.

        Raises:
            InvalidInput: the new password cannot be.
            Forbidden: the present one does not fit (`wrong-password`).
            TooManyRequests: it was tried too often.
        """
        check_password(request.new_password)
        account = await self._account(customer_id(principal))
        self._attempts.begin(account.customer.email)
        if len(request.current_password) > PASSWORD_LONGEST or not await self._passwords.matches(
            request.current_password, account.password_hash
        ):
            if not await self._passwords.matches(request.new_password, account.password_hash):
                raise Forbidden("wrong-password", "This is not your present password.")
            self._attempts.succeeded(account.customer.email)
            return
        self._attempts.succeeded(account.customer.email)
        new_hash = await self._passwords.hash(request.new_password)
        ending = await store.change_password(
            self._database, account, new_hash, principal.session, _ENDING_LIFETIME_S
        )
        self._endings.add([ending])

    async def _account(self, customer: str) -> Account:
        account = await store.find(self._database, customer)
        if account is None:
            raise _no_account()
        return account

    def _guest(self, token: str) -> str | None:
        """The anonymous session that a token proves; None if it proves none, or one that was ended."""
        if not token:
            return None
        try:
            principal = self._verifier.verify(token)
            self._endings.require_open(principal)
        except Unauthenticated:
            return None
        return principal.subject if principal.role == "shopper" else None

    def _customer_session(self, account: Account, session: str) -> Session:
        return self._session(
            account.customer.customer_id,
            "customer",
            _CUSTOMER_LIFETIME_S,
            session,
            account.generation,
            account.guests,
        )

    def _session(
        self,
        subject: str,
        role: Role,
        lifetime_s: int = LIFETIME_S,
        session: str = "",
        generation: int = 0,
        guests: tuple[str, ...] = (),
    ) -> Session:
        token = self._issuer.issue(
            subject, role, lifetime_s, session=session, generation=generation, guests=guests
        )
        return Session(token=token, subject=subject, role=role, expires_in_s=lifetime_s)


def customer_id(principal: Principal) -> str:
    """The customer who is asking.

    Raises:
        NotFound: it is no customer (`no-account`).
    """
    if principal.role != "customer":
        raise _no_account()
    return principal.subject


def _no_account() -> NotFound:
    return NotFound("no-account", "This session has no account. Register or sign in.")


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated("wrong-credentials", "E-mail address and password do not fit together.")
