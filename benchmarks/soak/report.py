"""The run as a page and as JSON."""

import os
from typing import Any

import msgspec

from benchmarks.processor_time import SHOPPERS
from benchmarks.report import ROOT, replace_figures, rounded
from benchmarks.soak.run import Run
from benchmarks.soak.samples import Sample
from benchmarks.soak.verdict import Check, Series, Verdict

FACTS = ROOT / "benchmarks" / "soak.json"
_BEGIN, _END = "<!-- soak: written by `make soak` -->", "<!-- end of soak -->"
_MIB = 1024 * 1024
_KINDS = ("orders", "shop", "postgres", "envoy", "valkey", "etcd", "object store", "patroni", "sandbox")


def write(run: Run, verdict: Verdict) -> None:
    """Replace the section in docs/benchmarks.md and benchmarks/soak.json."""
    replace_figures(_BEGIN, _END, page(run, verdict))
    FACTS.write_bytes(msgspec.json.format(msgspec.json.encode(facts(run, verdict)), indent=2) + b"\n")


def facts(run: Run, verdict: Verdict) -> dict[str, Any]:
    """All but the single looks."""
    found: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(run, samples=()))
    del found["samples"]
    return {
        **rounded(found, 3),
        "cores": os.cpu_count(),
        "looks": len(run.samples),
        "cpu_s_per_s": rounded(_processor_time(run), 4),
        "passed": verdict.passed,
        "checks": msgspec.to_builtins(verdict.checks),
        "series": rounded(msgspec.to_builtins(verdict.series), 3),
    }


def page(run: Run, verdict: Verdict) -> str:
    """The verdict and how memory and files moved, in Markdown."""
    lines = [
        _what_ran(run),
        "",
        f"**{'Passed' if verdict.passed else 'FAILED'}**: {_what_was_done(run)}",
        "",
        "| what must hold | holds | seen |",
        "|---|---|---|",
        *(f"| {check.name} | {_word(check)} | {check.detail} |" for check in verdict.checks),
        "",
        _what_came_to_rest(run),
        "",
        *_movement(run, verdict),
    ]
    return "\n".join(lines) + "\n"


def _what_ran(run: Run) -> str:
    loads = sorted(sample.load_average for sample in run.samples)
    return (
        f"Measured {run.at[:10]} on `{run.topology}`: {run.ended.load_s / 60:.0f} minutes,"
        f" {run.plan.checkouts_per_s:g} shoppers and {run.plan.reads_per_s:g} other requests a second;"
        f" {os.cpu_count()} shared cores, load average {loads[len(loads) // 2]:.1f} at the median."
    )


def _what_was_done(run: Run) -> str:
    looked = sum(number for what, number in run.done.items() if what.startswith("looked"))
    return (
        f"{sum(run.done.values()) - looked} shoppers ({_shares(run)}), {looked} other requests,"
        f" {run.webhooks_received} webhooks received. Placing an order took {run.final_ms[0]:.0f} ms (p50)"
        f" and {run.final_ms[1]:.0f} ms (p99), other requests {run.read_ms[0]:.0f} and"
        f" {run.read_ms[1]:.0f} ms. All in all {_total_cpu(run):.2f} of a core."
    )


def _what_came_to_rest(run: Run) -> str:
    return (
        f"Nothing was owed any more {run.rest_s:.0f} s after the last shopper;"
        f" {run.orders_matched} orders and {run.payments_matched} payments were compared."
    )


def _movement(run: Run, verdict: Verdict) -> list[str]:
    trends = {(each.what, each.of): each for each in verdict.series}
    lines = [
        "| process | MiB at the beginning, in the middle, at the end | MiB an hour | files, likewise |",
        "|---|---|---|---|",
    ]
    during = [sample for sample in run.samples if sample.at_s <= run.ended.load_s]
    places = (during[0], during[len(during) // 2], during[-1])
    kinds = {process.process: process.kind for process in during[-1].processes}
    for name in sorted(kinds, key=lambda name: (_place(kinds[name]), name)):
        if kinds[name] not in _KINDS:
            continue
        memory = " / ".join(f"{_figure(sample, name, 'heap_bytes') / _MIB:.0f}" for sample in places)
        files = " / ".join(f"{_figure(sample, name, 'files'):.0f}" for sample in places)
        lines.append(f"| {name} | {memory} | {_growth(trends.get(('memory', name)))} | {files} |")
    return lines


def _place(kind: str) -> int:
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _figure(sample: Sample, name: str, member: str) -> float:
    return float(
        next((getattr(process, member) for process in sample.processes if process.process == name), 0)
    )


def _growth(series: Series | None) -> str:
    return f"{series.trend.per_hour / _MIB:+.1f}" if series is not None and series.trend is not None else ""


def _word(check: Check) -> str:
    return {True: "yes", False: "**no**", None: "not judged"}[check.passed]


def _shares(run: Run) -> str:
    """What the shoppers did, whichever provider they used."""
    found: dict[str, int] = {}
    for what, number in run.done.items():
        if not what.startswith("looked"):
            did = what.partition(",")[0]
            found[did] = found.get(did, 0) + number
    return ", ".join(f"{number} {did}" for did, number in sorted(found.items(), key=lambda each: -each[1]))


def _processor_time(run: Run) -> dict[str, float]:
    """Seconds per second, by kind, while the load ran."""
    during = [sample for sample in run.samples if sample.at_s <= run.ended.load_s and sample.cpu_s]
    if len(during) < 2:
        return {}
    first, last = during[0], during[-1]
    took_s = last.at_s - first.at_s
    return {kind: (used_s - first.cpu_s.get(kind, 0.0)) / took_s for kind, used_s in last.cpu_s.items()}


def _total_cpu(run: Run) -> float:
    return sum(share for kind, share in _processor_time(run).items() if kind != SHOPPERS)
