"""``grandstand demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grandstand.commands.options import DataDir, Host, Port, server_settings


def demo(
    crowd: Annotated[int, typer.Option(min=0, help="How many viewers come by themselves.")] = 200,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="A recorded chat for the crowd to say, over and over, in any form that "
            "`grandstand import` reads. Then --crowd is how many are there at a time."
        ),
    ] = None,
    stream: Annotated[
        str | None, typer.Option(help="Show this HLS playlist instead of a picture of our own.")
    ] = None,
    attended: Annotated[
        bool,
        typer.Option("--attended", help="No poll, cue or card comes by itself."),
    ] = False,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    for_s: Annotated[
        float | None, typer.Option("--for", min=0, help="Stop by itself after so many seconds.")
    ] = None,
) -> None:
    """Show what it does: a room, a live picture, a crowd that talks and votes, and pages.

    Needs nothing set up. Room, polls and comments are kept in --data-dir for the next time.

    \b
    Examples:
      grandstand demo
      grandstand demo --crowd 1000 --port 9000
      grandstand demo --trace chat.ndjson
      grandstand demo --stream https://cdn.example/live.m3u8
    """
    from grandstand.demo import show  # here: a second that other commands needn't wait for

    settings = server_settings(host=host, port=port, data_dir=data_dir)
    show.run(settings, show.Plan(crowd, trace, for_s, stream, attended))
