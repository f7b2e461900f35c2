from __future__ import annotations

import json
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import pytest
from grandstand.effects import templates
from hypothesis import given
from hypothesis import strategies as st

texts = st.text(max_size=40)
xml_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]))


@given(texts)
def test_a_text_in_json_stays_a_text(text: str) -> None:
    filled = templates.fill('{"a": "{winner}"}', {"winner": text}, templates.for_json)
    assert json.loads(filled) == {"a": text}


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_text_in_a_query_stays_one_value(text: str) -> None:
    filled = templates.fill("a={winner}&b=1", {"winner": text}, templates.for_url)
    assert parse_qs(filled, keep_blank_values=True) == {"a": [text], "b": ["1"]}


@given(xml_texts)
def test_a_text_in_xml_stays_a_text(text: str) -> None:
    filled = templates.fill('<a b="{winner}">{winner}</a>', {"winner": text}, templates.for_xml)
    root = ET.fromstring(filled)
    assert (root.text or "") == text
    assert len(root) == 0


@given(texts)
def test_a_text_in_a_header_stays_in_its_line(text: str) -> None:
    filled = templates.fill("x {winner}", {"winner": text}, templates.for_header)
    assert filled.isascii()
    assert not any(ord(each) < 32 for each in filled)


def test_what_is_filled_in_is_not_filled_again() -> None:
    facts = {"winner": "{question}", "question": "?"}
    assert templates.fill("{winner}", facts, templates.as_it_is) == "{question}"


@pytest.mark.parametrize(
    "name",
    [
        *("winner", "winner.percent", "winner.votes", "question", "voters", "poll", "answer"),
        *("options.0", "options.19.percent", "cue.name", "cue.data.x", "cue.data.a.b-c.0"),
    ],
)
def test_what_will_be_filled_is_known(name: str) -> None:
    assert not list(templates.unknown(f"a {{{name}}} b"))


@pytest.mark.parametrize(
    "name", ["loser", "winner.name", "options", "options.x", "options.\u0661", "cue.data", "a.b"]
)
def test_what_nothing_fills_is_named(name: str) -> None:
    assert list(templates.unknown(f"a {{{name}}} b {{winner}}")) == [name]


def test_braces_of_json_are_no_names() -> None:
    assert not list(templates.unknown('{"a": {"b": [1, {}]}, "c": "{winner}"}'))


@pytest.mark.parametrize(
    ("text", "escape"),
    [
        ("https://studio.example/{winner}", templates.for_url),
        ("file:///graphics/{winner}.png", templates.for_url),
        ("/graphics/{winner}.png", templates.for_file_name),
        ("C:\\graphics\\{winner}.png", templates.for_file_name),
        ("\\\\server\\{winner}.png", templates.for_file_name),
        ('{"a": "{winner}"}', templates.for_json),
        ('{ \\"a\\": \\"{winner}\\"}', templates.for_json),
        ('["{winner}"]', templates.for_json),
        ("<b>{winner}</b>", templates.for_xml),
        ("{winner} wins: <b>", templates.as_it_is),
        ("[Live] {winner}", templates.as_it_is),
        ("<3 {winner}", templates.as_it_is),
        ("Winner: {winner}", templates.as_it_is),
    ],
)
def test_what_a_text_is_decides_the_escape(text: str, escape: templates.Escape) -> None:
    assert templates.escape_within(text) is escape


@given(texts)
def test_how_long_a_text_becomes_is_known_before(text: str) -> None:
    facts = {"winner": text}
    template = "a {winner} {winner} {voters} {}"
    filled = templates.fill(template, facts, templates.as_it_is)
    assert len(filled) <= templates.filled_chars(template, facts) <= len(filled) + len(template)
