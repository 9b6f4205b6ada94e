"""`everopen keys`: the keys that sign session tokens."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from everopen.apps.cli.options import attached, data_option, json_option, topology_option
from everopen.apps.cli.running import run
from everopen.apps.cli.showing import progress_for_terminal
from everopen.apps.platform.keyring import KeyRing


@click.group()
def keys() -> None:
    """Change the keys that sign session tokens, while the shop runs.

    No token is refused for it: a key is believed everywhere before it signs, and until its last token
    expires.
    """


@keys.command("list")
@topology_option
@data_option
@json_option
def list_keys(*, topology: str | None, data: Path | None, as_json: bool) -> None:
    """Show the keys: which signs, which comes next, which are still believed and until when."""

    async def work() -> KeyRing:
        return attached(topology, data).token_keys()

    _show(run(work()), as_json=as_json)


@keys.command()
@topology_option
@data_option
@json_option
def rotate(*, topology: str | None, data: Path | None, as_json: bool) -> None:
    """Make a new key, have everyone believe it, then sign with it.

    If it is cut short or somebody does not follow (exit status 1), run it again: it goes on where it stopped.
    Old keys whose tokens have expired are taken out.
    """
    progress = progress_for_terminal()

    async def work() -> KeyRing:
        return await attached(topology, data).rotate_token_keys(progress)

    try:
        ring = run(work())
    finally:
        progress.close()
    _show(ring, as_json=as_json)


@keys.command()
@topology_option
@data_option
@json_option
def retire(*, topology: str | None, data: Path | None, as_json: bool) -> None:
    """Take out the old keys whose last token has expired. Safe to repeat."""
    progress = progress_for_terminal()

    async def work() -> KeyRing:
        return await attached(topology, data).retire_token_keys(progress)

    try:
        ring = run(work())
    finally:
        progress.close()
    _show(ring, as_json=as_json)


def _show(ring: KeyRing, *, as_json: bool) -> None:
    if as_json:
        facts = [
            {
                "key_id": key.key_id,
                "state": key.state,
                "since": _time(key.since_s),
                "retires_at": _time(key.retires_at_s or 0),
            }
            for key in ring.keys
        ]
        click.echo(json.dumps({"keys": facts}, indent=2))
        return
    for key in ring.keys:
        until = f", believed until {_time(key.retires_at_s)}" if key.retires_at_s else ""
        since = f" since {_time(key.since_s)}" if key.since_s else ""
        click.echo(f"{key.key_id}  {key.state}{since}{until}")


def _time(at_s: int) -> str | None:
    return datetime.fromtimestamp(at_s, UTC).isoformat() if at_s else None
