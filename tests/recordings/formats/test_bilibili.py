"""Bilibili's XML, written and read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from xml.etree import ElementTree

import pytest
from grandstand.domain.record import Row
from grandstand.recordings.formats import bilibili
from grandstand.recordings.line import Line
from grandstand.recordings.recording import read
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

USER = "AbCdEfGhIj0"


async def written(start: int, *rows: Row) -> bytes:
    async def chunks() -> AsyncIterator[list[Row]]:
        yield [*rows]

    return b"".join([part async for part in bilibili.document("gala", start, chunks())])


async def test_seconds_count_from_the_start_of_the_span() -> None:
    text = "<b>&\u0007\U0001f600"
    dressed = Row("a1", 11_500, USER, "Ada", text, 5, True, "", 1, "bottom", "small", 0xFF)
    document = await written(10_000, dressed, Row("a2", 12_500, USER, "Ada", "plain", 5, True))
    root = ElementTree.fromstring(document)
    assert (root.tag, root.findtext("start")) == ("i", "10000")
    first, second = root.findall("d")
    assert first.text == "<b>&\U0001f600"
    assert first.get("p") == f"1.500,4,18,255,11,0,{USER},a1"
    assert second.attrib["p"].startswith("2.500,1,25,16777215,")


comments = st.builds(
    Row,
    id=st.from_regex("[a-h][0-9a-z]{1,8}", fullmatch=True),
    at=st.integers(10_000, 10**9),
    user=st.from_regex("[A-Za-z0-9_-]{11}", fullmatch=True) | st.just("A, B"),
    name=st.sampled_from(["", "Ada", 'A>B, "C" <D>', "晚 & 安"]),
    text=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30).filter(
        str.strip
    ),
    weight=st.just(5.0),
    shown=st.just(True),
    mode=st.sampled_from(["scroll", "top", "bottom"]),
    size=st.sampled_from(["small", "normal", "large"]),
    color=st.none() | st.integers(0, 0xFFFFFE),
)


@given(st.lists(comments, max_size=4))
async def test_what_was_written_is_read_again(rows: list[Row]) -> None:
    found = read(await written(10_000, *rows))
    assert (found.format, found.start, found.faults) == ("bilibili-xml", 10_000, [])
    expected = [
        Line(
            row.at - 10_000,
            row.user,
            row.text,
            name=row.name,
            mode=row.mode,
            size=row.size,
            color=UNSET if row.color is None else row.color,
            id=row.id,
        )
        for row in rows
    ]
    assert [line for _, line in found.comments] == expected


def heard(*elements: str) -> list[Line]:
    found = read(f"<i>{''.join(elements)}</i>".encode())
    assert found.faults == []
    return [line for _, line in found.comments]


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("<d>no place</d>", "has no p"),
        ('<d data-p="1,1,25,0">no place</d>', "has no p"),
        ('<d p="1,1,25">short</d>', "3 fields"),
        (f'<d p="1,1,25,0,{"9" * 2000}">long</d>', "2009 characters"),
        ('<d p="soon,1,25,0">when</d>', "the time in p must be a number"),
        ('<d p="nan,1,25,0">when</d>', "no moment"),
        ('<d p="inf,1,25,0">when</d>', "no moment"),
        ('<d p="-1,1,25,0">before</d>', "no moment"),
        ('<d p="1,12,25,0">how</d>', "mode 12 isn't known"),
        ('<d p="1,nan,25,0">how</d>', "mode nan isn't known"),
        ('<d p="1,1,big,0">how large</d>', "the size in p"),
        ('<d p="1,1,25,0">a & b <d p="1,1,25,0">cut', "no end"),
        ('<d p="1,1,2', "can't be read"),
        ('<d p="1,1,25,0"/>', "has no text"),
        ('<sc ts="soon">dear</sc>', "ts must be a number"),
    ],
)
def test_a_faulty_element_is_told_with_its_place_and_hides_no_other(
    element: str, words: str
) -> None:
    good = '<d p="2,1,25,255,0,0,ann,7">good</d>'
    found = read(f"<i>\n{good}\n{element}\n{good}\n</i>".encode())
    assert [line.text for _, line in found.comments] == ["good", "good"]
    where, fault = found.faults[0]
    assert where == "3:1"
    assert words in fault


def test_files_of_others_are_read_as_they_are() -> None:
    first, second = heard(
        "<chatid>7</chatid><maxlimit>3000</maxlimit>",
        "<d p='15.26000,6,45,16777215,1583068800,0,8f6a1c2e,29' weight='3'>&lt;3 &amp; \u0007!</d>",
        '<d p="15.3,1,18,0">x\n</d>',
    )
    assert first == Line(15_260, "8f6a1c2e", "<3 & \u0007!", size="large", id="29")
    assert second == Line(15_300, "viewer", "x\n", size="small", color=0)


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ("255", 255),
        ("255.0", 255),
        ("#0000FF", 255),
        ("#00f", 255),
        ("0x0000ff", 255),
        (" 255 ", 255),
        ("", UNSET),
        ("16777215", UNSET),
        ("-1", UNSET),
        ("99999999999", UNSET),
        ("nan", UNSET),
        ("blue", UNSET),
    ],
)
def test_a_colour_is_read_however_it_is_written_and_costs_no_comment(
    color: str, expected: object
) -> None:
    (line,) = heard(f'<d p="1.0,1.0,25.0,{color}">hi</d>')
    assert (line.color, line.mode, line.size) == (expected, "scroll", "normal")


def test_what_recorders_write_is_read_or_counted() -> None:
    found = read(
        b'<i><d user="A, B" p="1,1,25,0,1700000000000,0,12,0">hi</d>'
        b'<d user="Cy" p="2,1,25,0,1700000000000,0,0,0" raw="{&quot;a&quot;:1}">ho</d>'
        b'<sc ts="3.5" uid="9" user="Di" price="30" time="60">so dear</sc><sc ts="4" user="Di"/>'
        b'<gift ts="1" user="E" giftname="x" giftcount="2"/><guard ts="1"/><toast ts="1">t</toast>'
        b'<d p="5,7,25,0">[0,0,"1-1",4,"drawn"]</d><d p="6,8,25,0">script()</d></i>'
    )
    first, second, third = (line for _, line in found.comments)
    assert first == Line(1000, "12", "hi", name="A, B", color=0)
    assert second == Line(2000, "Cy", "ho", color=0)
    assert third == Line(3500, "9", "so dear", name="Di", mode="top", color=0xFFD700)
    assert found.faults == []
    assert found.others == {
        "gift elements": 1,
        "guard elements": 1,
        "toast elements": 1,
        "sc elements without words": 1,
        "drawings (mode 7)": 1,
        "scripts (mode 8)": 1,
    }


@given(st.lists(st.text(max_size=20), max_size=3))
async def test_any_text_makes_a_document_that_can_be_read(texts: list[str]) -> None:
    rows = (Row(str(n), n, USER, "Ada", text, 5, True) for n, text in enumerate(texts))
    assert len(ElementTree.fromstring(await written(0, *rows)).findall("d")) == len(texts)
