"""Whatever is sent, the answer is one that the description of the API names; and never a server error.

Schemathesis makes requests of every operation in the description, as it says and against it. For longer:
`make fuzz`.
"""

import itertools
import json
from importlib.resources import files
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import CHECKS

from everopen.apps.openapi import FILE_NAME

from .callers import Api, Headers
from .things import ENDING, Things

DOCUMENT = json.loads(files("everopen.apps").joinpath(FILE_NAME).read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CONFORMANCE: Any = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
# The profile says how long: that of `make fuzz` asks for more than the usual 100.
_PROFILE = settings().max_examples
_USUAL = _PROFILE <= 100
_EXAMPLES = 10 if _USUAL else _PROFILE
_turn = itertools.count()


def send(case: Case[Any], api: Api, headers: Headers, session: requests.Session) -> None:
    """Send it, and hold the answer to the description."""
    given = {
        name: value for name, value in dict(case.headers or {}).items() if name.lower() != "authorization"
    }
    case.headers = given | headers  # type: ignore[assignment]
    case.call_and_validate(base_url=api.url, session=session, timeout=20, checks=CONFORMANCE)


@SCHEMA.parametrize()
@settings(
    max_examples=_EXAMPLES,
    derandomize=_USUAL,
    phases=(Phase.explicit, Phase.generate) if _USUAL else tuple(Phase),
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(
    case: Case[Any], api: Api, things: Things, http_session: requests.Session
) -> None:
    callers: list[Headers] = [api.customer, api.shopper, {}]
    if case.operation.path in ENDING:
        send(case, api, things.passing_session(), http_session)
        return
    send(case, api, callers[next(_turn) % len(callers)], http_session)
    send(case, api, api.merchant, http_session)
    # What is there may be changed, but not taken away from those who come after.
    if case.method != "DELETE" and (real := things.named(case.path_parameters or {})):
        parameters: dict[str, Any] = {**(case.path_parameters or {}), **real}
        case.path_parameters = parameters
        send(case, api, api.merchant, http_session)
        send(case, api, api.shopper, http_session)
