"""The public API's part for customers, as the storefront uses it: sessions, accounts, addresses."""

from urllib.parse import quote

from everopen.contracts.identity import (
    ChangePassword,
    Customer,
    Register,
    SavedAddress,
    SavedAddresses,
    Session,
    SetAddress,
    SetCustomer,
    SignIn,
)
from everopen.contracts.orders import Address
from everopen.kit.client import Mesh

_READ_S = 3.0
# A password is hashed slowly on purpose, and others may wait for the same.
_WRITE_S = 8.0


class Accounts:
    """Every call a page makes for a customer. Each may raise what `Mesh.call` raises.

    Args:
        mesh: the client; its owner starts and stops it.
    """

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def sign_in(self, email: str, password: str, guest_token: str) -> Session:
        """A customer's session. What was done with `guest_token` before is the customer's from now on."""
        body = SignIn(email=email, password=password, guest_token=guest_token)
        return await self._mesh.call("POST", "/v1/sessions", reply=Session, body=body, timeout_s=_WRITE_S)

    async def sign_out(self, token: str) -> None:
        await self._mesh.call(
            "DELETE", "/v1/sessions/current", reply=type(None), token=token, timeout_s=_WRITE_S
        )

    async def renew(self, token: str) -> Session:
        """The same session with a token that lasts longer."""
        return await self._mesh.call(
            "POST", "/v1/sessions/renew", reply=Session, token=token, timeout_s=_READ_S
        )

    async def register(self, email: str, password: str, name: str, key: str) -> Customer:
        """Make an account; with the same key and the same words it is the same account."""
        return await self._mesh.call(
            "POST",
            "/v1/customers",
            reply=Customer,
            body=Register(email=email, password=password, name=name),
            headers={"idempotency-key": key},
            timeout_s=_WRITE_S,
        )

    async def me(self, token: str) -> Customer:
        return await self._mesh.call(
            "GET", "/v1/customers/me", reply=Customer, token=token, timeout_s=_READ_S
        )

    async def rename(self, token: str, name: str) -> Customer:
        return await self._mesh.call(
            "PUT",
            "/v1/customers/me",
            reply=Customer,
            body=SetCustomer(name=name),
            token=token,
            timeout_s=_WRITE_S,
        )

    async def change_password(self, token: str, current: str, new: str) -> None:
        """A new password; all other sessions of the customer end."""
        await self._mesh.call(
            "PUT",
            "/v1/customers/me/password",
            reply=type(None),
            body=ChangePassword(current_password=current, new_password=new),
            token=token,
            timeout_s=_WRITE_S,
        )

    async def addresses(self, token: str) -> tuple[SavedAddress, ...]:
        """The default first."""
        reply = await self._mesh.call(
            "GET", "/v1/customers/me/addresses", reply=SavedAddresses, token=token, timeout_s=_READ_S
        )
        return reply.items

    async def keep_address(
        self, token: str, address_id: str, address: Address, *, is_default: bool = False
    ) -> SavedAddress:
        return await self._mesh.call(
            "PUT",
            f"/v1/customers/me/addresses/{quote(address_id, safe='')}",
            reply=SavedAddress,
            body=SetAddress(address=address, is_default=is_default),
            token=token,
            timeout_s=_WRITE_S,
        )

    async def forget_address(self, token: str, address_id: str) -> None:
        await self._mesh.call(
            "DELETE",
            f"/v1/customers/me/addresses/{quote(address_id, safe='')}",
            reply=type(None),
            token=token,
            timeout_s=_WRITE_S,
        )
