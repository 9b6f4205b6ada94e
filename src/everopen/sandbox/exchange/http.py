"""The wire of a provider: HTTP in, faults around, HTTP out, or a connection that ends without an answer."""

import asyncio
import socket
import sqlite3
import struct
import time
from collections.abc import Callable, Mapping

from aiohttp import web

from everopen.sandbox.exchange import delayed
from everopen.sandbox.exchange.calls import Answer, Call, Head, Provider
from everopen.sandbox.exchange.worker import carry_out, save, saved_answer
from everopen.sandbox.faults.board import Fault, FaultBoard

_INTERNAL = 500
_UNAVAILABLE = 503
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: closing sends RST

# A shop's page turns a card into a token at the provider, from the shop's own origin.
_CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-Key, Idempotency-Key",
}


class Exchange:
    """Takes the calls of all providers.

    Args:
        providers: by name, which is also their URL prefix.
        public_url: base URL for links that a browser follows; empty: as the caller addressed us.
        wake: called after work was queued (webhooks, delayed calls).
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        providers: Mapping[str, Provider],
        board: FaultBoard,
        *,
        public_url: str,
        wake: Callable[[], None],
    ) -> None:
        self._db = db
        self._providers = providers
        self._board = board
        self._public_url = public_url.rstrip("/")
        self._wake = wake
        self._busy: set[tuple[str, str]] = set()

    def add_to(self, app: web.Application) -> None:
        """One route for each provider; pages of other origins may make tokens (CORS)."""
        for name in self._providers:
            app.router.add_route("*", f"/{{provider:{name}}}/{{path:.*}}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The handler of `/{provider}/{path}`."""
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=_CROSS_ORIGIN)
        provider = self._providers[request.match_info["provider"]]
        body = await request.read()
        head = Head(
            method=request.method,
            path="/" + request.match_info["path"],
            query=request.query_string,
            headers={name.lower(): value for name, value in request.headers.items()},
            base_url=self._public_url or f"{request.scheme}://{request.host}",
        )
        accepted = provider.accept(head, body)
        if isinstance(accepted, Answer):
            return _response(accepted)
        answer = await self._answer(provider, accepted, request)
        if answer is None:
            return _dropped(request)
        response = _response(answer)
        if accepted.publishable:
            response.headers.update(_CROSS_ORIGIN)
        return response

    async def _answer(self, provider: Provider, call: Call, request: web.Request) -> Answer | None:
        """The answer after all faults; None: the connection ends without one."""
        fault = self._board.strike(provider.name, call.operation)
        if fault is None and not call.idempotency_key:
            return self.work(provider, call)
        if fault is not None and fault.kind == "refuse":
            _reset_on_close(request)
            return None
        if fault is not None and fault.kind == "late":
            delayed.put(self._db, call, time.time() + fault.delay_s)
            self._wake()
            return None
        holder = (call.account, call.idempotency_key)
        if call.idempotency_key and holder in self._busy:
            return provider.key_in_use(call)
        self._busy.add(holder)
        try:
            return await self._with_fault(provider, call, fault)
        finally:
            self._busy.discard(holder)

    async def _with_fault(self, provider: Provider, call: Call, fault: Fault | None) -> Answer | None:
        if fault is None:
            return self.work(provider, call)
        if fault.kind == "drop_after":
            self.work(provider, call)
            return None
        if fault.kind == "slow":
            if fault.when == "after":
                answer = self.work(provider, call)
                await asyncio.sleep(fault.delay_s)
                return answer
            await asyncio.sleep(fault.delay_s)
            return self.work(provider, call)
        return self._broken(provider, call, fault)

    def _broken(self, provider: Provider, call: Call, fault: Fault) -> Answer:
        """A 500 or a 503, before or after the work.

        A 500 comes from within the provider, which may keep it under the idempotency key; a 503 comes
        from what stands before it, and the same key afterwards gives the true answer.
        """
        saved = saved_answer(self._db, provider, call)
        if saved is not None:
            return saved
        if fault.when == "after":
            self.work(provider, call)
        answer = provider.server_error(call, _INTERNAL if fault.kind == "http_500" else _UNAVAILABLE)
        if fault.kind == "http_500" and provider.keeps_server_errors:
            save(self._db, call, answer, time.time())
        return answer

    def work(self, provider: Provider, call: Call) -> Answer:
        """Carry the call out now."""
        conditions = self._board.conditions(provider.name, call.operation)
        answer = carry_out(self._db, provider, call, conditions, time.time())
        if call.method != "GET":
            self._wake()
        return answer

    def work_delayed(self, call: Call) -> None:
        """A call that was delayed on its way arrives now; nobody waits for its answer."""
        self.work(self._providers[call.provider], call)


def _response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
    )


def _reset_on_close(request: web.Request) -> None:
    raw = request.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def _dropped(request: web.Request) -> web.Response:
    """End the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
