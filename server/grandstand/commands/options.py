"""What several commands are given: where a server listens or answers, its store, room, token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import structlog
import typer

from grandstand.settings import ServerSettings, unknown_variables
from grandstand.telemetry import configure_logging

Host = Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")]
Port = Annotated[int | None, typer.Option(help="Port to listen on. [default: 8000]")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the embedded store, made if need be. [default: .grandstand]"),
]
Workers = Annotated[
    int | None, typer.Option(help="Processes that share the port, each with a core. [default: 1]")
]

Url = Annotated[str, typer.Option(envvar="GRANDSTAND_URL", help="Where the server answers.")]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="GRANDSTAND_TOKEN",
        help="Who asks. [default: issued with GRANDSTAND_JWT_SECRET, or with a demo's own secret]",
    ),
]
Room = Annotated[str, typer.Option(help="The room's id.")]

URL = "http://127.0.0.1:8000"


def server_settings(**given: object) -> ServerSettings:
    """A server's settings, with logging as they say. Raises OperatorError."""
    settings = ServerSettings.read(**given)
    configure_logging(settings.log_level, settings.log_json)
    for name, closest in unknown_variables().items():
        structlog.get_logger(__name__).warning("unknown_setting", variable=name, closest=closest)
    return settings
