"""Items cut out of JSON in a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grandstand.recordings.documents import MAX_ITEM_BYTES, Document, Item, Lines, Path
from hypothesis import given
from hypothesis import strategies as st

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def cut(text: str, path: Path = (), size: int | None = None) -> list[Item]:
    payload = text.encode()
    document = Document({path})
    found: list[Item] = []
    for first in range(0, len(payload), size or max(1, len(payload))):
        found += document.feed(payload[first : first + (size or len(payload))])
    return [*found, *document.close()]


@given(st.lists(values, max_size=5), st.sampled_from([None, 1, 3]), st.booleans())
def test_the_items_of_a_list_are_cut_as_they_are(
    items: list[Any], size: int | None, is_pretty: bool
) -> None:
    text = json.dumps(items, ensure_ascii=False, indent=1 if is_pretty else None)
    found = cut(text, (), size)
    assert [json.loads(each.raw) for each in found] == items
    assert [each.number for each in found] == [*range(1, len(items) + 1)]


@given(values, st.lists(values, max_size=4), values, st.sampled_from([None, 1, 5]))
def test_a_list_is_found_wherever_it_lies(
    before: Any, items: list[Any], after: Any, size: int | None
) -> None:
    deep = json.dumps({"a": before, "b": [{"c": before, "d": items}, 7], "e": after})
    found = [each for each in cut(deep, ("b", "*", "d"), size) if each.path == ("b", "*", "d")]
    assert [json.loads(each.raw) for each in found] == items


@pytest.mark.parametrize(
    ("text", "wholes"),
    [
        ("[1, 2", [True, False]),
        ("[1, 2,", [True, True]),
        ('[1, "a', [True, False]),
        ('[1, {"a": [2}', [True, False]),
        ("[1,,2]", [True, True, True]),
        ('["a\n, 2]', [True, True]),
        ("[", []),
        ("[]", []),
        ("", []),
        ("{", []),
        ("]", []),
        ("[" * 5000, [False]),
        ("[{}}, 1]", [True]),
    ],
)
def test_a_broken_list_keeps_what_stands_before(text: str, wholes: list[bool]) -> None:
    for size in (None, 1):
        assert [each.is_whole for each in cut(text, (), size)] == wholes


def test_an_item_beyond_all_bounds_is_passed_over_and_not_kept() -> None:
    document = Document({()})
    found = [*document.feed(b'[1, "')]
    for _ in range(80):
        found += document.feed(b"x" * 65_536)
        assert len(document._bytes) <= MAX_ITEM_BYTES + 65_536
    found += document.feed(b'", 2]')
    assert [(each.number, each.is_whole) for each in found] == [(1, True), (2, False), (3, True)]


def test_what_lies_beside_the_lists_is_not_kept() -> None:
    document = Document({("comments",)})
    found = [*document.feed(b'{"pictures": {"a": "')]
    for _ in range(40):
        found += document.feed(b"\\n" * 32_768)
        assert len(document._bytes) <= 65_537
    found += document.feed(b'"}, "comments": [7]}')
    assert [each.raw for each in found] == [b"7"]
    assert document.is_whole


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b" ", b'"'])), st.integers(1, 4))
def test_lines_are_numbered_as_they_stand(parts: list[bytes], size: int) -> None:
    payload = b"".join(parts)
    lines = Lines()
    found: list[Item] = []
    for first in range(0, len(payload), size):
        found += lines.feed(payload[first : first + size])
    found += lines.close()
    expected = [(n, row.strip()) for n, row in enumerate(payload.splitlines(), 1) if row.strip()]
    assert [(each.number, each.raw) for each in found] == expected


def test_a_line_beyond_all_bounds_is_passed_over_and_not_kept() -> None:
    lines = Lines()
    found = [*lines.feed(b"a\n")]
    for _ in range(80):
        found += lines.feed(b"x" * 65_536)
        assert len(lines._bytes) <= MAX_ITEM_BYTES
    found += [*lines.feed(b"\nb"), *lines.close()]
    assert [(each.number, each.is_whole) for each in found] == [(1, True), (2, False), (3, True)]


@given(st.binary(max_size=80))
def test_any_bytes_are_cut_alike_in_any_pieces(payload: bytes) -> None:
    def pieces(size: int) -> list[Item]:
        document = Document({(), ("a",)})
        found = [
            each
            for first in range(0, len(payload), size)
            for each in document.feed(payload[first : first + size])
        ]
        return [*found, *document.close()]

    assert pieces(1) == pieces(max(1, len(payload)))
