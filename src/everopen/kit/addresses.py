"""What is accepted as a postal address, wherever one is given."""

import re

from everopen.contracts.orders import Address
from everopen.core.errors import InvalidInput

_COUNTRY = re.compile(r"[A-Z]{2}")
_CHARACTERS = 200


def check_address(address: Address) -> None:
    """Refuse what nothing can be sent to.

    Raises:
        InvalidInput: the country is no code (`invalid-country`), or a part is missing or malformed
            (`invalid-address`, with its `field`).
    """
    if not _COUNTRY.fullmatch(address.country):
        raise InvalidInput("invalid-country", "The country must be a code of two letters, such as SG.")
    for name in ("name", "line1", "city"):
        if not getattr(address, name).strip():
            raise InvalidInput("invalid-address", f"The address needs its {name}.", field=name)
    for name in ("name", "line1", "line2", "city", "postal_code", "region"):
        value: str = getattr(address, name)
        if len(value) > _CHARACTERS or not value.isprintable():
            raise InvalidInput(
                "invalid-address",
                f"The address's {name} must be at most {_CHARACTERS} printable characters.",
                field=name,
            )
