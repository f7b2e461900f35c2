"""Files that are made to be dear to read: the work grows with their size alone."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from grandstand.recordings.recording import NotARecordingError, Reader

BYTES = 98_304
TIMES = 4
ORDINARY = b'<d p="1.5,1,25,255,1583068800,0,8f6a1c2e,29">an ordinary comment</d>'
XML = b"<i><d p='1,1,25,0'>x</d>"
GROWTH_MOST = 3.0
"""A cost that grows with the square of the size would be 4 times as much a byte."""
DEARER_MOST = 80.0
"""A comma in a list is an item and a fault: 22 times as dear as a byte of an ordinary comment."""

PATTERNS = {
    "tags without an end": XML + b"@<d>",
    "tags cut off": XML + b"@<d p='1",
    "quotes of both kinds": XML + b"@<d a=\"<d b='",
    "comments without an end": XML + b"@<!--",
    "sections without an end": XML + b"@<![CDATA[",
    "sections in elements": XML + b"@<d><![CDATA[",
    "comments in elements": XML + b"@<d p='1,1,25,0'><!--",
    "instructions in elements": XML + b"@<d><?",
    "document types": XML + b"@<!DOCTYPE [",
    "document types with quotes": XML + b"@<!DOCTYPE \"<!DOCTYPE '",
    "entities in entities": b"<!DOCTYPE i [@<!ENTITY a '&a;&a;&a;'>",
    "attributes without an end": XML + b"<d @a='1' ",
    "opened tags in one element": XML + b"<d p='1,1,25,0'>@<b><c>",
    "closed tags in one element": XML + b"<d p='1,1,25,0'>@</b></c>",
    "references": XML + b"@&#1&amp",
    "ampersands": XML + b"<d p='1,1,25,0'>@&&#x",
    "brackets": b"@[",
    "braces": b'@{"a":',
    "closed brackets": b"[1@]}",
    "commas": b"[@,",
    "quotes": b'[@"',
    "backslashes": b'["@\\',
    "escaped quotes in a key": b'{"@\\"',
    "lines": b"@{}\n",
    "lines cut by returns": b"@\r",
    "bad bytes": XML + b"@\xff",
    "one item": b'[{"at":1,"user":"u","text":"@x',
    "one number": b"[@9",
    "bytes that are half a character": XML + b"@\xe4\xb8",
}


def spent_s(payload: bytes) -> float:
    """CPU seconds to read it, as it comes in pieces."""
    begun_s = time.thread_time()
    reader = Reader()
    with suppress(NotARecordingError):
        for first in range(0, len(payload), 16_384):
            for _ in reader.feed(payload[first : first + 16_384]):
                pass
        for _ in reader.close():
            pass
    return time.thread_time() - begun_s


def filled(pattern: bytes, size: int) -> bytes:
    """The pattern, what follows its ``@`` as often as fits."""
    head, _, part = pattern.partition(b"@")
    return head + part * (size // len(part))


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_no_file_costs_more_than_its_size(pattern: bytes) -> None:
    ordinary_s = min(spent_s(filled(b"<i>@" + ORDINARY, BYTES)) for _ in range(2))
    small_s = min(spent_s(filled(pattern, BYTES)) for _ in range(2))
    large_s = spent_s(filled(pattern, TIMES * BYTES))
    least_s = ordinary_s / 10  # what is next to nothing can grow as it likes
    assert small_s < DEARER_MOST * ordinary_s
    assert large_s / TIMES < GROWTH_MOST * max(small_s, least_s)
