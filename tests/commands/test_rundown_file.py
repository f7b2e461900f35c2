from __future__ import annotations

import tomllib
from typing import Any

import pytest
from grandstand.commands.rundown_file import RundownFile, written
from grandstand.errors import OperatorError
from hypothesis import given
from hypothesis import strategies as st

SHOW = """
# Tonight
[[items]]
id = "hello"
kind = "note"
title = "Hello"
expected_at = 2026-02-16T20:00:00+08:00
body = "Smile."

[[items]]
id = "who"
kind = "poll"
title = "Who?"
[items.body]
kind = "single"
question = "Who?"
options = ["A", "B"]
opens_at = 2026-02-16T12:00:00Z

[[items]]
id = "red"
kind = "card"
title = "Red"
body = '{"entity": "red", "name": "Red", "values": null}'
"""


def test_a_file_is_read() -> None:
    assert RundownFile("show.toml", SHOW).items == [
        {
            "id": "hello",
            "kind": "note",
            "title": "Hello",
            "expected_at": 1_771_243_200_000,
            "body": "Smile.",
        },
        {
            "id": "who",
            "kind": "poll",
            "title": "Who?",
            "body": {
                "kind": "single",
                "question": "Who?",
                "options": ["A", "B"],
                "opens_at": 1_771_243_200_000,
            },
        },
        {
            "id": "red",
            "kind": "card",
            "title": "Red",
            "body": {"entity": "red", "name": "Red", "values": None},
        },
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[items]]\nid = x\n", "f.toml: Invalid value (at line 2"),
        ("title = 1", "f.toml: title isn't known; each item begins with [[items]]"),
        ("", "f.toml has no items"),
        ("items = 3", "f.toml has no items"),
        ("\n[[items]]\nid='a'\nname='x'", "f.toml, line 2: item 1 (a): name isn't known"),
        ("[[items]]\nexpected_at = 2026-02-16T20:00:00", "item 1: expected_at must be a date"),
        ("[[items]]\nexpected_at = 20:00:00", "item 1: expected_at must be a date and a time"),
        ("[[items]]\n[[items]]\nbody.data.x = [1, nan]", "line 2: item 2: body.data.x[1] must be"),
        ("[[items]]\nkind='cue'\nbody = '{'", "line 1: item 1: body is no JSON"),
        ("x = " + "[" * 5000, "f.toml"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(OperatorError) as refused:
        RundownFile("f.toml", text)
    assert words in str(refused.value)


def test_a_fault_has_no_line_where_lines_could_mislead() -> None:
    text = "items = [{ id = 'a', body = '''\n[[items]]\n[[items]]''' }]"
    read = RundownFile("f.toml", text)
    assert str(read.fault(0, "kind", "is missing")) == "f.toml: item 1 (a): kind is missing"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
)
bodies = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, max_size=4)


@given(bodies, st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**42))
def test_what_was_written_is_read(body: dict[str, Any], text: str, at: int) -> None:
    items: list[dict[str, Any]] = [
        {"id": "a", "kind": "cue", "title": text, "expected_at": at, "body": body},
        {"id": "b", "kind": "note", "title": text, "body": text},
        {"id": "c", "kind": "break", "title": text},
    ]
    assert RundownFile("f", written(items)).items == items
    assert len(tomllib.loads(written(items))["items"]) == 3
