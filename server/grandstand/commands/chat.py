"""Recorded chats as commands read them: what is wrong with a file is named by its lines."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from grandstand.faults import OperatorError
from grandstand.recordings.recording import NotARecordingError, Recording, read
from grandstand.wire.messages import MAX_TIME_MS

NAMED_MAX = 5
ABSOLUTE_MS = 100_000_000_000
"""An ``at`` beyond this is a date (after 1973); one below counts from a start."""


def recorded(path: Path) -> Recording:
    """The chat in a file, or of standard input if it is called ``-``; lines in the order of time.

    Lines that can't be read are named on standard error. Raises OperatorError if no line can be.
    """
    try:
        payload = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path} can't be read: {error.strerror}") from None
    try:
        recording = read(payload)
    except NotARecordingError as fault:
        raise OperatorError(f"{path}: {fault}") from None
    if not recording.comments:
        faults = recording.faults
        where = f":{faults[0][0]}: {faults[0][1]}" if faults else " has no comments"
        raise OperatorError(
            f"{path}{where}; it must be NDJSON, "
            '{"at": ms, "user": "…", "text": "…"} a line, or Bilibili\'s XML, <d p="…">…</d>'
        )
    tell_lines(path, "broken", recording.faults)
    return recording


def tell_lines(path: Path, what: str, faults: Sequence[tuple[int, str]]) -> None:
    """Names on standard error the first lines of a file that are ``what``, and counts the rest."""
    for number, words in faults[:NAMED_MAX]:
        print(f"{path}:{number}: {what}: {words}", file=sys.stderr)
    if len(faults) > NAMED_MAX:
        print(f"{path}: {len(faults) - NAMED_MAX} more {what}", file=sys.stderr)


def is_dated(recording: Recording) -> bool:
    """Whether its comments carry programme time, rather than time from a start."""
    return min(line.at for _, line in recording.comments) >= ABSOLUTE_MS


def moment(text: str, option: str) -> int:
    """Programme time in ms, from ms or from a date and time. Raises OperatorError."""
    if re.fullmatch(r"\d{1,16}", text) and int(text) <= MAX_TIME_MS:
        return int(text)
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise OperatorError(
            f"{option} must be ms since 1970, or a time like 2026-02-16T20:00:00+08:00, "
            f"not {text!r}"
        ) from None
