"""``grandstand poll votes`` and ``verify``: a poll's votes in a file, and their recount without a
server."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from grandstand.commands.options import GALA, URL, Room, Token, Url
from grandstand.commands.poll import PollId, found, poll_path
from grandstand.commands.remote import RefusedCallError, Remote, as_producer
from grandstand.domain.polls import verification
from grandstand.domain.polls.verification import PublishedPoll, Verdict
from grandstand.errors import OperatorError
from grandstand.text.normalise import clean
from grandstand.wire.audits import KeySet, PublishedVote

PATIENCE_S = 60.0
LOOK_S = 0.5
UNAVAILABLE = 503
LINE_MAX = 1 << 20

_published = msgspec.json.Decoder(PublishedPoll)
_vote = msgspec.json.Decoder(PublishedVote)
_keys = msgspec.json.Decoder(KeySet)


class UnreadableError(OperatorError):
    """A file that can't be judged, since it isn't what ``poll votes`` or ``/v1/keys`` gives."""

    exit_code = 2  # 1 says that a result isn't as published


class _OddLineError(Exception):
    """A line of a file of votes that is no vote."""


def votes(
    poll_id: PollId = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
) -> None:
    """Print a poll with every vote, without names, for anyone to recount; the result must be final.

    The first line is the poll with its audit and the server's keys, each other line a vote.

    \b
    Examples:
      grandstand poll votes > votes.ndjson
      grandstand poll verify votes.ndjson
    """
    remote = as_producer(url, token, room)
    if poll_id is None:
        poll_id = str(found(remote, room, None, {"closed", "revealed"})["id"])
    path = poll_path(room, poll_id)
    first, rest = _lines(remote, f"{path}/votes")  # a refusal comes before anything is printed
    shown = remote.ask("GET", path, patience_s=PATIENCE_S)
    keys = remote.ask("GET", "/v1/keys", patience_s=PATIENCE_S)
    head = {"room": room, "poll": shown, "keys": keys}
    out = sys.stdout.buffer
    out.write(json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    out.write(first)
    for chunk in rest:
        out.write(chunk)
    out.flush()


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `poll votes` printed.")],
    keys: Annotated[
        Path | None,
        typer.Option(help="The broadcaster's /v1/keys, got from a source that you trust."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Recount a poll's votes from a file, and check root and signature. Needs no server.

    Question and options aren't signed: compare them with what was on air.

    Exits with 0 if everything agrees, with 1 and a line for each thing that is wrong, and with 2
    if a file can't be judged.

    \b
    Examples:
      grandstand poll verify votes.ndjson
      grandstand poll verify votes.ndjson --keys keys.json
    """
    trusted = None if keys is None else _key_set(keys)
    try:
        with file.open("rb") as lines:
            published = _head(lines, file)
            try:
                verdict = verification.verify(
                    published, _votes(lines), None if trusted is None else trusted.keys
                )
            except _OddLineError as fault:
                verdict = Verdict([], faults=[str(fault)])
    except OSError as error:
        raise UnreadableError(f"{file} can't be read: {error.strerror}") from None
    if as_json:
        print(json.dumps(_as_json(published, verdict), ensure_ascii=False))
    else:
        _print(published, verdict, is_key_of_file=trusted is None)
    if verdict.faults:
        raise typer.Exit(1)


def _lines(remote: Remote, path: str) -> tuple[bytes, Iterator[bytes]]:
    """Return the first votes, once they were recounted, and the rest as it comes."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        chunks = remote.chunks(path)
        try:
            return next(chunks, b""), chunks
        except RefusedCallError as refused:
            wait_s = refused.retry_after_s or LOOK_S
            if refused.status != UNAVAILABLE or time.monotonic() + wait_s > deadline_s:
                raise
            time.sleep(wait_s)


def _key_set(path: Path) -> KeySet:
    try:
        return _keys.decode(path.read_bytes())
    except OSError as error:
        raise UnreadableError(f"{path} can't be read: {error.strerror}") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise UnreadableError(f"{path} isn't what /v1/keys answers: {fault}") from None


def _head(lines: BinaryIO, file: Path) -> PublishedPoll:
    line = lines.readline(LINE_MAX)
    try:
        return _published.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        why = clean(str(fault))  # which may quote the file
        raise UnreadableError(
            f"{file} isn't a file of votes ({why}): make one with grandstand poll votes"
        ) from None


def _votes(lines: BinaryIO) -> Iterator[PublishedVote]:
    number = 1
    while line := lines.readline(LINE_MAX):
        number += 1
        if line.isspace():
            continue
        try:
            yield _vote.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
            raise _OddLineError(f"line {number} isn't a vote: {fault}") from None


def _as_json(published: PublishedPoll, verdict: Verdict) -> dict[str, Any]:
    return {
        "ok": not verdict.faults,
        "faults": verdict.faults,
        "question": published.poll.question,
        "options": [option.text for option in published.poll.options],
        "tally": verdict.tally,
        "voters": verdict.voters,
        "root": verdict.root,
        "key": verdict.key,
    }


def _print(published: PublishedPoll, verdict: Verdict, is_key_of_file: bool) -> None:
    """Print the verdict; what is quoted from the file loses its control characters."""
    if verdict.faults:
        print("NOT as published:")
        for fault in verdict.faults:
            print(f"  {clean(fault)}")
        return
    print(clean(published.poll.question))
    widest = max(len(str(count)) for count in verdict.tally)
    for option, count in zip(published.poll.options, verdict.tally, strict=True):
        print(f"  {count:>{widest}}  {clean(option.text)}")
    print(f"{verdict.voters} votes, recounted: {verdict.tally}, as published")
    print(f"root {verdict.root}")
    print(f"signed by the key {verdict.key}")
    print("Question and options aren't signed: compare them with what was on air.")
    if is_key_of_file:
        print(
            "The file brought that key itself: compare it with the broadcaster's /v1/keys, or "
            "give them by --keys."
        )
