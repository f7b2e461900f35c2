"""Recorded chats in three formats."""

from __future__ import annotations

from contextlib import suppress

import pytest
from grandstand.recordings.line import Line
from grandstand.recordings.recording import (
    NAMES,
    NotARecordingError,
    Reader,
    read,
)
from hypothesis import given
from hypothesis import strategies as st

ANN = '{"at": 10, "user": "ann", "text": "hi", "more": 1}'
BO = '{"at": 20.5, "user": "bo", "text": "晚", "mode": "top", "color": 255, "size": "large"}'
LINES = [Line(10, "ann", "hi"), Line(20.5, "bo", "晚", mode="top", color=255, size="large")]


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n \n"])
def test_lines_are_numbered_as_they_stand(mark: str) -> None:
    found = read(f"{mark}{ANN}\r\n\n{BO}".encode())
    first = mark.count("\n") + 1
    assert found.format == "ndjson"
    assert found.comments == [(first, LINES[0]), (first + 2, LINES[1])]


def test_a_list_in_json_counts_from_one() -> None:
    found = read(f" [{ANN}, 7, {BO}]".encode())
    assert (found.format, found.start) == ("ndjson", None)
    assert found.comments == [(1, LINES[0]), (3, LINES[1])]
    assert found.faults == [("#2", "Expected `object`, got `int`")]


def test_bilibilis_xml_tells_its_start() -> None:
    found = read(b'\xef\xbb\xbf<i><start>7000</start>\n<d p="1,1,25,0">hi</d></i>')
    assert (found.format, found.start) == ("bilibili-xml", 7000)
    assert found.comments == [(1, Line(1000, "viewer", "hi", color=0))]
    assert found.lines[0].where == "2:1"


@pytest.mark.parametrize(
    "row",
    [
        b'{"at": -1, "user": "u", "text": "t"}',
        b'{"at": 1, "user": "", "text": "t"}',
        b'{"at": 1, "user": "u"}',
        b'{"at": 1, "user": "u", "text": "t", "mode": "sideways"}',
        b'{"at": 1, "user": "u", "text": "t", "color": -1}',
        b'{"at": 1e400, "user": "u", "text": "t"}',
        b'{"at": 1, "user": "u", "text": "\xff"}',
        b"no",
        b'{"a"',
        b"[" * 5000,
    ],
)
def test_a_faulty_line_is_told_by_its_number_and_hides_no_other(row: bytes) -> None:
    found = read(ANN.encode() + b"\n" + row + b"\n" + ANN.encode())
    assert [where for where, _ in found.faults] == ["2"]
    assert [number for number, _ in found.comments] == [1, 3]


@pytest.mark.parametrize("payload", [b"[1, 2", b"[" * 5000, b"[" + ANN.encode(), b"["])
def test_a_list_without_its_end_is_told(payload: bytes) -> None:
    assert read(payload).is_cut_off
    assert not read(payload + b"]" * 5000).is_cut_off


@pytest.mark.parametrize(
    "payload", [b"<rss/>", b"<html><body>d</body></html>", b"<", b"<!-- <d> -->"]
)
def test_xml_of_no_known_form_is_refused_with_those_that_are(payload: bytes) -> None:
    with pytest.raises(NotARecordingError, match=r"(?s)bilibili-xml: .*niconico"):
        read(payload)


def test_a_form_that_isn_t_known_is_refused() -> None:
    with pytest.raises(NotARecordingError, match=r"no format 'csv'; known are ndjson, "):
        read(b"", format="csv")
    with pytest.raises(NotARecordingError, match="no XML"):
        read(ANN.encode(), format="bilibili-xml")


def test_all_on_one_line_are_as_many_as_they_are() -> None:
    document = "".join(f'<d p="{n}.5,1,25,0">{n}</d>' for n in range(20_000))
    found = read(f"<i>{document}</i>".encode())
    assert [number for number, _ in found.comments] == [*range(1, 20_001)]
    assert len({each.where for each in found.lines}) == 20_000


def test_no_more_is_kept_than_is_being_read() -> None:
    reader = Reader()
    count = 0
    piece = b'<d p="1,1,25,0">' + b"x" * 65_520
    for _ in range(400):
        for first in range(0, len(piece), 8192):
            count += len([*reader.feed(piece[first : first + 8192])])
        assert reader._markup is None or len(reader._markup._text) < 3 * 65_536
    count += len([*reader.close()])
    assert count == 400


def test_a_stricter_kind_refuses_what_it_doesn_t_know() -> None:
    class Strict(Line, frozen=True, forbid_unknown_fields=True):
        pass

    assert [where for where, _ in read(f"{ANN}\n{BO}".encode(), Strict).faults] == ["1"]


@given(st.binary(max_size=200))
def test_any_bytes_are_lines_or_no_recording(payload: bytes) -> None:
    try:
        found = read(payload)
    except NotARecordingError:
        return
    assert len(found.comments) + len(found.faults) == len(found.lines)


WORDS = [
    b"<d p='1,1,25,0'>",
    b"</d>",
    b"<i>",
    b"<chat vpos='1'>",
    b"</chat>",
    b"x",
    b"\xff",
    b"&#1;",
]
WORDS += [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"1",
    b"-1e999",
    b"\n",
    b"\\",
    b"\0",
    b'"\\ud800"',
]
WORDS += [b'"comments"', b'"data"', b'"at"', b'"text"', b'"time"', b'"user"', b'"cmd"', b'"info"']
WORDS += [
    b'"DANMU_MSG"',
    b'"chat"',
    b'"vpos"',
    b"null",
    b"true",
    b"NaN",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
]
WORDS += [ANN.encode(), b'{"cmd":"DANMU_MSG","info":[[0,[],{},"",null,{}],"t",[[],{}]]}']


@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from([None, *NAMES]))
def test_any_words_are_read_to_their_end(words: list[bytes], format: str | None) -> None:
    with suppress(NotARecordingError):
        read(b"".join(words), format=format)
