"""The whole API in one process, asked directly: what a gateway in front would refuse comes through."""

import uuid
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import requests

from support.platform import merchant_token, running_platform
from support.shopper import Shopper

from .callers import Api, Headers
from .things import Things, make_things


def _bearer(token: str) -> Headers:
    return {"authorization": f"Bearer {token}"}


async def _customer(http: aiohttp.ClientSession, url: str) -> Headers:
    account = {"email": f"{uuid.uuid4().hex}@example.com", "password": uuid.uuid4().hex, "name": "Ada"}
    async with http.post(f"{url}/v1/customers", json=account) as answer:
        assert answer.status == 201, await answer.text()
    del account["name"]
    async with http.post(f"{url}/v1/sessions", json=account) as answer:
        return _bearer((await answer.json())["token"])


@pytest.fixture(scope="session")
async def api() -> AsyncIterator[Api]:
    """The `single` topology, with every service in one process."""
    async with running_platform("single") as platform, aiohttp.ClientSession() as http:
        (process,) = (one for one in platform.layout.instances if "catalog" in one.services)
        url = process.url("http")
        shopper = await Shopper(url, http).arrive()
        yield Api(
            platform=platform,
            url=url,
            merchant=_bearer(await merchant_token(platform, http)),
            customer=await _customer(http, url),
            shopper=_bearer(shopper.token),
        )


@pytest.fixture(scope="session")
def http_session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="session")
def things(api: Api, http_session: requests.Session) -> Things:
    return make_things(api, http_session)
