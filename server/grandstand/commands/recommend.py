"""``grandstand recommend``: which live rooms a viewer would be told of, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Literal, TypeVar

import msgspec
import typer

from grandstand.commands.input_file import read_text
from grandstand.errors import OperatorError
from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.board import Board, Knob, LiveRoom
from grandstand.recommendations.reasons import reason

T = TypeVar("T")


class RoomLine(msgspec.Struct, frozen=True):
    """A line of the rooms: what is known of one that is live; ``things`` are ids with names."""

    room: str
    title: str = ""
    viewers: Annotated[int, msgspec.Meta(ge=0, le=10**12)] = 0
    things: dict[str, str] = {}
    rise: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    highlight_age_s: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Why(msgspec.Struct, frozen=True):
    """Why a room is recommended."""

    code: str
    text: str


class Recommended(msgspec.Struct, frozen=True):
    """A line of output."""

    room: str
    title: str
    viewers: int
    why: Why


def recommend(
    rooms: Annotated[
        str, typer.Argument(metavar="ROOMS", help="Live rooms, JSON lines; - for standard input.")
    ],
    people: Annotated[
        str | None,
        typer.Option(help="What others follow: JSON lines, each a list of things, without names."),
    ] = None,
    follow: Annotated[
        list[str] | None, typer.Option(help="A thing that the viewer follows; repeat.")
    ] = None,
    knob: Annotated[Knob, typer.Option(help="How much is told of what few know.")] = "balanced",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many rooms at most.")] = 10,
    beside: Annotated[str, typer.Option("--room", help="The room where the viewer is.")] = "",
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the reasons.")] = "en",
) -> None:
    """Recommend live rooms: JSON lines with room, title, viewers and why (code, text), best first.

    Each line of ROOMS has room, and may have title, viewers, things (what the room is about: ids
    with their names, the most important first), rise (how many times the viewers of some minutes
    ago are there now) and highlight_age_s (seconds since its last highlight was noticed):

    \b
      {"room": "ice", "viewers": 120, "things": {"team:sweden": "Sweden"}, "rise": 1.5}

    Codes: follows, alike (people who follow the same follow what it is about), rising, highlight,
    lesser_known (one of the places that are kept for rooms that few know), watched (by many, for
    want of another reason). Without --follow the answer is the same for everybody.

    \b
    Examples:
      grandstand recommend rooms.ndjson
      grandstand recommend rooms.ndjson --people follows.ndjson --follow team:sweden
      grandstand recommend rooms.ndjson --follow sport:curling --knob curious --limit 5
    """
    lines = list(_lines(rooms, RoomLine))
    follows = _lines(people, list[str]) if people is not None else ()
    names = {thing: name for line in lines for thing, name in line.things.items()}
    titles: dict[str, str] = {}
    for line in lines:
        if line.room in titles:
            raise OperatorError(f"{rooms}: the room {line.room!r} is there twice")
        titles[line.room] = line.title
    board = Board(
        Alikeness.of(follows),
        [
            LiveRoom(line.room, line.viewers, tuple(line.things), line.rise, line.highlight_age_s)
            for line in lines
        ],
    )
    for pick in board.picks(follow or (), limit, knob, beside=[beside]):
        why = Why(pick.code, reason(pick, names, lang))
        room = pick.room
        told = Recommended(room.room, titles[room.room], room.viewers, why)
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


def _lines(file: str, form: type[T]) -> Iterator[T]:
    """Yield the lines of a file; raise OperatorError at one that isn't of the form."""
    decoder = msgspec.json.Decoder(form)
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if line.strip():
            try:
                yield decoder.decode(line)
            except msgspec.MsgspecError as fault:
                raise OperatorError(f"{file}, line {number}: {fault}") from None
