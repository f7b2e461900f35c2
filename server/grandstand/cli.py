"""The commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from grandstand import app as server
from grandstand.faults import OperatorError
from grandstand.settings import ServerSettings
from grandstand.telemetry import configure_logging

cli = typer.Typer(no_args_is_help=True, add_completion=False)


@cli.callback()
def grandstand() -> None:
    """The audience of a live broadcast: comments, polls and overlays, locked to the picture."""


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the embedded store.")] = None,
) -> None:
    """Serve rooms until Ctrl-C."""
    given = ServerSettings.read(host=host, port=port, data_dir=data_dir)
    configure_logging(given.log_level, given.log_json)
    server.run(given)


def main() -> None:
    """The ``grandstand`` command."""
    try:
        cli()
    except OperatorError as fault:
        print(f"grandstand: {fault}", file=sys.stderr)
        sys.exit(1)
