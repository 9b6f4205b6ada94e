"""The figures as a page and as JSON."""

import os
import platform as machine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.catalog import CatalogFigures, catalog_table
from benchmarks.measure import Level, Strength
from benchmarks.processor_time import SHOPPERS
from benchmarks.shoppers import CALLS_PER_CHECKOUT

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
FACTS = ROOT / "benchmarks" / "results.json"
CATALOG_FACTS = ROOT / "benchmarks" / "catalog.json"
# What runs here only because everything is on one machine.
_OUTSIDE = ("sandbox", SHOPPERS)
_BEGIN, _END = "<!-- figures: written by `make bench` -->", "<!-- end of figures -->"
_BEGIN_CATALOG = "<!-- catalog: written by `make bench ARGS='--catalog 100000'` -->"
_END_CATALOG = "<!-- end of catalog -->"


def write(
    levels: list[Level], idle: dict[str, float], topology: str, strength: Strength, busy: float
) -> None:
    """Replace the figures in docs/benchmarks.md and benchmarks/results.json.

    Args:
        busy: the machine's load average before the run: what else ran beside it.
    """
    facts: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "topology": topology,
        "cores": os.cpu_count(),
        "python": machine.python_version(),
        "load_average_before": round(busy, 2),
        "strength": msgspec.to_builtins(strength),
        "idle_cpu_s_per_s": rounded(idle, 4),
        "levels": [rounded(msgspec.to_builtins(level), 3) for level in levels],
    }
    FACTS.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")
    replace_figures(_BEGIN, _END, figures(levels, idle, facts))


def write_catalog(found: CatalogFigures) -> None:
    """Replace the catalog's figures in docs/benchmarks.md and benchmarks/catalog.json."""
    facts = rounded(msgspec.to_builtins(found), 3) | {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    CATALOG_FACTS.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")
    replace_figures(_BEGIN_CATALOG, _END_CATALOG, f"Measured {facts['at'][:10]}: {catalog_table(found)}")


def replace_figures(begin: str, end: str, text: str) -> None:
    """Put `text` between two marks of docs/benchmarks.md."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    PAGE.write_text(f"{head}{begin}\n\n{text}\n{end}{tail}", encoding="utf-8")


def figures(levels: list[Level], idle: dict[str, float], facts: dict[str, Any]) -> str:
    """Three tables in Markdown."""
    where = f"`{facts['topology']}`: {facts['cores']} shared cores, Python {facts['python']}"
    columns = (
        "shoppers", "checkouts", "not confirmed", "checkouts/s", "whole, p50 / p99 ms",
        "last call, p50 / p99 ms", "backlog s", "same SQL/s", "ratio",
    )  # fmt: skip
    lines = [
        f"Measured {facts['at'][:10]} on {where}, load average before {facts['load_average_before']}.",
        "",
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
    ]
    for level in levels:
        ratio = level.sql_checkouts_per_s / level.checkouts_per_s if level.checkouts_per_s else float("nan")
        row = (
            f"{level.shoppers}", f"{level.checkouts}", f"{sum(level.failed.values())}",
            f"{level.checkouts_per_s:.1f}", f"{level.whole_p50_ms:.0f} / {level.whole_p99_ms:.0f}",
            f"{level.final_p50_ms:.0f} / {level.final_p99_ms:.0f}", f"{level.backlog_s:.1f}",
            f"{level.sql_checkouts_per_s:.0f}", f"{ratio:.1f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(row)} |")
    kinds = sorted({kind for level in levels for kind in level.cpu_ms} - set(_OUTSIDE))
    head = " | ".join(f"{level.shoppers} shoppers" for level in levels)
    lines += ["", f"| CPU ms per checkout | {head} | idle, ms per s |", "|---|" + "---|" * (len(levels) + 1)]
    for kind in [*kinds, *_OUTSIDE]:
        each = " | ".join(f"{level.cpu_ms.get(kind, 0.0):.2f}" for level in levels)
        lines.append(f"| {kind} | {each} | {_idle_ms(idle.get(kind))} |")
    totals = " | ".join(f"**{sum(level.cpu_ms.get(k, 0.0) for k in kinds):.1f}**" for level in levels)
    idle_ms = _idle_ms(sum(share for kind, share in idle.items() if kind in kinds))
    lines += [f"| **the platform, without the last two** | {totals} | {idle_ms} |", ""]
    lines.append(f"A checkout is {CALLS_PER_CHECKOUT} calls. Everything in it: `benchmarks/results.json`.")
    return "\n".join(lines) + "\n"


def _idle_ms(share: float | None) -> str:
    return "" if share is None else f"{1000 * share:.0f}"


def rounded(value: Any, digits: int) -> Any:
    """`value` with every float in it rounded."""
    if isinstance(value, float):
        return round(value, digits)
    if isinstance(value, dict):
        return {key: rounded(inner, digits) for key, inner in value.items()}
    return [rounded(inner, digits) for inner in value] if isinstance(value, list | tuple) else value
