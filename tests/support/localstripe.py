"""localstripe, a Stripe simulator by others, in a process of its own.

Run as a program it is that process: `python -m support.localstripe <port>`. Its own start would listen on every
address and keep its objects in a file that all its processes share; this one does neither.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from support.ports import free_port
from support.waiting import eventually

_TESTS = Path(__file__).parent.parent


@asynccontextmanager
async def running_localstripe() -> AsyncIterator[str]:
    """Its base URL."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "support.localstripe", str(port), cwd=_TESTS,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:

            async def answers() -> bool:
                if process.returncode is not None:
                    raise RuntimeError(f"localstripe ended with {process.returncode}")
                try:
                    async with http.get(f"{url}/v1/nothing") as answer:
                        return answer.status > 0
                except aiohttp.ClientError:
                    return False

            await eventually(answers, timeout_s=20.0)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def main(port: int) -> None:
    from aiohttp import web  # only in the process that it is for
    from localstripe.resources import Store
    from localstripe.server import app

    Store.dump_to_disk = lambda _: None
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
