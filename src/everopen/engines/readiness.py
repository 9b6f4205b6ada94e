"""Whether an instance is ready to do its work, asked of the instance itself."""

import asyncio

import aiohttp

from everopen.topology import Instance, Kind

_TIMEOUT_S = 2.0
_TIMEOUT = aiohttp.ClientTimeout(total=_TIMEOUT_S)

# What is asked, by kind, and which answers mean ready. SeaweedFS answers 200 once S3 is served.
_HTTP: dict[Kind, tuple[str, str]] = {
    Kind.ETCD: ("client", "/health"),
    Kind.POSTGRES: ("patroni", "/health"),
    Kind.OBJECT_STORE: ("s3", "/healthz"),
    Kind.GATEWAY: ("admin", "/ready"),
    Kind.PROCESS: ("http", "/health/ready"),
}


async def not_ready(session: aiohttp.ClientSession, instance: Instance) -> str | None:
    """Why an instance is not ready; None if it is."""
    if instance.kind is Kind.CACHE:
        return await _ping(instance)
    port, path = _HTTP[instance.kind]
    try:
        async with session.get(instance.url(port) + path, timeout=_TIMEOUT) as answer:
            if answer.status == 200:
                return None
            return f"{path} answers {answer.status}: {(await answer.text()).strip()[:120]}"
    except TimeoutError:
        return f"{path} does not answer within {_TIMEOUT_S:.0f} s"
    except aiohttp.ClientError as error:
        return f"{path}: {error}"


async def _ping(instance: Instance) -> str | None:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(instance.address, instance.ports["valkey"])
            try:
                writer.write(b"PING\r\n")
                answer = await reader.readline()
            finally:
                writer.close()
    except TimeoutError:
        return f"PING is not answered within {_TIMEOUT_S:.0f} s"
    except OSError as error:
        return f"PING: {error}"
    return None if answer == b"+PONG\r\n" else f"PING answers {answer!r}"
