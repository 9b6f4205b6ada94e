"""Whatever an attacker sends to any operation: a problem document that names the caller's fault, nothing else."""

import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from everopen.apps.openapi import FILE_NAME
from everopen.core import limits
from everopen.kit.auth import TokenIssuer
from support.platform import connect_leader

from .callers import Api, Headers
from .things import Things

DOCUMENT = json.loads(files("everopen.apps").joinpath(FILE_NAME).read_text(encoding="utf-8"))
NOTHING = "a" * 26
PLACES = {
    "order_id": f"ord_sg1_{NOTHING}",
    "cart_id": f"crt_sg1_{NOTHING}",
    "subscription_id": f"whs_sg1_{NOTHING}",
    "delivery_id": f"dlv_sg1_{NOTHING}",
}
INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE orders.orders;--",
    "1); SELECT pg_sleep(10);--",
    "$1",
    "%s%n%x",
    "{{7*7}}",
    "${jndi:ldap://x/}",
    "../../../../etc/passwd",
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH SPACE}",
    "\x00",
    "\ud7ff\uffff",
)
BODIES: dict[str, bytes] = {
    "deep arrays": b"[" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep in a field": b'{"email":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "deep in an unknown field": b'{"x":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    "bad UTF-8": b'{"email": "\xff\xfe"}',
    "half a surrogate": b'{"email": "\\ud800", "name": "\\ud800"}',
    "NUL": b'{"email": "a\\u0000b", "name": "\\u0000", "reason": "\\u0000"}',
    "huge number": b'{"quantity": 1' + b"0" * 5_000 + b"}",
    "huge exponent": b'{"quantity": 1e999999, "delta": 1e999999}',
    "64 bits and one": b'{"quantity": 18446744073709551616, "delta": 18446744073709551616}',
    "not a number": b'{"quantity": NaN}',
    "one key twice": b'{"quantity": 1, "quantity": 2}',
    "not JSON": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "a form": b"email=a&password=b",
    "half": b'{"email": "a',
    "too large": b'{"email": "' + b"x" * (limits.BODY_BYTES + 1) + b'"}',
    "null": b"null",
    "a string": b'"x"',
}


def operations(*methods: str) -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, described in DOCUMENT["paths"].items()
        for method in described
        if method in methods
    ]


def filled(path: str, value: str = "nothing-of-this-name") -> str:
    """The path with ids of nothing, and `value` for whatever else stands in it."""
    for name in DOCUMENT["paths"][path].values():
        for parameter in name.get("parameters", ()):
            if parameter["in"] == "path":
                found = PLACES.get(parameter["name"], value)
                path = path.replace("{" + parameter["name"] + "}", quote(found, safe=""))
    return path


def is_refused(answer: requests.Response, *statuses: int) -> None:
    """The answer is a problem document (RFC 9457) of one of these statuses; of any 4xx if none is named."""
    where = f"{answer.request.method} {answer.request.url[:120] if answer.request.url else ''}"
    said = f"{where} -> {answer.status_code} {answer.text[:200]}"
    assert 400 <= answer.status_code < 500, said
    assert not statuses or answer.status_code in statuses, said
    assert answer.headers["content-type"] == "application/problem+json", said
    assert answer.json()["status"] == answer.status_code, said


def is_no_server_error(answer: requests.Response) -> None:
    if answer.status_code >= 400:
        is_refused(answer)


@pytest.fixture(autouse=True)
def _key(http_session: requests.Session) -> Iterator[None]:
    """A key goes with each request, so that it is refused for what it is tried with."""
    http_session.headers["idempotency-key"] = uuid.uuid4().hex
    yield
    del http_session.headers["idempotency-key"]


def protected() -> list[tuple[str, str]]:
    """The operations that the description says need a session."""
    return [
        (method, path)
        for method, path in operations("get", "put", "post", "delete")
        if DOCUMENT["paths"][path][method.lower()].get("security") != [{}]
    ]


