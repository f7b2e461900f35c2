"""``grandstand export`` and ``grandstand import``: a room's record to a file, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import urlencode

import typer

from grandstand.client.chat_file import ChatFile, Faults, comments, tell_others
from grandstand.commands.chat_options import ABSOLUTE_MS, FILE_HELP, ChatFormat, parse_time
from grandstand.commands.import_batches import ImportSummary, Survey, batches
from grandstand.commands.options import URL, Token, Url
from grandstand.commands.remote import Remote, room_path, token_for
from grandstand.errors import OperatorError

PATIENCE_S = 60.0
TOKEN_LIFE_S = 86_400
XML_LINES_BESIDES = 3
_PAGE = {"format": "json"}

RoomId = Annotated[str, typer.Argument(metavar="ROOM", help="The room's id.")]


class Format(StrEnum):
    """Formats of a record."""

    NDJSON = "ndjson"
    BILIBILI_XML = "bilibili-xml"


def export(
    room: RoomId,
    start: Annotated[
        str | None, typer.Option("--from", help="Programme time: ms, or a date and time.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="As --from; not included.")] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="[default: ndjson, or bilibili-xml for a file called .xml]"),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also comments that weren't shown; for moderators."),
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
    query |= {} if start is None else {"from": str(parse_time(start, "--from"))}
    query |= {} if end is None else {"to": str(parse_time(end, "--to"))}
    remote = Remote(url, token_for(url, token, "moderator", room, TOKEN_LIFE_S))
    if form is Format.BILIBILI_XML and start is None:
        page = remote.ask("GET", f"{room_path(room)}/comments?{urlencode(query | _PAGE)}")
        query |= {"from": str(page["comments"][0]["at"])} if page["comments"] else {}
    chunks = remote.chunks(f"{room_path(room)}/comments?{urlencode(query)}")
    if output is None:
        _write(chunks, sys.stdout.buffer)
        return
    lines = write_whole(chunks, output)
    count = lines - XML_LINES_BESIDES if form is Format.BILIBILI_XML else lines
    print(f"{count} comments of {room} are in {output}", file=sys.stderr)


def _write(chunks: Iterable[bytes], file: BinaryIO) -> int:
    lines = 0
    for chunk in chunks:
        lines += chunk.count(b"\n")
        file.write(chunk)
    file.flush()
    return lines


def write_whole(chunks: Iterable[bytes], path: Path) -> int:
    """Write a file beside the target, then rename it, so that there is never half an export; return
    its lines. Raises OperatorError."""
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
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP)],
    at: Annotated[
        str | None,
        typer.Option(
            help="When the recording begins: ms, or a date and time. Needed if its times "
            "count from 0. A dated recording is shifted: its first comment is then at that moment."
        ),
    ] = None,
    form: ChatFormat = None,
    url: Url = URL,
    token: Token = None,
) -> None:
    """Add comments from a file to a room's record; viewers don't see them.

    The same file again adds nothing: a comment is identified by its moment, author and text, and
    among equal ones by how many come before it. The room gives the comments new ids. Comments older
    than the room's record_retention are refused.

    \b
    Examples:
      grandstand import gala gala.ndjson
      grandstand import gala evening.xml --at 2026-02-16T20:00:00+08:00
      grandstand import gala 123456.json --format twitch --at 2026-02-16T20:00:00+08:00
    """
    faults, account = Faults(), ImportSummary()
    with ChatFile(file, form) as chat:
        survey = Survey(comments(chat, faults))
        faults.tell(file, "broken")
        tell_others(chat)
        start = _start(chat, survey, at)
        remote = Remote(url, token_for(url, token, "producer", room, TOKEN_LIFE_S))
        path = f"{room_path(room)}/comments"
        for batch in batches(comments(chat, Faults()), survey, start):
            account.enter(batch, remote.ask("POST", path, batch.body, patience_s=PATIENCE_S))
    account.refused.tell(file, "refused")
    unread = f", {faults.count} broken" if faults.count else ""
    print(
        f"{account.imported} imported, {account.known} known already, "
        f"{account.refused.count} refused{unread}"
    )
    account.check(survey.count)
    if account.refused.count == survey.count:
        raise OperatorError(f"none of {file} could be imported")


def _start(chat: ChatFile, survey: Survey, at: str | None) -> int:
    """Return what is added to every ``at``."""
    is_dated = survey.first_at >= ABSOLUTE_MS
    if at is not None:
        return parse_time(at, "--at") - (round(survey.first_at) if is_dated else 0)
    if not is_dated and chat.start is None:
        raise OperatorError(f"{chat.path} counts from 0: give its start with --at")
    return 0 if is_dated else chat.start or 0
