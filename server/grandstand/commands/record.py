"""``grandstand export`` and ``grandstand import``: a room's record in a file, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import urlencode

import msgspec
import typer
from msgspec.structs import replace

from grandstand.commands.chat import is_dated, moment, recorded, tell_lines
from grandstand.commands.options import URL, Token, Url
from grandstand.commands.remote import Remote, room_path, token_for
from grandstand.faults import OperatorError
from grandstand.recordings.line import Line
from grandstand.recordings.recording import Recording

PORTION_BYTES = 1_000_000
PORTION_LINES = 5000
PATIENCE_S = 60.0
TOKEN_LIFE_S = 86_400
XML_LINES_BESIDES = 3
_PAGE = {"format": "json"}

RoomId = Annotated[str, typer.Argument(metavar="ROOM", help="The room's id.")]
Numbered = tuple[int, Line]


class Format(StrEnum):
    """Forms of a record."""

    NDJSON = "ndjson"
    BILIBILI_XML = "bilibili-xml"


def export(
    room: RoomId,
    start: Annotated[
        str | None, typer.Option("--from", help="Programme time: ms, or a date and time.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="As --from; itself not included.")] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="[default: ndjson, or bilibili-xml for a file called .xml]"),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also comments that weren't shown; takes a moderator.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file. [default: standard output]")
    ] = None,
    url: Url = URL,
    token: Token = None,
) -> None:
    """Write a room's record: what was said, by programme time.

    XML counts its seconds from --from, or from the first comment.

    \b
    Examples:
      grandstand export gala --all -o gala.ndjson
      grandstand export gala -o gala.xml
      grandstand export gala --from 2026-02-16T20:00:00+08:00 | jq -r .text
    """
    if form is None:
        is_xml = output is not None and output.suffix == ".xml"
        form = Format.BILIBILI_XML if is_xml else Format.NDJSON
    query = {"format": str(form), "shown": "all" if everything else "only"}
    query |= {} if start is None else {"from": str(moment(start, "--from"))}
    query |= {} if end is None else {"to": str(moment(end, "--to"))}
    remote = Remote(url, token_for(url, token, "moderator", room, TOKEN_LIFE_S))
    if form is Format.BILIBILI_XML and start is None:
        page = remote.ask("GET", f"{room_path(room)}/comments?{urlencode(query | _PAGE)}")
        query |= {"from": str(page["comments"][0]["at"])} if page["comments"] else {}
    chunks = remote.chunks(f"{room_path(room)}/comments?{urlencode(query)}")
    if output is None:
        _write(chunks, sys.stdout.buffer)
        return
    lines = _written(chunks, output)
    count = lines - XML_LINES_BESIDES if form is Format.BILIBILI_XML else lines
    print(f"{count} comments of {room} are in {output}", file=sys.stderr)


def _write(chunks: Iterator[bytes], file: BinaryIO) -> int:
    lines = 0
    for chunk in chunks:
        lines += chunk.count(b"\n")
        file.write(chunk)
    file.flush()
    return lines


def _written(chunks: Iterator[bytes], path: Path) -> int:
    """Writes beside the file and then in its place: there is never half an export."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                lines = _write(chunks, file)
            part.replace(path)
        except OSError as error:
            raise OperatorError(f"{path} can't be written: {error.strerror}") from None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return lines


def import_(
    room: RoomId,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="NDJSON or Bilibili's XML; - for standard input.")
    ],
    at: Annotated[
        str | None,
        typer.Option(
            help="When the recording begins: ms, or a date and time. Needed where it counts from 0;"
            " a dated one is shifted, so that its first comment is at that moment."
        ),
    ] = None,
    url: Url = URL,
    token: Token = None,
) -> None:
    """Bring comments from a file into a room's record; nobody is shown them.

    The same file again adds nothing: a comment is known by its moment, author and text. Comments
    get ids of their own there. What is older than the room's record_retention is refused.

    \b
    Examples:
      grandstand import gala gala.ndjson
      grandstand import gala evening.xml --at 2026-02-16T20:00:00+08:00
    """
    recording = recorded(file)
    start = _start(file, recording, at)
    lines = [
        (number, replace(line, at=start + round(line.at))) for number, line in recording.comments
    ]
    remote = Remote(url, token_for(url, token, "producer", room, TOKEN_LIFE_S))
    imported = 0
    refused: dict[int, str] = {}
    for portion in _portions(_adopted(lines)):
        body = b"\n".join(msgspec.json.encode(line) for _, line in portion)
        result = remote.ask("POST", f"{room_path(room)}/comments", body, patience_s=PATIENCE_S)
        for each in result["refused"]:
            refused[portion[each["line"] - 1][0]] = str(each["message"])
        imported += int(result["imported"])
    tell_lines(file, "refused", sorted(refused.items()))
    known = len(lines) - len(refused) - imported
    print(f"{imported} imported, {known} known already, {len(refused)} refused")
    if len(refused) == len(lines):
        raise OperatorError(f"none of {file} could be taken in")


def _start(file: Path, recording: Recording, at: str | None) -> int:
    """What is added to every ``at``."""
    dated = is_dated(recording)
    if at is not None:
        first = min(round(line.at) for _, line in recording.comments) if dated else 0
        return moment(at, "--at") - first
    if not dated and recording.start is None:
        raise OperatorError(f"{file} counts from 0: say when that was with --at")
    return 0 if dated else recording.start or 0


def _adopted(lines: Sequence[Numbered]) -> Sequence[Numbered]:
    """The lines; one that was merged into a comment which isn't among them stands by itself."""
    there = {line.id for _, line in lines}
    return [
        (number, line)
        if not line.merged_into or line.merged_into in there
        else (number, replace(line, merged_into="", shown=False))
        for number, line in lines
    ]


def _portions(lines: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """The lines as the server takes them; what a merged comment was merged into goes with it."""
    by_id = {line.id: (number, line) for number, line in lines if line.id}
    portion: dict[int, Line] = {}
    size = 0
    for number, line in lines:
        needed = {number: line}
        if line.merged_into:
            needed |= dict([by_id[line.merged_into]])
        more = sum(len(msgspec.json.encode(each)) + 1 for each in needed.values())
        if portion and (size + more > PORTION_BYTES or len(portion) >= PORTION_LINES):
            yield [*portion.items()]
            portion, size = {}, 0
        portion |= needed
        size += more
    if portion:
        yield [*portion.items()]
