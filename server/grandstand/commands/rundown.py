"""``grandstand rundown …``: a room's show in order from a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from grandstand.commands.input_file import read_text
from grandstand.commands.options import GALA, URL, Room, Token, Url
from grandstand.commands.remote import RefusedCallError, Remote, as_producer, room_path
from grandstand.commands.rundown_file import RundownFile, written
from grandstand.errors import OperatorError

PATIENCE_S = 10.0
MOST_FAULTS = 5
_ITEM = re.compile(r"items\[(\d+)\]\.?(.*)")
_STATUS = {"waiting": "waiting", "on_air": "ON AIR", "done": "done"}

rundown = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print the run-down as the API returns it.")]


@rundown.callback()
def about() -> None:
    """Go through a show in order: polls, cues, cards, notes and breaks.

    \b
    Examples:
      grandstand rundown import gala.toml
      grandstand rundown go
      grandstand rundown show
    """


@rundown.command()
def show(room: Room = GALA, url: Url = URL, token: Token = None, as_json: Json = False) -> None:
    """Print the show in order: what is done, on air, next, and still to come.

    \b
    Example:
      grandstand rundown show
    """
    found = _read(as_producer(url, token, room), room)
    if not found["items"] and not as_json:
        print(_empty(room))
        return
    _tell(found, as_json)


@rundown.command()
def go(
    item: Annotated[
        str | None, typer.Argument(metavar="ITEM", help="Its id. [default: the next one]")
    ] = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Do the next item, or that one, and put it on air. An item goes once: again has no effect.

    \b
    Examples:
      grandstand rundown go
      grandstand rundown go kick-off
    """
    remote = as_producer(url, token, room)
    if item is None:
        item = _read(remote, room).get("next")
        if item is None:
            raise OperatorError("no item waits: grandstand rundown reset begins the show again")
    path = f"{_path(room)}/{quote(item, safe='')}/go"
    _tell(remote.ask("POST", path, {}, patience_s=PATIENCE_S), as_json)


@rundown.command()
def reset(
    items: Annotated[
        list[str] | None, typer.Argument(metavar="ITEM", help="Their ids. [default: all items]")
    ] = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Let items wait again, to run the show once more. What they did isn't taken back.

    \b
    Example:
      grandstand rundown reset
    """
    remote = as_producer(url, token, room)
    body: dict[str, Any] = {"version": _read(remote, room)["version"]}
    if items:
        body["items"] = items
    _tell(remote.ask("POST", f"{_path(room)}/reset", body), as_json)


@rundown.command("import")
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A TOML file; - for stdin.")],
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Replace the room's run-down by a file's. Items that are in both, by their ids, keep their
    status.

    \b
    Example:
      grandstand rundown import gala.toml
    """
    given = RundownFile(file, read_text(file))
    remote = as_producer(url, token, room)
    version = _read(remote, room)["version"]
    body = {"version": version, "items": given.items}
    try:
        put = remote.ask("PUT", _path(room), body)
    except RefusedCallError as refused:
        raise _named(given, refused) from None
    if as_json:
        print(json.dumps(put, ensure_ascii=False))
        return
    kinds = Counter(item["kind"] for item in put["items"])
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    print(f"{len(put['items'])} items are in {room}'s run-down" + (f": {told}" if told else ""))


@rundown.command()
def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file. [default: standard output]")
    ] = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Write the run-down as a file that import takes, without the status of its items.

    \b
    Example:
      grandstand rundown export -o gala.toml
    """
    found = _read(as_producer(url, token, room), room)
    if not found["items"] and not as_json:
        raise OperatorError(_empty(room))
    text = json.dumps(found, ensure_ascii=False) + "\n" if as_json else written(found["items"])
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as fault:
        raise OperatorError(f"{output} can't be written: {fault.strerror}") from None


def _path(room: str) -> str:
    return f"{room_path(room)}/rundown"


def _empty(room: str) -> str:
    return f"{room} has no run-down: grandstand rundown import FILE brings one"


def _read(remote: Remote, room: str) -> Any:
    return remote.ask("GET", _path(room))


def _tell(found: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    widest = max((len(item["id"]) for item in found["items"]), default=0)
    for item in found["items"]:
        status = "next" if item["id"] == found.get("next") else _STATUS[item["status"]]
        at = ""
        if "expected_at" in item:
            at = f"{datetime.fromtimestamp(item['expected_at'] / 1000):%H:%M:%S}"
        poll = f"  poll {item['poll']}" if "poll" in item else ""
        print(f"{status:<9}{at:<10}{item['kind']:<7}{item['id']:<{widest}}  {item['title']}{poll}")


def _named(given: RundownFile, refused: RefusedCallError) -> OperatorError:
    """Return the refusal with each fault at its item and line, or as it is if one has no item."""
    told = []
    for path, words in refused.faults[:MOST_FAULTS]:
        found = _ITEM.fullmatch(path)
        if found is None:
            return refused
        told.append(str(given.fault(int(found[1]), found[2] or "it", words)))
    more = len(refused.faults) - len(told)
    return (
        OperatorError("; ".join(told) + (f"; and {more} more" if more else "")) if told else refused
    )
