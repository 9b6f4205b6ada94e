"""Writing what the instances of a zone need before they are started."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass

from everopen.apps.platform.data_dir import DataDir
from everopen.apps.platform.files import make_directory, write_file
from everopen.apps.platform.key_files import key_files
from everopen.apps.platform.keyring import KeyRing
from everopen.apps.platform.secrets import Secrets
from everopen.apps.platform.wiring import render_process
from everopen.engines.binaries import Binaries
from everopen.engines.envoy.render import render_envoy
from everopen.engines.etcd.render import render_etcd
from everopen.engines.objectstore.render import render_objectstore
from everopen.engines.postgres.account import Account
from everopen.engines.postgres.render import PostgresPrograms, render_postgres
from everopen.engines.program import INSTANCE_VARIABLE, PLATFORM_VARIABLE, File, Rendered
from everopen.engines.supervisor import render_supervisor
from everopen.engines.valkey.render import render_valkey
from everopen.topology import Instance, Kind, Layout

SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Build:
    """What is rendered from, and where it goes."""

    data_dir: DataDir
    layout: Layout
    secrets: Secrets
    ring: KeyRing
    binaries: Binaries
    postgres: PostgresPrograms
    account: Account | None

    def render(self, instance: Instance) -> Rendered:
        """Files and command of one instance."""
        match instance.kind:
            case Kind.ETCD:
                return render_etcd(self.layout, instance, self.binaries.etcd)
            case Kind.POSTGRES:
                passwords = self.secrets.postgres
                return render_postgres(self.layout, instance, self.postgres, passwords)
            case Kind.CACHE:
                return render_valkey(instance, self.binaries.valkey)
            case Kind.OBJECT_STORE:
                return render_objectstore(instance, self.binaries.seaweedfs, self.secrets.s3)
            case Kind.GATEWAY:
                return render_envoy(self.layout, instance, self.binaries.envoy)
            case Kind.PROCESS:
                return render_process(self.layout, instance, self.secrets)

    def write_zone(self, zone: str) -> None:
        """Write everything that the zone's supervisor and its programs read."""
        make_directory(self.data_dir.zone(zone), mode=0o755)
        programs = []
        for instance in self.layout.in_zone(zone):
            rendered = self.render(instance)
            programs.append(rendered.program)
            self._write_instance(instance, rendered)
            self.write_keys(instance)
        files = self.data_dir.supervisor(zone)
        make_directory(files.directory, mode=0o700)
        run_as = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else None
        account = self.account.name if self.account else None
        self._write(render_supervisor(zone, files, programs, account, run_as))

    def write_keys(self, instance: Instance) -> None:
        """Write what the instance reads of the token keys, now and whenever they change."""
        for file in key_files(instance, self.ring):
            self._write(file)

    def _write_instance(self, instance: Instance, rendered: Rendered) -> None:
        unprivileged = rendered.program.unprivileged
        make_directory(instance.directory, mode=0o755 if unprivileged else 0o700)
        owner = (self.account.uid, self.account.gid) if unprivileged and self.account else None
        for directory in rendered.directories:
            make_directory(directory, mode=0o700, owner=owner)
        for file in rendered.files:
            self._write(file)

    def _write(self, file: File) -> None:
        gid = self.account.gid if file.for_engine and self.account else None
        write_file(file.path, file.text.encode(), mode=file.mode, gid=gid)


def environment(data_dir: DataDir, zone: str) -> Mapping[str, str]:
    """All that a zone's processes find in their environment: nothing of the caller's but this."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        PLATFORM_VARIABLE: str(data_dir.path),
        INSTANCE_VARIABLE: f"{zone}/{SUPERVISOR}",
    }
