"""``grandstand effect …``: a room's effects from a terminal."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from grandstand.commands.input_file import read_text
from grandstand.commands.options import GALA, URL, Room, Token, Url
from grandstand.commands.remote import Remote, as_producer, room_path
from grandstand.errors import OperatorError

OUTCOME_S = 5.0
"""How long a test waits for the first attempt to be over."""

LOOK_S = 0.2
MOST_LOOKED_AT = 100

effect = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print what the API returns.")]
Name = Annotated[str, typer.Argument(metavar="EFFECT", help="Its id.")]


@effect.callback()
def about() -> None:
    """Put, try and watch effects: what happens elsewhere when something happens in the room.

    \b
    Examples:
      grandstand effect put next-song next-song.json
      grandstand effect test next-song
      grandstand effect log
    """


@effect.command("list")
def list_(room: Room = GALA, url: Url = URL, token: Token = None, as_json: Json = False) -> None:
    """Print the room's effects, without their secrets.

    \b
    Example:
      grandstand effect list
    """
    found = as_producer(url, token, room).ask("GET", f"{room_path(room)}/effects")
    if as_json:
        print(json.dumps(found))
        return
    for each in found["effects"]:
        state = "" if each["enabled"] else "  off"
        kinds = ", ".join(action["kind"] for action in each["then"])
        print(f"{each['id']}  {_condition(each)}: {kinds}{state}  {each['title']}".rstrip())


@effect.command()
def put(
    name: Name,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Its JSON, as the API takes it; - for stdin.")
    ],
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Put a new effect, or replace the one with that id.

    \b
    Example:
      grandstand effect put next-song next-song.json
    """
    shown = as_producer(url, token, room).ask("PUT", _path(room, name), _read(file))
    print(json.dumps(shown) if as_json else f"{name}: {_condition(shown)}")


@effect.command()
def remove(name: Name, room: Room = GALA, url: Url = URL, token: Token = None) -> None:
    """Remove an effect; what it has begun isn't tried again.

    \b
    Example:
      grandstand effect remove next-song
    """
    as_producer(url, token, room).ask("DELETE", _path(room, name))


@effect.command("test")
def try_(
    name: Name, room: Room = GALA, url: Url = URL, token: Token = None, as_json: Json = False
) -> None:
    """Fire an effect once with made-up data, and print what became of it so far.

    One that is tried again goes on: `grandstand effect log` says what becomes of it.

    \b
    Example:
      grandstand effect test next-song
    """
    remote = as_producer(url, token, room)
    fired = remote.ask("POST", f"{_path(room, name)}/test", {})
    if as_json:
        print(json.dumps(fired))
        return
    deadline_s = time.monotonic() + OUTCOME_S
    while True:
        firings = _firings(remote, room, name, MOST_LOOKED_AT)
        known = [each for each in firings if each["id"] in fired["firings"] and each["attempts"]]
        if len(known) == len(fired["firings"]) or time.monotonic() > deadline_s:
            break
        time.sleep(LOOK_S)
    _tell(known)
    if len(known) < len(fired["firings"]):
        print(f"not all was tried yet: see grandstand effect log {name}")


@effect.command("log")
def log_(
    name: Annotated[
        str | None, typer.Argument(metavar="EFFECT", help="Its id. [default: all effects]")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many; 1,000 are kept.")] = 100,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Print the last firings, newest first, and what became of them.

    \b
    Examples:
      grandstand effect log --limit 10
      grandstand effect log --json | jq '.firings[] | select(.status == "failed")'
    """
    firings = _firings(as_producer(url, token, room), room, name, limit)
    if as_json:
        print(json.dumps({"firings": firings}))
        return
    _tell(firings)


def _tell(firings: list[Any]) -> None:
    for each in firings:
        where = f"{each['effect']}.{each['action']}"
        tries = f"{each['attempts']} attempt{'' if each['attempts'] == 1 else 's'}"
        due = datetime.fromtimestamp(each["at"] / 1000, UTC).strftime("%H:%M:%S")
        told = f"{where}  {each['event']}  {tries}  {each['answer']}".rstrip()
        print(f"{due}  {each['status']:<9}{told}")


def _firings(remote: Remote, room: str, name: str | None, limit: int) -> list[Any]:
    given = {} if name is None else {"effect": name}
    found: list[Any] = []
    while True:
        page = remote.ask("GET", f"{room_path(room)}/firings?{urlencode(given)}")
        found += page["firings"]
        if len(found) >= limit or "next" not in page:
            return found[:limit]
        given["after"] = page["next"]


def _path(room: str, name: str) -> str:
    return f"{room_path(room)}/effects/{quote(name, safe='')}"


def _condition(effect: Any) -> str:
    on = effect["on"]
    told = (f"{name} {on[name]}" for name in ("tag", "winner", "name") if name in on)
    after = (f"after {effect['after']} ms",) if effect["after"] else ()
    return " ".join([on["event"], *told, *after])


def _read(file: str) -> bytes:
    """Return the JSON in a file. Raises OperatorError."""
    text = read_text(file)
    try:
        json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise OperatorError(f"{file} is no JSON: {fault}") from None
    return text.encode()
