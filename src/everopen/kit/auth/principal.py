"""The one on whose behalf a request is made."""

from dataclasses import dataclass

from everopen.contracts.identity import Role
from everopen.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller.

    Attributes:
        subject: `ses_…`, `cus_…` or `merchant`.
    """

    subject: str
    role: Role

    def require_merchant(self) -> None:
        """Refuse everyone else.

        Raises:
            Forbidden: the caller is not the merchant (`merchant-only`).
        """
        if self.role != "merchant":
            raise Forbidden("merchant-only", "Sign in as the merchant to do this.")

    def owns(self, subject: str) -> bool:
        """Whether something that belongs to `subject` may be seen by this caller."""
        return self.role == "merchant" or self.subject == subject
