"""One tree of errors.

EveropenError
├── BusinessError          the caller asked for what cannot be; a 4xx, nothing changed
│   ├── InvalidInput       the request is wrong in itself                      400
│   ├── Unauthenticated    no valid token                                      401
│   ├── Forbidden          a valid token that may not do this                  403
│   ├── NotFound           no such thing, or not yours                         404
│   ├── Conflict           the state of things does not allow it               409
│   ├── PreconditionFailed what was read has changed since                     412
│   ├── TooLarge           more than a limit allows                            413
│   ├── Unprocessable      well formed, but contradicts something known        422
│   └── TooManyRequests    too often; after a while it may be done             429
├── OperationalError       a part failed; trying again later, or elsewhere, may work
│   ├── Unavailable        it was certainly not done                           503
│   └── OutcomeUnknown     it may or may not have been done                    503
└── ConfigurationError     an operator has to change something; says what
"""

from typing import Any, ClassVar


class EveropenError(Exception):
    """Base of every error that Everopen raises on purpose."""


class BusinessError(EveropenError):
    """The caller's request cannot be granted, and nothing was changed.

    Args:
        code: a stable, machine-readable name, kebab-case (`out-of-stock`); becomes the problem's type.
        detail: one sentence for a person: what was wrong and what to do.
        extra: further members of the problem document (RFC 9457, section 3.2).
    """

    status: ClassVar[int] = 400

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.extra = extra


class InvalidInput(BusinessError):
    status = 400


class Unauthenticated(BusinessError):
    status = 401


class Forbidden(BusinessError):
    status = 403


class NotFound(BusinessError):
    status = 404


class Conflict(BusinessError):
    status = 409


class PreconditionFailed(BusinessError):
    status = 412


class TooLarge(BusinessError):
    status = 413


class Unprocessable(BusinessError):
    status = 422


class TooManyRequests(BusinessError):
    status = 429


class OperationalError(EveropenError):
    """A part of the platform, or something it depends on, failed."""


class Unavailable(OperationalError):
    """The call was certainly not carried out; it is safe to try again."""


class OutcomeUnknown(OperationalError):
    """The call may have been carried out. Only an idempotent repetition, or a look-up, can tell."""


class ConfigurationError(EveropenError):
    """The topology, the machine or the installation is not as it must be; the message says what to change."""
