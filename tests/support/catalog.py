"""One instance of the catalog over HTTP, and what it talks to."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import uvicorn
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from obstore.store import MemoryStore
from yarl import URL

from everopen.kit.auth import TokenIssuer, TokenVerifier
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.kit.http import CallerChecks, build_app
from everopen.services.catalog.service import build_service
from support.postgres import Server
from support.waiting import eventually

HEADER = "Handle,Title,Product Category,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,"
HEADER += "Variant Inventory Qty,Published,Image Src\n"
MUGS = (
    HEADER
    + "mug,Stone Mug,Kitchen > Mugs,Kiln,Colour,Red,MUG-R,12.50,5,TRUE,mug.svg\n"
    + "mug,,,,,Blue,MUG-B,13.50,6,,\n"
    + "kettle,Steel Kettle,Kitchen > Kettles,Northfell,,,KET,69.00,7,TRUE,\n"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
KEY = Ed25519PrivateKey.generate()
ISSUER = TokenIssuer("k1", KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
VERIFIER = TokenVerifier(
    {"k1": KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()}
)
MERCHANT = {"authorization": f"Bearer {ISSUER.issue('merchant', 'merchant')}"}
SHOPPER = {"authorization": f"Bearer {ISSUER.issue('ses_sg1_x', 'shopper')}"}
CSV = {"content-type": "text/csv"}


@dataclass
class Inventory:
    """The other side of the contract for first stock: the first opening of a SKU counts."""

    url: str = ""
    stock: dict[str, int] = field(default_factory=dict)
    refusals_left: int = 0

    async def open(self, request: web.Request) -> web.Response:
        assert request.headers["x-everopen-service-key"] == "key"
        if self.refusals_left:
            self.refusals_left -= 1
            return web.json_response({"code": "unavailable", "detail": "later"}, status=503)
        items = (await request.json())["items"]
        fresh = {item["sku"]: item["quantity"] for item in items if item["sku"] not in self.stock}
        self.stock |= fresh
        return web.json_response({"opened": len(fresh), "left_alone": len(items) - len(fresh)})


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.content)


@dataclass
class Shop:
    """One instance of the catalog, and the ways to talk to it."""

    http: aiohttp.ClientSession

    async def call(
        self, method: str, path: str, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        # Encoded as it stands: a test may want what a well-behaved client would not send.
        url = URL(str(self.http._base_url) + path.lstrip("/"), encoded=True)
        async with self.http.request(method, url, data=content, headers=headers) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = await self.call("GET", path + ("?" + urlencode(query, doseq=True) if query else ""))
        assert answer.status == status, answer
        return answer.data

    async def load(self, text: str) -> list[dict[str, Any]]:
        answer = await self.call("POST", "/v1/imports", text.encode(), MERCHANT | CSV)
        assert answer.status == 200, answer
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in answer.content.splitlines()]

    async def handles(self, **query: Any) -> list[str]:
        return [item["handle"] for item in (await self.get("/v1/products", **query))["items"]]

    async def shows(self, *handles: str) -> None:
        """Wait until these products, and no others, are listed."""
        await eventually(self.handles, lambda found: sorted(found) == sorted(handles))


@asynccontextmanager
async def instance(database: Database, inventory_url: str, state: Path) -> AsyncIterator[Shop]:
    mesh = Mesh(inventory_url, "key")
    bucket = MemoryStore()
    service = build_service(database, mesh, bucket, state, "USD")
    app = build_app([service], CallerChecks(VERIFIER, "key"), shared=(database, mesh))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="on"))
    server.config.load()
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        assert not serving.done(), serving.exception()
        return server.started

    await eventually(started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}/") as session:
            yield Shop(session)
    finally:
        server.should_exit = True
        await serving


def database(server: Server) -> Database:
    return server.database("catalog_test", "catalog")


def spoil(state: Path, pattern: str, content: bytes | None) -> None:
    """Remove files, or put something else into them."""
    for file in state.glob(pattern):
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
