"""Reading a request's body: strictly, as the type that its handler takes."""

from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import ClientException, ValidationException

_NOT_DECODED = object()
# In a handler's `opt`: the type of a body that may be left out, which the handler reads itself.
OPTIONAL_BODY = "optional_body"


class StrictRequest(Request[Any, Any, Any]):
    """Decodes JSON straight into the handler's type.

    Litestar would decode it to plain values first and convert these leniently: `"2"` would pass as 2.
    """

    _decoded: Any = _NOT_DECODED

    async def json(self) -> Any:
        """The body, as the type of the handler's `data`.

        Raises:
            ClientException: it is not JSON, or nested absurdly deep.
            ValidationException: it is JSON, but not what the handler takes; says what and where.
        """
        if self._decoded is _NOT_DECODED:
            self._decoded = self._decode(await self.body() or b"null")
        return self._decoded

    def _decode(self, body: bytes) -> Any:
        field = self.route_handler.parsed_data_field
        try:
            return msgspec.json.decode(body, type=Any if field is None else field.annotation)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at ")
            key = where.strip("`").removeprefix("$").removeprefix(".")
            raise ValidationException(
                f"The body is not what {self.method} {self.url.path} takes: {error}.",
                extra=[{"message": what, "key": key, "source": "body"}],
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ClientException(f"The body is not valid JSON: {error}.") from error
        except RecursionError as error:
            raise ClientException("The body is nested too deep.") from error
