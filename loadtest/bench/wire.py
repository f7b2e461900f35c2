"""Bytes on the wire for each comment of recorded chats, in frames as the server makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grandstand.domain.identity import user_id
from grandstand.moderation.weight import weigh
from grandstand.recordings.line import Line
from grandstand.recordings.recording import read
from grandstand.replica.publication import Publication, socket_form
from grandstand.text.normalise import clean, skeleton
from grandstand.wire.codec import encode
from grandstand.wire.messages import Comment, Frame

COMMENTS = (3, 10, 25)
NOW_MS = 1_790_000_000_000
SALT = bytes(16)
MAX_TEXT_CHARS = 100
EVERY = 7
"""One frame's worth of comments in so many: what a budget lets through."""


def measure(trace: str) -> list[dict[str, Any]]:
    """Bytes a comment by comments a frame, codec and deflate, the WebSocket frame's head included.

    Names are the recording's, which has them renumbered.
    """
    lines = [line for path in _files(trace) for _, line in read(path.read_bytes()).comments]
    return [
        {
            "comments": count,
            "codec": "json" if is_text else "msgpack",
            "deflated": _bytes(lines, count, is_text, True),
            "plain": _bytes(lines, count, is_text, False),
        }
        for count in COMMENTS
        for is_text in (False, True)
    ]


def _files(trace: str) -> list[Path]:
    path = Path(trace)
    return sorted(path.glob("*.ndjson")) if path.is_dir() else [path]


def _bytes(lines: list[Line], count: int, is_text: bool, deflates: bool) -> float:
    """On average over frames from all of the recordings."""
    sizes = []
    for first in range(0, len(lines) - count, count * EVERY):
        comments = [
            _comment(number, line)
            for number, line in enumerate(lines[first : first + count], first)
        ]
        frame = Frame(now=NOW_MS + first, offset=first, comments=comments, overflow=count)
        sizes.append(
            len(Publication(encode(frame, "msgpack")).ready(socket_form(is_text, deflates)))
        )
    return sum(sizes) / len(sizes) / count


def _comment(number: int, line: Line) -> Comment:
    text = clean(line.text)[:MAX_TEXT_CHARS]
    return Comment(
        id=f"{number:x}",
        at=NOW_MS + int(line.at),
        user=user_id(line.user, SALT),
        name=line.name or line.user,
        text=text,
        weight=weigh(text, skeleton(text)),
    )
