"""etcd's configuration file, one member per zone that has `etcd = true`."""

from pathlib import Path

from everopen.engines.document import to_yaml
from everopen.engines.program import File, Program, Rendered
from everopen.topology import Instance, Kind, Layout

_QUOTA_BYTES = 256 * 1024 * 1024


def render_etcd(layout: Layout, instance: Instance, binary: Path) -> Rendered:
    """Configuration and command of one etcd member.

    All members start at once from nothing (`initial-cluster-state: new`); on a later start the
    data directory says what the cluster is and these lines are ignored.
    """
    members = layout.of_kind(Kind.ETCD)
    data = instance.directory / "data"
    config = {
        "name": instance.zone,
        "data-dir": str(data),
        "listen-client-urls": instance.url("client"),
        "advertise-client-urls": instance.url("client"),
        "listen-peer-urls": instance.url("peer"),
        "initial-advertise-peer-urls": instance.url("peer"),
        "initial-cluster": ",".join(f"{m.zone}={m.url('peer')}" for m in members),
        "initial-cluster-token": f"everopen-{layout.topology.name}",
        "initial-cluster-state": "new",
        # Twice the defaults: on few, busy cores a heartbeat may come late without anyone being dead.
        "heartbeat-interval": 200,
        "election-timeout": 2000,
        "quota-backend-bytes": _QUOTA_BYTES,
        "auto-compaction-mode": "periodic",
        # Patroni writes every second and reads the present only. The defaults keep some ten hours of that in
        # memory, and a member would replay it when it starts.
        "auto-compaction-retention": "15m",
        "snapshot-count": 5_000,
        "log-level": "warn",
        # Its own file: it must not depend on its supervisor to read a pipe.
        "log-outputs": [str(instance.directory / "etcd.log")],
        "logger": "zap",
    }
    path = instance.directory / "etcd.yaml"
    return Rendered(
        program=Program(
            instance=instance.name,
            command=(str(binary), "--config-file", str(path)),
            directory=instance.directory,
        ),
        files=(File(path, to_yaml(config)),),
        directories=(data,),
    )
