"""`everopen import`."""

import sys
import tempfile
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from everopen.apps.cli.options import attached, data_option, json_option, topology_option
from everopen.apps.cli.running import EXIT_FAILED, fail, run
from everopen.apps.importing import ImagesResult, MerchantClient
from everopen.contracts.base import Reply
from everopen.contracts.catalog import BadImportRow, ImportEvent, ImportProgress, ImportResult


class Report(Reply, frozen=True, kw_only=True):
    """What `--json` prints."""

    imported: int
    unchanged: int
    failed: int
    error: str | None
    images_stored: int
    images_refused: dict[str, str]
    bad_rows: tuple[BadImportRow, ...]


@click.command("import")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with the images that FILE names; they are stored before the products.",
)
@click.option("--sample", is_flag=True, help="Import the shipped sample catalog instead of a file.")
@topology_option
@data_option
@json_option
def import_catalog(
    *,
    file: Path | None,
    images: Path | None,
    sample: bool,
    topology: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Import FILE, a product CSV as Shopify exports it.

    Rows that cannot be used are listed with their lines; all other products go in. Importing the same
    file again changes nothing.

    Exit status: 0 everything is in, 1 something was left out or failed.
    """
    if sample == (file is not None):
        raise click.UsageError("Give a FILE, or --sample.")
    with tempfile.TemporaryDirectory(prefix="everopen-import-") as scratch:
        if sample:
            from everopen.services.catalog.sample import write_sample

            written = write_sample(Path(scratch))
            file, images = written.csv, written.images
        assert file is not None  # noqa: S101  # one of the two, see above
        files = {} if images is None else _image_files(images)
        report = run(_import(file, files, topology, data, Show(quiet=as_json)))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _summarise(report)
    if report.failed or report.images_refused or report.error is not None:
        sys.exit(EXIT_FAILED)


class Show:
    """Progress on standard error, bad rows as they are found."""

    def __init__(self, *, quiet: bool) -> None:
        self.bad_rows: list[BadImportRow] = []
        self._console = Console(stderr=True, highlight=False)
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._quiet = quiet
        self._products = self.progress.add_task("Products", total=None, visible=False)

    def event(self, event: ImportEvent) -> None:
        self.progress.update(self._products, visible=True)
        if isinstance(event, ImportProgress):
            self.progress.update(self._products, completed=event.products_done)
        elif isinstance(event, BadImportRow):
            self.bad_rows.append(event)
            if not self._quiet:
                name = f" ({event.handle})" if event.handle else ""
                self._console.print(f"line {event.line}{name}: {event.error}", style="yellow", markup=False)


async def _import(
    file: Path, images: dict[str, Path], topology: str | None, data: Path | None, show: Show
) -> Report:
    platform = attached(topology, data)
    url, password = platform.layout.public_url, platform.secrets.merchant_password
    async with MerchantClient.signed_in(url, password) as client:
        with show.progress:
            stored = await _store_images(client, images, show)
            result: ImportResult = await client.import_products(file, show.event)
    return Report(
        imported=result.imported,
        unchanged=result.unchanged,
        failed=result.failed,
        error=result.error,
        images_stored=stored.stored,
        images_refused=dict(stored.refused),
        bad_rows=tuple(show.bad_rows),
    )


async def _store_images(client: MerchantClient, files: dict[str, Path], show: Show) -> ImagesResult:
    if not files:
        return ImagesResult(0, ())
    task = show.progress.add_task("Images", total=len(files))
    return await client.store_images(list(files.items()), lambda: show.progress.advance(task))


def _image_files(folder: Path) -> dict[str, Path]:
    """The images in a folder, by the names under which the import will look for them."""
    from everopen.services.catalog.model import stored_image_name

    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = stored_image_name(path.name)
        if name is None or not path.is_file():
            continue
        if name in files:
            fail(f"{path} and {files[name]} would both be stored as {name}; rename one.", EXIT_FAILED)
        files[name] = path
    return files


def _summarise(report: Report) -> None:
    console = Console(stderr=True, highlight=False)
    for name, reason in report.images_refused.items():
        console.print(f"image {name}: {reason}", style="yellow", markup=False)
    if report.error is not None:
        console.print(report.error, style="red", markup=False)
    images = f", {report.images_stored} images" if report.images_stored else ""
    counts = f"{report.imported} products imported, {report.unchanged} unchanged, {report.failed} left out"
    click.echo(f"{counts}{images}.")