def test_false_tokens_open_nothing(api: Api, http_session: requests.Session) -> None:
    secrets = api.platform.secrets
    issuer = TokenIssuer(secrets.token_key_id, secrets.token_private_key_pem)
    header, payload, signature = api.merchant["authorization"].removeprefix("Bearer ").split(".")
    unknown_key = TokenIssuer("other", secrets.token_private_key_pem).issue("merchant", "merchant")
    forged = {
        "missing": {},
        "another scheme": {"authorization": "Basic bWVyY2hhbnQ6bWVyY2hhbnQ="},
        "nonsense": {"authorization": "Bearer nonsense"},
        "empty": {"authorization": "Bearer "},
        "dots": {"authorization": "Bearer .."},
        "expired": {"authorization": f"Bearer {issuer.issue('merchant', 'merchant', lifetime_s=-60)}"},
        "other key": {"authorization": f"Bearer {unknown_key}"},
        "signature": {"authorization": f"Bearer {header}.{payload}.{signature[:-8]}AAAAAAAA"},
        "alg none": {"authorization": f"Bearer eyJhbGciOiJub25lIn0.{payload}."},
        "long": {"authorization": "Bearer " + "a" * 8_000},
    }
    for method, path in protected():
        for headers in forged.values():
            answer = http_session.request(
                method, api.url + filled(path), headers=headers, data=b"{}", timeout=20
            )
            is_refused(answer, 400, 401)


def test_nobody_else_is_the_merchant(api: Api, http_session: requests.Session) -> None:
    """Nothing under these paths is for shoppers: not even what there is."""
    for method, path in protected():
        if path.startswith(("/v1/merchant", "/v1/audit", "/v1/inventory", "/v1/webhook-subscriptions")):
            for headers in (api.shopper, api.customer):
                answer = http_session.request(
                    method, api.url + filled(path), headers=headers, params={"sku": "x"}, timeout=20
                )
                is_refused(answer, 400, 403)


@pytest.mark.parametrize("kind", BODIES)
def test_bodies(kind: str, api: Api, things: Things, http_session: requests.Session) -> None:
    for method, path in operations("post", "put"):
        headers: Headers = api.merchant | {"content-type": "application/json"}
        answer = http_session.request(
            method, api.url + filled(path), headers=headers, data=BODIES[kind], timeout=20
        )
        if kind in ("null", "a string", "one key twice", "NUL", "half a surrogate"):
            is_no_server_error(answer)  # some take no body, or one that may be so
        elif answer.status_code >= 300:
            is_refused(answer)
        else:
            assert "requestBody" not in DOCUMENT["paths"][path][method.lower()], (path, answer.text[:200])


@pytest.mark.parametrize("text", INJECTIONS, ids=[ascii(text) for text in INJECTIONS])
def test_texts(text: str, api: Api, things: Things, http_session: requests.Session) -> None:
    """In each parameter of each operation, and in each field of the kind that is text."""
    for method, path in operations("get", "put", "post", "delete"):
        described = DOCUMENT["paths"][path][method.lower()]
        query = {p["name"]: text for p in described.get("parameters", ()) if p["in"] == "query"}
        in_path = path.replace("{", "").replace("}", "")
        for url in {filled(path), filled(path, text)} - {in_path}:
            answer = http_session.request(
                method,
                api.url + url,
                headers=things.merchant_at(path),
                params=query,
                json=_texts(described, text),
                timeout=20,
            )
            is_no_server_error(answer)


def _texts(described: dict[str, Any], text: str) -> Any:
    """A body whose every text is `text`, as far as the description goes."""
    try:
        schema = described["requestBody"]["content"]["application/json"]["schema"]
    except KeyError:
        return None
    return _filled_in(schema, text)


def _filled_in(schema: dict[str, Any], text: str, depth: int = 0) -> Any:
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema:
        return _filled_in(schema["oneOf"][0], text, depth)
    match schema.get("type"):
        case "object" if depth < 6:
            return {
                name: _filled_in(field, text, depth + 1)
                for name, field in schema.get("properties", {}).items()
            }
        case "array":
            return [_filled_in(schema.get("items", {}), text, depth + 1)]
        case "integer" | "number":
            return 1
        case "boolean":
            return False
        case _:
            return text


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**53, 2**63, 2**64, 10**30, -(2**63) - 1])
def test_numbers(number: int, api: Api, things: Things, http_session: requests.Session) -> None:
    for method, path in operations("get", "put", "post"):
        described = DOCUMENT["paths"][path][method.lower()]
        url = path.format_map({**PLACES, **things.ids, "name": "x.svg", "address_id": "home"})
        if path.endswith(("/cancel", "/refund", "/fulfil")):
            url = filled(path)
        query = {p["name"]: number for p in described.get("parameters", ()) if p["in"] == "query"}
        body = _numbers(_texts(described, "x"), number)
        is_no_server_error(
            http_session.request(
                method, api.url + url, headers=api.merchant, params=query, json=body, timeout=20
            )
        )


