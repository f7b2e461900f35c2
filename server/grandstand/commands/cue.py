"""``grandstand cue …``: a show's cues from a terminal."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from grandstand.commands.options import URL, Token, Url
from grandstand.commands.remote import Remote, as_producer, room_path
from grandstand.errors import OperatorError

cue = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@cue.callback()
def about() -> None:
    """Fire cues: named marks on the programme, for every viewer's page and for effects.

    \b
    Example:
      grandstand cue fire gala confetti
    """


@cue.command()
def fire(
    room: Annotated[str, typer.Argument(metavar="ROOM", help="The room's id.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the cue is called.")],
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When: programme time in ms, or +SECONDS from now, up to an hour. [default: now]",
        ),
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="JSON", help="An object that goes along with it.")
    ] = None,
    url: Url = URL,
    token: Token = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the cue as the API returns it.")
    ] = False,
) -> None:
    """Fire a cue now or at a moment of the programme. Each viewer gets it at that moment.

    \b
    Examples:
      grandstand cue fire gala confetti
      grandstand cue fire gala goal --at +10 --data '{"team": "home"}'
    """
    body: dict[str, object] = {"name": name}
    if data is not None:
        body["data"] = _read(data)
    remote = as_producer(url, token, room)
    if at is not None:
        body["at"] = _moment(at, remote, room)
    fired = remote.ask("POST", f"{room_path(room)}/cues", body)
    words = f"{fired['name']}  [{fired['id']}: at {fired['at']}]"
    print(json.dumps(fired, ensure_ascii=False) if as_json else words)


def _read(data: str) -> dict[str, object]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise OperatorError(f"--data is no JSON: {fault}") from None
    if not isinstance(found, dict):
        raise OperatorError(f"--data must be a JSON object such as {{}}, not {data}")
    return found


def _moment(at: str, remote: Remote, room: str) -> int:
    """Return a moment in programme time, which is the room's and not this machine's."""
    try:
        if not at.startswith("+"):
            return int(at)
        ahead_ms = round(float(at) * 1000)
    except (ValueError, OverflowError):
        raise OperatorError(f"--at must be ms or +SECONDS, not {at!r}") from None
    return int(remote.ask("GET", room_path(room))["now"]) + ahead_ms
