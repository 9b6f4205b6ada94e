"""Patroni's configuration file: one per member of a cell.

The timings were measured together (docs/decisions): 20 s is Patroni's floor for `ttl`; with a loop
of 1 s a leader whose PostgreSQL dies is replaced in 2 to 3 s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from everopen.engines.document import to_yaml
from everopen.engines.program import File, Program, Rendered
from everopen.topology import Instance, Kind, Layout

SUPERUSER = "postgres"
REPLICATION_USER = "replicator"
REWIND_USER = "rewinder"
NAMESPACE = "/everopen/"
DATABASE = "everopen"
PATRONI_API_USER = "everopen"

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PostgresPasswords:
    """Passwords of the cluster's own users, and of Patroni's API where it changes something."""

    superuser: str = field(repr=False)
    replication: str = field(repr=False)
    rewind: str = field(repr=False)
    patroni_api: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """Where PostgreSQL and Patroni are, for the account that runs them.

    Attributes:
        bin_dir: PostgreSQL's programs.
        python: an interpreter that can import Patroni.
        environment: what it needs for that beyond the clean environment.
    """

    bin_dir: Path
    python: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def render_postgres(
    layout: Layout,
    instance: Instance,
    programs: PostgresPrograms,
    passwords: PostgresPasswords,
) -> Rendered:
    """Configuration and command of one member: Patroni, which starts and stops PostgreSQL."""
    state = state_directory(instance)
    config = {
        "scope": instance.cell,
        "namespace": NAMESPACE,
        "name": instance.zone,
        "log": {
            "dir": str(state),
            "file_size": 10 * _MEGABYTE,
            "file_num": 3,
            "level": "INFO",
            # Otherwise a line every second that all is as it was.
            "deduplicate_heartbeat_logs": True,
        },
        "restapi": {
            "listen": f"{instance.address}:{instance.ports['patroni']}",
            "connect_address": f"{instance.address}:{instance.ports['patroni']}",
            "authentication": {"username": PATRONI_API_USER, "password": passwords.patroni_api},
        },
        "etcd3": {
            "hosts": [
                f"{etcd.address}:{etcd.ports['client']}"
                for etcd in _own_zone_first(layout.of_kind(Kind.ETCD), instance.zone)
            ]
        },
        "bootstrap": {"dcs": _cluster_settings(layout, instance.cell), "initdb": _initdb()},
        "postgresql": _member_settings(instance, programs, passwords),
        "tags": {"failover_priority": _failover_priority(layout, instance)},
    }
    path = instance.directory / "patroni.yaml"
    return Rendered(
        program=Program(
            instance=instance.name,
            command=(str(programs.python), "-P", "-m", "patroni", str(path)),
            directory=instance.directory,
            environment=programs.environment,
            unprivileged=True,
            stop_wait_s=60,
            # PostgreSQL outlives a Patroni that was killed, and is taken over by the next one.
            kill_group=False,
        ),
        files=(File(path, to_yaml(config), mode=0o640, for_engine=True),),
        directories=(state,),
    )


def state_directory(instance: Instance) -> Path:
    """What the engine account may write: data, logs and password file; its own parent it may not."""
    return instance.directory / "state"


def _own_zone_first(instances: tuple[Instance, ...], zone: str) -> list[Instance]:
    return sorted(instances, key=lambda i: i.zone != zone)


def _failover_priority(layout: Layout, instance: Instance) -> int:
    """Members in the lead region first: a failover must not leave the region without need."""
    return 2 if instance.site == layout.topology.cell(instance.cell).lead else 1


def _cluster_settings(layout: Layout, cell_name: str) -> dict[str, Any]:
    """What Patroni keeps in etcd for the whole cluster, from its first start on."""
    cell = layout.topology.cell(cell_name)
    synchronous: dict[str, Any] = {"synchronous_mode": "off"}
    if cell.synchronous_standbys:
        synchronous = {
            "synchronous_mode": "quorum",
            "synchronous_node_count": cell.synchronous_standbys,
        }
    return {
        "ttl": 20,
        "loop_wait": 1,
        "retry_timeout": 3,
        # Zonal traffic may lag; the default of 1 MB would disqualify a standby for it.
        "maximum_lag_on_failover": 64 * _MEGABYTE,
        # Fail over at once instead of first restarting in place.
        "primary_start_timeout": 0,
        # With all of etcd gone, a leader that reaches every member goes on.
        "failsafe_mode": True,
        **synchronous,
        "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": _parameters()},
    }


def _parameters() -> dict[str, Any]:
    return {
        "max_connections": 200,
        "shared_buffers": "128MB",
        "wal_level": "replica",
        "wal_log_hints": "on",
        "max_wal_senders": 10,
        "max_replication_slots": 10,
        "wal_keep_size": "128MB",
        # A standby that is away for long is cloned anew rather than filling the leader's disk.
        "max_slot_wal_keep_size": "2GB",
        "wal_sender_timeout": "5s",
        "wal_receiver_timeout": "5s",
        "wal_retrieve_retry_interval": "1s",
        "tcp_keepalives_idle": 5,
        "tcp_keepalives_interval": 2,
        "tcp_keepalives_count": 2,
        "client_connection_check_interval": "2s",
        "idle_in_transaction_session_timeout": "60s",
        "hot_standby_feedback": "on",
        "random_page_cost": 1.1,
        "jit": "off",
        "timezone": "UTC",
        "shared_preload_libraries": "pg_stat_statements",
        "log_line_prefix": "%m [%p] %q%u@%d %a ",
        "log_min_duration_statement": "2s",
        # Bind parameters may be names, addresses or tokens: never in a log.
        "log_parameter_max_length": 0,
        "log_lock_waits": "on",
    }


def _initdb() -> list[Any]:
    return [
        "data-checksums",
        {"encoding": "UTF8"},
        {"locale-provider": "builtin"},
        {"builtin-locale": "C.UTF-8"},
        {"locale": "C"},
        {"auth-local": "scram-sha-256"},
        {"auth-host": "scram-sha-256"},
    ]


def _member_settings(
    instance: Instance, programs: PostgresPrograms, passwords: PostgresPasswords
) -> dict[str, Any]:
    at = f"{instance.address}:{instance.ports['postgres']}"
    state = state_directory(instance)
    return {
        "listen": at,
        "connect_address": at,
        "data_dir": str(state / "data"),
        "bin_dir": str(programs.bin_dir),
        "pgpass": str(state / "pgpass"),
        "use_unix_socket": False,
        "authentication": {
            "superuser": {"username": SUPERUSER, "password": passwords.superuser},
            "replication": {"username": REPLICATION_USER, "password": passwords.replication},
            "rewind": {"username": REWIND_USER, "password": passwords.rewind},
        },
        "pg_hba": [
            f"host replication {REPLICATION_USER} 127.0.0.0/8 scram-sha-256",
            "host all all 127.0.0.0/8 scram-sha-256",
        ],
        "create_replica_methods": ["basebackup"],
        "basebackup": {"checkpoint": "fast"},
        # A member that cannot be rewound is cloned again from the leader, without an operator.
        "remove_data_directory_on_rewind_failure": True,
        "remove_data_directory_on_diverged_timelines": True,
        "parameters": {
            # TCP on loopback only: socket paths have a limit of 107 bytes, data directories have not.
            "unix_socket_directories": "",
            "logging_collector": "on",
            "log_directory": str(state),
            "log_filename": "postgres-%a.log",
            "log_truncate_on_rotation": "on",
            "log_rotation_size": 0,
            "log_rotation_age": "1d",
            "log_file_mode": "0600",
        },
    }
