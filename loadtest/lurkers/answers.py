"""HTTP answers, cut from what a connection has read. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_GZIPPED = re.compile(rb"\r\ncontent-encoding: *gzip", re.IGNORECASE)
_RETRY = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


class AnswerError(Exception):
    """What came is no HTTP/1.1 answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of ``size`` bytes, its head included; ``body`` is as it was sent."""

    status: int
    size: int
    body: bytes
    is_gzipped: bool = False
    closes: bool = False
    retry_after_s: float | None = None


def cut(data: bytes) -> Answer | None:
    """Return the answer at the beginning of ``data``; None if it isn't whole yet.

    Raises AnswerError.
    """
    end = data.find(_END)
    if end < 0:
        return None
    head = data[: end + 2]
    if not head.startswith(b"HTTP/1.1 ") or not head[9:12].isdigit():
        raise AnswerError(repr(head[:60]))
    status, begin = int(head[9:12]), end + len(_END)
    length = _LENGTH.search(head)
    if length is not None:
        after = begin + int(length[1])
        if len(data) < after:
            return None
        body = data[begin:after]
    elif _CHUNKED.search(head):
        found = _chunks(data, begin)
        if found is None:
            return None
        body, after = found
    elif status in (204, 304):
        body, after = b"", begin
    else:
        raise AnswerError("an answer without a length")
    retry = _RETRY.search(head)
    return Answer(
        status,
        after,
        body,
        is_gzipped=_GZIPPED.search(head) is not None,
        closes=_CLOSES.search(head) is not None,
        retry_after_s=None if retry is None else float(retry[1]),
    )


def _chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    """Return a chunked body without trailers, and where it ends."""
    parts: list[bytes] = []
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        try:
            size = int(data[at:end].partition(b";")[0], 16)
        except ValueError:
            raise AnswerError(f"chunk of {data[at:end][:20]!r}") from None
        at = end + 2 + size + 2
        if len(data) < at:
            return None
        if not size:
            return b"".join(parts), at
        parts.append(data[end + 2 : end + 2 + size])
