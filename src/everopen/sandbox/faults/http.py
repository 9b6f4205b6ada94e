"""Faults are read, replaced and ended at `/faults/{provider}`, where they are allowed at all."""

from collections.abc import Collection

import msgspec
from aiohttp import web

from everopen.core.errors import InvalidInput, NotFound
from everopen.sandbox.faults.board import Fault, FaultBoard, FaultSetting
from everopen.sandbox.problems import json_response


class FaultPages:
    """The handlers.

    Args:
        providers: the names that have faults.
        allowed: False: the pages do not exist (404).
    """

    def __init__(self, board: FaultBoard, providers: Collection[str], *, allowed: bool) -> None:
        self._board = board
        self._providers = providers
        self._allowed = allowed

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/faults/{provider}", self.read)
        app.router.add_put("/faults/{provider}", self.replace)
        app.router.add_delete("/faults/{provider}", self.end)

    async def read(self, request: web.Request) -> web.Response:
        """GET: what is switched on; counts are those that are left."""
        return json_response(self._board.read(self._provider(request)))

    async def replace(self, request: web.Request) -> web.Response:
        """PUT: one fault, or `{"faults": […], "seed": 0}`; replaces all that the provider had."""
        provider = self._provider(request)
        body = await request.read()
        try:
            given = msgspec.json.decode(body)
            single = isinstance(given, dict) and "kind" in given
            setting = (
                FaultSetting(faults=(msgspec.convert(given, Fault),))
                if single
                else msgspec.convert(given, FaultSetting)
            )
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput("invalid-faults", f"{error}.") from error
        self._board.switch(provider, setting)
        return json_response(self._board.read(provider))

    async def end(self, request: web.Request) -> web.Response:
        """DELETE: all faults of the provider end."""
        self._board.switch(self._provider(request), FaultSetting())
        return web.Response(status=204)

    def _provider(self, request: web.Request) -> str:
        provider = request.match_info["provider"]
        if not self._allowed:
            raise NotFound("faults-not-allowed", "This sandbox allows no faults.")
        if provider not in self._providers:
            raise NotFound("unknown-provider", f"The providers are {', '.join(self._providers)}.")
        return provider
