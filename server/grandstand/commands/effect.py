"""``grandstand effect …``: a room's effects from a terminal."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer

from grandstand.commands.options import URL, Room, Token, Url
from grandstand.commands.remote import as_producer, room_path
from grandstand.errors import OperatorError

GALA = "gala"

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
        print(f"{each['id']}  {_condition(each['on'])}: {kinds}{state}  {each['title']}".rstrip())


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
    """Put an effect in the place of the one of before, or a new one.

    \b
    Example:
      grandstand effect put next-song next-song.json
    """
    shown = as_producer(url, token, room).ask("PUT", _path(room, name), _read(file))
    print(json.dumps(shown) if as_json else f"{name}: {_condition(shown['on'])}")


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
    """Fire an effect once with made-up data; `grandstand effect log` says what became of it.

    \b
    Example:
      grandstand effect test next-song && grandstand effect log next-song
    """
    fired = as_producer(url, token, room).ask("POST", f"{_path(room, name)}/test", {})
    print(json.dumps(fired) if as_json else "\n".join(fired["firings"]))


@effect.command("log")
def log_(
    name: Annotated[
        str | None, typer.Argument(metavar="EFFECT", help="Its id. [default: all effects]")
    ] = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Print the last firings, newest first, and what became of them.

    \b
    Example:
      grandstand effect log --json | jq '.firings[] | select(.status == "failed")'
    """
    query = "" if name is None else f"?effect={quote(name, safe='')}"
    page = as_producer(url, token, room).ask("GET", f"{room_path(room)}/firings{query}")
    if as_json:
        print(json.dumps(page))
        return
    for each in page["firings"]:
        where = f"{each['effect']}.{each['action']}"
        tries = f"{each['attempts']} attempt{'' if each['attempts'] == 1 else 's'}"
        print(f"{each['status']:<9}{where}  {each['event']}  {tries}  {each['answer']}".rstrip())


def _path(room: str, name: str) -> str:
    return f"{room_path(room)}/effects/{quote(name, safe='')}"


def _condition(on: Any) -> str:
    told = (f"{name} {on[name]}" for name in ("tag", "winner", "name") if name in on)
    return " ".join([on["event"], *told])


def _read(file: str) -> bytes:
    """Return the JSON in a file. Raises OperatorError."""
    try:
        if file == "-":
            text = sys.stdin.read()
        else:
            with open(file, encoding="utf-8") as opened:
                text = opened.read()
        json.loads(text)
    except OSError as fault:
        raise OperatorError(f"{file} can't be read: {fault.strerror}") from None
    except ValueError as fault:
        raise OperatorError(f"{file} is no JSON: {fault}") from None
    return text.encode()
