"""Bilibili's XML, written and read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from xml.etree import ElementTree

import pytest
from grandstand.recordings import bilibili
from grandstand.recordings.line import Line
from grandstand.rules.record import Row
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
    user=st.from_regex("[A-Za-z0-9_-]{11}", fullmatch=True),
    name=st.just(""),
    text=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30),
    weight=st.just(5.0),
    shown=st.just(True),
    mode=st.sampled_from(["scroll", "top", "bottom"]),
    size=st.sampled_from(["small", "normal", "large"]),
    color=st.none() | st.integers(0, 0xFFFFFE),
)


@given(st.lists(comments, max_size=4))
async def test_what_was_written_is_read_again(rows: list[Row]) -> None:
    document = (await written(10_000, *rows)).decode()
    assert bilibili.start_of(document) == 10_000
    expected = [
        Line(
            row.at - 10_000,
            row.user,
            row.text,
            mode=row.mode,
            size=row.size,
            color=UNSET if row.color is None else row.color,
            id=row.id,
        )
        for row in rows
    ]
    assert [line for _, line in bilibili.read(document)] == expected


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("<d>no place</d>", "has no p"),
        ('<d p="1,1,25">short</d>', "3 fields"),
        ('<d p="soon,1,25,0">when</d>', "words where numbers"),
        ('<d p="nan,1,25,0">when</d>', "no moment"),
        ('<d p="-1,1,25,0">before</d>', "no moment"),
        ('<d p="1,7,25,0">[0,0,"drawn"]</d>', "mode 7"),
        ('<d p="1,1,25,0">a & b <d p="1,1,25,0">cut', "no end"),
        ('<d p="1,1,2', "no end"),
        ('<d p="1,1,25,0"/>', "no end"),
    ],
)
def test_a_faulty_element_is_told_with_its_line_and_hides_no_other(
    element: str, words: str
) -> None:
    good = '<d p="2,1,25,255,0,0,ann,7">good</d>'
    lines = [*bilibili.read(f"<i>\n{good}\n{element}\n{good}\n</i>")]
    assert [number for number, line in lines if isinstance(line, Line)] == [2, 4]
    number, fault = next(each for each in lines if isinstance(each[1], str))
    assert number == 3
    assert words in str(fault)


def test_files_of_others_are_read_as_they_are() -> None:
    text = (
        "<?xml version='1.0' encoding='UTF-8'?><i><chatid>7</chatid><maxlimit>3000</maxlimit>"
        "<d p='15.26000,6,45,16777215,1583068800,0,8f6a1c2e,29' weight='3'>&lt;3 &amp; \u0007!</d>"
        '<d p="15.3,1,18,0">\n</d></i>'
    )
    (_, first), (_, second) = bilibili.read(text)
    assert first == Line(15_260, "8f6a1c2e", "<3 & \u0007!", size="large", id="29")
    assert second == Line(15_300, "viewer", "\n", size="small", color=0)
    assert bilibili.start_of(text) is None


@given(st.lists(st.text(max_size=20), max_size=3))
async def test_any_text_makes_a_document_that_can_be_read(texts: list[str]) -> None:
    rows = (Row(str(n), n, USER, "Ada", text, 5, True) for n, text in enumerate(texts))
    assert len(ElementTree.fromstring(await written(0, *rows)).findall("d")) == len(texts)


@given(st.text(st.sampled_from("<d p='1,1,25,0\">/&;x\n"), max_size=60))
def test_any_text_is_read_to_its_end(text: str) -> None:
    for number, line in bilibili.read(text):
        assert 1 <= number <= text.count("\n") + 1
        assert isinstance(line, Line | str)
