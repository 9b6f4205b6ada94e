"""The command line: `everopen up|down|status|logs|import|match|keys|openapi`."""

import click

from everopen.apps.cli.down import down
from everopen.apps.cli.import_catalog import import_catalog
from everopen.apps.cli.keys import keys
from everopen.apps.cli.logs import logs
from everopen.apps.cli.match import match
from everopen.apps.cli.openapi import openapi
from everopen.apps.cli.status import status
from everopen.apps.cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="everopen")
def main() -> None:
    """Run an Everopen platform on this machine.

    A platform is described by one topology file and lives in one data directory.
    """


for _command in (up, down, status, logs, import_catalog, match, keys, openapi):
    main.add_command(_command)
