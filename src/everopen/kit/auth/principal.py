"""The one on whose behalf a request is made."""

from dataclasses import dataclass, field

from everopen.contracts.identity import Role
from everopen.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller.

    Attributes:
        subject: `ses_…`, `cus_…` or `merchant`.
        guests: the anonymous sessions (`ses_…`) that this customer has proved to have been.
        session: `sid_…`, or the subject of an anonymous session: what signing out ends.
        generation: of a customer's sessions; it grows when the password is changed.
    """

    subject: str
    role: Role
    guests: tuple[str, ...] = ()
    session: str = field(default="", compare=False)
    generation: int = field(default=0, compare=False)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everyone that this caller is: itself first, then the guests that it was."""
        return (self.subject, *self.guests)

    def require_merchant(self) -> None:
        """Refuse everyone else.

        Raises:
            Forbidden: the caller is not the merchant (`merchant-only`).
        """
        if self.role != "merchant":
            raise Forbidden("merchant-only", "Sign in as the merchant to do this.")

    def owns(self, subject: str) -> bool:
        """Whether something that belongs to `subject` may be seen by this caller."""
        return self.role == "merchant" or self.subject == subject or subject in self.guests
