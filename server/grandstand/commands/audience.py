"""``grandstand audience``: a room's audience to a file, as forecasts read past shows."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from grandstand.commands.chat_options import parse_time
from grandstand.commands.options import URL, Token, Url
from grandstand.commands.record import RoomId, write_whole
from grandstand.commands.remote import Remote, as_producer, room_path
from grandstand.crowd.curve_file import written_items, written_show
from grandstand.crowd.last_show import last_show, part
from grandstand.crowd.show import Item, Show
from grandstand.errors import OperatorError

MINUTE_MS = 60_000
PATIENCE_S = 10.0


def audience(
    room: RoomId,
    start: Annotated[
        str | None,
        typer.Option("--from", help="The server's time: ms, or a date and time."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="As --from; not included.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A file NAME.csv; the run-down goes into NAME.rundown.csv, if its items have "
            "times. [default: the curve alone, to standard output]",
        ),
    ] = None,
    url: Url = URL,
    token: Token = None,
) -> None:
    """Write a room's viewers and comments by the minute, as `grandstand forecast` reads them.

    A server keeps them for a week. Without --from and --to it is the last show: what came after the
    last hour without viewers. Files in the folder GRANDSTAND_PAST_SHOWS are past shows for a
    server's own forecasts.

    \b
    Examples:
      grandstand audience gala -o past-shows/gala/2026-02-16.csv
      grandstand audience gala --from 2026-02-16T20:00:00+08:00 > gala.csv
      grandstand audience gala | grandstand forecast -
    """
    first = 0 if start is None else math.ceil(parse_time(start, "--from") / MINUTE_MS)
    last = math.inf if end is None else parse_time(end, "--to") / MINUTE_MS
    week = _week(as_producer(url, token, room), room)
    show = last_show(week) if start is end is None else part(week, first, last)
    if not np.isfinite(show.viewers).any():
        raise OperatorError(f"nobody counted the audience of {room} then: a server keeps a week")
    text = written_show(show)
    if output is None:
        sys.stdout.write(text)
        return
    minutes = write_whole([text.encode()], output) - 1
    written = [str(output)]
    if show.items:
        beside = output.with_suffix(".rundown.csv")
        write_whole([written_items(show.items).encode()], beside)
        written.append(str(beside))
    print(f"{minutes} minutes of {room} are in {' and '.join(written)}", file=sys.stderr)


def _week(remote: Remote, room: str) -> Show:
    kept = remote.ask("GET", f"{room_path(room)}/crowd", patience_s=PATIENCE_S)
    rundown = remote.ask("GET", f"{room_path(room)}/rundown", patience_s=PATIENCE_S)
    viewers, comments = (
        np.array([math.nan if each is None else each for each in kept[name]], dtype=float)
        for name in ("viewers", "comments")
    )
    items = [_item(each, int(kept["ahead"])) for each in rundown["items"] if "expected_at" in each]
    return Show(int(kept["from"]) // MINUTE_MS, viewers, comments, items)


def _item(item: dict[str, Any], ahead_ms: int) -> Item:
    """Return an item by the clock of the curve."""
    start = (item["expected_at"] - ahead_ms) / MINUTE_MS
    return Item(start, start if item["kind"] == "break" else None, item["title"])