def _numbers(body: Any, number: int) -> Any:
    match body:
        case dict():
            return {name: _numbers(value, number) for name, value in body.items()}
        case list():
            return [_numbers(value, number) for value in body]
        case bool():
            return body
        case int():
            return number
        case _:
            return body


@pytest.mark.parametrize(
    "headers",
    [
        {"idempotency-key": ""},
        {"idempotency-key": "x" * 10_000},
        {"idempotency-key": "\xff\xfe"},
        {"idempotency-key": '"'},
        {"idempotency-key": "a b"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "multipart/form-data"},
        {"content-type": "multipart/form-data; boundary="},
        {"content-type": "\xff"},
        {"accept": "text/nothing"},
        {"accept-encoding": "x" * 5_000},
        {"content-encoding": "gzip"},
        {"x-request-id": "\xff" * 100},
        {"x-request-id": "a\tb"},
        {"x-everopen-deadline": "-1"},
        {"x-everopen-deadline": "1e999"},
        {"x-everopen-service-key": "\xff"},
        {"if-match": "\xff"},
        {"if-none-match": '"' * 1_000},
        {"host": "evil.example"},
        {"x-forwarded-for": "1.2.3.4, " * 500},
        {"cookie": "session=" + "\xff" * 100},
        {"expect": "200-nothing"},
        {"range": "bytes=0-" + "9" * 100},
    ],
    ids=lambda headers: ascii(headers)[:60],
)
def test_headers(headers: Headers, api: Api, things: Things, http_session: requests.Session) -> None:
    for method, path in operations("get", "put", "post", "delete"):
        raw = {name: value.encode("latin-1") for name, value in (things.merchant_at(path) | headers).items()}
        answer = http_session.request(
            method,
            api.url + filled(path),
            headers=raw,
            data=b"{}" if method in ("POST", "PUT") else None,
            timeout=20,
        )
        is_no_server_error(answer)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /v1/products?q=%ff%fe HTTP/1.1",
        b"GET /v1/products?q=%00 HTTP/1.1",
        b"GET /v1/products/%ff%fe HTTP/1.1",
        b"GET /v1/orders/%00 HTTP/1.1",
        b"GET /v1/products?" + b"q=a&" * 5_000 + b" HTTP/1.1",
        b"GET /v1/products?limit=1&limit=2&limit=x HTTP/1.1",
        b"GET /v1/stock?" + b"sku=a&" * 1_000 + b" HTTP/1.1",
        b"GET /" + b"a/" * 10_000 + b" HTTP/1.1",
        b"GET //v1/orders HTTP/1.1",
        b"GET /v1/../internal/orders HTTP/1.1",
        b"GET http://evil.example/v1/products HTTP/1.1",
        b"GET /v1/orders/\xff\xfe HTTP/1.1",
        b"BREW /v1/products HTTP/1.1",
        b"GET /v1/products HTTP/9.9",
    ],
    ids=lambda line: ascii(line[:40]),
)
def test_request_lines(request_line: bytes, api: Api) -> None:
    place = urlsplit(api.url)
    with closing(socket.create_connection((str(place.hostname), place.port or 80), timeout=20)) as connection:
        connection.sendall(request_line + b"\r\nhost: a\r\nconnection: close\r\n\r\n")
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    status = int(answer.split(b" ", 2)[1])
    assert status < 500, answer[:300]


def test_head_is_answered_as_get_without_its_content(
    api: Api, things: Things, http_session: requests.Session
) -> None:
    for _, path in operations("get"):
        url = api.url + path.format_map({**PLACES, **things.ids, "name": "x"})
        parameters = {"sku": things.ids["sku"]}
        got = http_session.get(url, headers=api.merchant, params=parameters, timeout=20)
        head = http_session.head(url, headers=api.merchant, params=parameters, timeout=20)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers.get("content-type") == got.headers.get("content-type"), path


async def test_nothing_of_all_this_has_been_taken_for_an_order(api: Api) -> None:
    """What was tried above has left the tables there, and made no order that has no owner or no lines."""
    database = await connect_leader(api.platform, "auditor", api.platform.secrets.role_passwords["auditor"])
    try:
        strange = await database.fetchval(
            "SELECT count(*) FROM orders.orders WHERE owner = '' OR jsonb_array_length(lines::jsonb) = 0"
        )
    finally:
        await database.close()
    assert strange == 0
