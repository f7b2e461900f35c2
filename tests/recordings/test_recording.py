"""Recorded chats in their three forms."""

from __future__ import annotations

import pytest
from grandstand.recordings.line import Line
from grandstand.recordings.recording import NotARecordingError, read
from hypothesis import given
from hypothesis import strategies as st

ANN = '{"at": 10, "user": "ann", "text": "hi", "more": 1}'
BO = '{"at": 20.5, "user": "bo", "text": "晚", "mode": "top", "color": 255, "size": "large"}'
LINES = [Line(10, "ann", "hi"), Line(20.5, "bo", "晚", mode="top", color=255, size="large")]


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n \n"])
def test_lines_are_numbered_as_they_stand(mark: str) -> None:
    found = read(f"{mark}{ANN}\r\n\n{BO}".encode())
    first = mark.count("\n") + 1
    assert found.form == "ndjson"
    assert found.comments == [(first, LINES[0]), (first + 2, LINES[1])]


def test_a_list_in_json_counts_from_one() -> None:
    found = read(f" [{ANN}, 7, {BO}]".encode())
    assert (found.form, found.start) == ("json", None)
    assert found.comments == [(1, LINES[0]), (3, LINES[1])]
    assert found.faults == [(2, "Expected `object`, got `int`")]


def test_bilibilis_xml_tells_its_start() -> None:
    found = read(b'\xef\xbb\xbf<i><start>7000</start>\n<d p="1,1,25,0">hi</d></i>')
    assert (found.form, found.start) == ("bilibili-xml", 7000)
    assert found.comments == [(2, Line(1000, "viewer", "hi", color=0))]


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
    assert [number for number, _ in found.faults] == [2]
    assert [number for number, _ in found.comments] == [1, 3]


@pytest.mark.parametrize("payload", [b"[1, 2", b"[" * 5000, b"<i>\n\xff</i>"])
def test_a_whole_that_can_t_be_read_is_refused(payload: bytes) -> None:
    with pytest.raises(NotARecordingError):
        read(payload)


def test_a_stricter_kind_refuses_what_it_doesn_t_know() -> None:
    class Strict(Line, frozen=True, forbid_unknown_fields=True):
        pass

    assert [number for number, _ in read(f"{ANN}\n{BO}".encode(), Strict).faults] == [1]


@given(st.binary(max_size=200))
def test_any_bytes_are_lines_or_no_recording(payload: bytes) -> None:
    try:
        found = read(payload)
    except NotARecordingError:
        return
    assert len(found.comments) + len(found.faults) == len(found.lines)
