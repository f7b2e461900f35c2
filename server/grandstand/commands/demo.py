"""``grandstand demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grandstand.collector import starting
from grandstand.commands.options import DataDir, Host, Port, server_settings


def demo(
    crowd: Annotated[int, typer.Option(min=0, help="How many viewers the crowd has.")] = 200,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="A recorded chat for the crowd to send, over and over, in any form that "
            "`grandstand import` reads. Then --crowd is how many are connected at a time."
        ),
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option(help="Show this HLS playlist instead of the demonstration's own picture."),
    ] = None,
    attended: Annotated[
        bool,
        typer.Option("--attended", help="Send no polls, cues or cards automatically."),
    ] = False,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    for_s: Annotated[
        float | None, typer.Option("--for", min=0, help="Stop after this many seconds.")
    ] = None,
) -> None:
    """Run a demonstration: a room, a live picture, a crowd that comments and votes, and pages.

    Needs no set-up. Room, polls and comments are kept in --data-dir for the next start.

    \b
    Examples:
      grandstand demo
      grandstand demo --crowd 1000 --port 9000
      grandstand demo --trace chat.ndjson
      grandstand demo --stream https://cdn.example/live.m3u8
    """
    # Imported here: it takes a second, which other commands needn't wait for.
    with starting():
        from grandstand.demo import show

    settings = server_settings(host=host, port=port, data_dir=data_dir)
    show.run(settings, show.Plan(crowd, trace, for_s, stream, attended))
