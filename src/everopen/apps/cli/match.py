"""`everopen match`."""

import sys
import time
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from everopen.apps.cli.options import attached, data_option, json_option, topology_option
from everopen.apps.cli.running import run
from everopen.continuity.match import (
    ACTIONS,
    KINDS,
    Ages,
    Difference,
    Outcome,
    Repaired,
    Report,
    Scope,
    Watcher,
)
from everopen.core.money import Money

EXIT_SAME, EXIT_DIFFERENT, EXIT_UNABLE = 0, 1, 2
_EXIT = {"same": EXIT_SAME, "different": EXIT_DIFFERENT, "unable": EXIT_UNABLE}
_SHOWN = 200
_DAY_S = 86_400.0


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    verdict: str
    report: Report
    repairs: tuple[Repaired, ...] = ()
    before: Report | None = None


@click.command()
@topology_option
@data_option
@click.option("--repair", is_flag=True, help="Repair what a program may repair, then compare again.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Only payments of the last DAYS.")
@click.option(
    "--min-age",
    "min_age_s",
    type=click.FloatRange(min=0),
    default=Ages().min_age_s,
    show_default=True,
    metavar="SECONDS",
    help="Leave out what changed this short before the comparison began: it is in flight.",
)
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(min=0),
    default=Ages().grace_s,
    show_default=True,
    metavar="SECONDS",
    help="What an order owes has this long to be done.",
)
@click.option(
    "--patience",
    "patience_s",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="With --repair: how long repairs may take to show.",
)
@click.option("--kinds", is_flag=True, help="List the kinds of differences and their repairs, and end.")
@json_option
def match(
    *,
    topology: str | None,
    data: Path | None,
    repair: bool,
    days: float | None,
    min_age_s: float,
    grace_s: float,
    patience_s: float,
    kinds: bool,
    as_json: bool,
) -> None:
    """Compare orders and stock with the payments at the providers.

    Changes nothing unless told to --repair. Exit status: 0 no difference, 1 differences are left,
    2 it could not be compared.
    """
    if kinds:
        _show_kinds(as_json=as_json)
        return
    scope = Scope(
        ages=Ages(min_age_s=min_age_s, grace_s=grace_s), since_s=None if days is None else days * _DAY_S
    )
    watcher = _Lines() if sys.stderr.isatty() else Watcher()
    found = run(_match(topology, data, scope, patience_s if repair else None, watcher), failed=EXIT_UNABLE)
    sys.exit(present(found, as_json=as_json))


async def _match(
    topology: str | None, data: Path | None, scope: Scope, patience_s: float | None, watcher: Watcher
) -> Report | Outcome:
    from everopen.apps.match import match_access, open_match

    access = match_access(attached(topology, data))
    async with open_match(access, watcher) as matching:
        report = await matching.compare(scope)
        if patience_s is None or not report.differences:
            return report
        watcher.stage(f"Repairing {sum(report.kinds.values())} differences")
        return await matching.repair(scope, report, patience_s)


def present(found: Report | Outcome, *, as_json: bool) -> int:
    """Print what was found, for people or for programs.

    Returns:
        The exit status that says it.
    """
    if as_json:
        _print_json(found)
    else:
        _show(found)
    return _EXIT[_after(found).verdict]


class _Lines(Watcher):
    """One moving line on a terminal."""

    def __init__(self) -> None:
        self._text = ""
        self._shown_s = 0.0

    def stage(self, text: str) -> None:
        self._text = text
        click.echo(f"\r\x1b[K{text} …", err=True, nl=False)

    def advanced(self, count: int) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s > 0.1:
            self._shown_s = now_s
            click.echo(f"\r\x1b[K{self._text} … {count:,}", err=True, nl=False)


def _after(found: Report | Outcome) -> Report:
    return found.after if isinstance(found, Outcome) else found


def _print_json(found: Report | Outcome) -> None:
    report = _after(found)
    answer = _Answer(verdict=report.verdict, report=report)
    if isinstance(found, Outcome):
        answer = msgspec.structs.replace(answer, repairs=found.repairs, before=found.before)
    click.echo(msgspec.json.format(msgspec.json.encode(answer)).decode())


def _show(found: Report | Outcome) -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    if isinstance(found, Outcome):
        _show_report(found.before)
        refused = [repaired for repaired in found.repairs if repaired.error]
        click.echo(f"\nAsked for {len(found.repairs)} repairs; {len(refused)} were not accepted.")
        for repaired in refused[:_SHOWN]:
            click.echo(f"  {repaired.repair}: {repaired.error}")
        click.echo("\nAfter the repairs:")
    report = _after(found)
    _show_report(report)
    if isinstance(found, Report) and any(d.repair.action != "by-hand" for d in report.differences):
        click.echo("\n--repair does what a program may do. docs/operate/match.md explains each kind.")


def _show_report(report: Report) -> None:
    left_out = f"; {report.in_flight:,} in flight were left out" if report.in_flight else ""
    sides = f"{report.orders:,} orders with {report.payments:,} payments"
    click.echo(f"Compared {sides} in {report.took_s:.1f} s{left_out}.")
    if report.foreign:
        click.echo(f"{report.foreign:,} payments in these accounts are not of this platform.")
    _show_lapsing(report)
    for provider, why in report.unread.items():
        click.echo(f"{provider} could not be read: {why}")
    if not report.kinds:
        click.echo("No difference." if not report.unread else "No difference in what could be read.")
        return
    _show_differences(report)


def _show_lapsing(report: Report) -> None:
    """Held money that nobody wants, and nobody can be asked to let go: no difference, and no secret."""
    if not report.lapsing_count:
        return
    click.echo(f"{report.lapsing_count:,} holds were let go and will lapse by themselves:")
    for hold in report.lapsing[:_SHOWN]:
        until = f"{hold.lapses_at:%Y-%m-%d %H:%M %Z}"
        amount = Money(hold.amount_minor, hold.currency)
        click.echo(f"  {hold.order_id} {hold.provider} {hold.reference}: {amount} until {until}")


def _show_differences(report: Report) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("kind", "about", "what", "repair"):
        table.add_column(column, overflow="fold")
    for difference in report.differences[:_SHOWN]:
        table.add_row(difference.kind, _about(difference), difference.explanation, difference.repair.action)
    console.print(table, markup=False)
    total = sum(report.kinds.values())
    if total > _SHOWN:
        click.echo(f"… and {total - _SHOWN:,} more (--json lists up to {len(report.differences):,}).")
    counts = ", ".join(f"{count:,} {kind}" for kind, count in report.kinds.items())
    click.echo(f"\n{total:,} differences: {counts}.")


def _about(difference: Difference) -> str:
    payment = f"{difference.provider} {difference.reference}".strip()
    return "\n".join(filter(None, (difference.order_id or difference.sku, payment)))


def _show_kinds(*, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(KINDS)).decode())
        return
    for name, kind in KINDS.items():
        click.secho(name, bold=True)
        click.echo(f"  {kind.meaning}\n  Repair: {ACTIONS[kind.action]}. {kind.advice}".rstrip())
