"""Options that several commands have: where a server listens or answers, its store, room, token."""

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
    typer.Option(help="Folder of the embedded store; made if missing. [default: .grandstand]"),
]
Workers = Annotated[
    int | None, typer.Option(help="Processes that share the port, each with a core. [default: 1]")
]

Url = Annotated[str, typer.Option(envvar="GRANDSTAND_URL", help="Address of the server.")]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="GRANDSTAND_TOKEN",
        help="The token. [default: issued with GRANDSTAND_JWT_SECRET, or with a demo's own secret]",
    ),
]
Room = Annotated[str, typer.Option(help="The room's id.")]

URL = "http://127.0.0.1:8000"
GALA = "gala"
"""The demonstration's room, with which somebody new begins."""


def server_settings(**given: object) -> ServerSettings:
    """Return a server's settings, after setting up logging by them. Raises OperatorError."""
    settings = ServerSettings.read(**given)
    configure_logging(settings.log_level, settings.log_json)
    for name, closest in unknown_variables().items():
        structlog.get_logger(__name__).warning("unknown_setting", variable=name, closest=closest)
    return settings
