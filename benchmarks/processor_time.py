"""How much processor time the platform's processes have taken, by what they are."""

import os
from collections import defaultdict
from pathlib import Path

import psutil

from everopen.engines.processes import Marked, marked_processes

SHOPPERS = "shoppers (the load itself)"


def used_s(data_dir: Path) -> dict[str, dict[tuple[int, int], float]]:
    """Seconds so far of every process of the platform, and of this one, by kind and process."""
    seen: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
    for process in marked_processes(data_dir):
        try:
            times = psutil.Process(process.pid).cpu_times()
        except psutil.Error:
            continue
        seen[kind_of(process)][process.pid, process.started] = times.user + times.system
    own = os.times()
    seen[SHOPPERS][os.getpid(), 0] = own.user + own.system
    return dict(seen)


def spent_s(
    before: dict[str, dict[tuple[int, int], float]], after: dict[str, dict[tuple[int, int], float]]
) -> dict[str, float]:
    """Seconds between two looks, by kind. What ended in between is not counted, what began is."""
    return {
        kind: sum(total_s - before.get(kind, {}).get(key, 0.0) for key, total_s in processes.items())
        for kind, processes in after.items()
    }


def kind_of(process: Marked) -> str:
    """What a process is: `orders`, `shop`, `envoy`, `postgres`, `patroni`, `etcd`, `valkey`, `sandbox`, …"""
    name = process.instance.partition("/")[2]
    if name.startswith("postgres"):
        return "postgres" if process.executable == "postgres" else "patroni"
    kinds = {"gateway": "envoy", "cache": "valkey", "objectstore": "object store", "": "supervisord"}
    plain = name.rpartition("-")[0] or name
    return kinds.get(plain, plain)
