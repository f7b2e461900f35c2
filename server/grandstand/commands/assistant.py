"""``grandstand assistant …``: the switch for all rooms, and how suggestions fare in one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from grandstand.commands.options import GALA, URL, Room, Token, Url
from grandstand.commands.remote import as_producer, room_path

EVERY_ROOM = "*"
WHYS = {"no endpoint": "no endpoint: start the server with GRANDSTAND_ASSISTANT"}
"""What to do about a reason for which it is off."""

assistant = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print what the API returns.")]


@assistant.callback()
def about() -> None:
    """Switch the model in the control room off and on, and see how its suggestions fare.

    \b
    Examples:
      grandstand assistant off
      grandstand assistant show
    """


@assistant.command()
def off(url: Url = URL, token: Token = None) -> None:
    """Switch it off in all rooms and on all servers at once, until it is switched on again.

    \b
    Example:
      grandstand assistant off
    """
    _switch(url, token, off=True)


@assistant.command()
def on(url: Url = URL, token: Token = None) -> None:
    """Switch it on again, as far as rooms' own switches allow.

    \b
    Example:
      grandstand assistant on
    """
    _switch(url, token, off=False)


@assistant.command()
def show(room: Room = GALA, url: Url = URL, token: Token = None, as_json: Json = False) -> None:
    """Print whether it is on in a room, by which model, what it costs, and what people did with it.

    \b
    Examples:
      grandstand assistant show
      grandstand assistant show --json | jq .features
    """
    found = as_producer(url, token, room).ask("GET", f"{room_path(room)}/assistant")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    why = f" ({WHYS.get(found['why'], found['why'])})" if found.get("why") else ""
    print(f"{'on' if found['on'] else 'off'}{why}  {found.get('model', '')}".rstrip())
    print(f"{found['characters']:,} characters in this show, cost {found['cost']}")
    for each in found["features"]:
        print(_line(each))


def _switch(url: str, token: str | None, *, off: bool) -> None:
    remote = as_producer(url, token, EVERY_ROOM)
    told = remote.ask("PUT", "/v1/assistant", {"off": off})
    since = datetime.fromtimestamp(told["since"] / 1000, UTC) if "since" in told else None
    print(
        "on, where a server has a model and the room allows it"
        if since is None
        else f"off in all rooms since {since:%Y-%m-%d %H:%M:%S} UTC"
    )


def _line(feature: Any) -> str:
    state = "on" if feature["on"] else "off"
    failed = sum(feature.get("failed", {}).values())
    told = ", ".join(
        f"{feature.get(name, 0)} {name}" for name in ("asked", "sent", "changed", "dismissed")
    )
    return f"  {feature['feature']:<15} {state:<4} {told}, {failed} failed"
