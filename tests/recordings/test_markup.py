"""XML as an XML reader reads it, and beyond."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from grandstand.recordings.markup import (
    MAX_ASIDE_CHARS,
    MAX_ELEMENT_CHARS,
    Element,
    Flaw,
    Markup,
)
from hypothesis import given
from hypothesis import strategies as st

GOOD = '<d p="9">good</d>'


def cut(text: str, size: int | None = None) -> list[Element | Flaw]:
    """The elements called ``d`` of a text that comes in pieces."""
    markup = Markup({"d"})
    found: list[Element | Flaw] = []
    for first in range(0, len(text), size or max(1, len(text))):
        found += markup.feed(text[first : first + (size or len(text))])
    return [*found, *markup.close()]


def texts(text: str) -> list[str]:
    return [each.text for each in cut(text) if isinstance(each, Element)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('<i><d p="1" user="A>B">x</d></i>', ["x"]),
        ("<i><d p='1'\n data-p = \"2\" >x</d\n></i>", ["x"]),
        ("<i><d><![CDATA[a <b> & </d> ]]>c</d></i>", ["a <b> & </d> c"]),
        ("<i><!-- <d>no</d> --><d>yes</d></i>", ["yes"]),
        ("<i><d>a<!-- </d> -->b</d></i>", ["ab"]),
        ("<i><d>a<?do <d> ?>b</d><?do <d>no</d> ?></i>", ["ab"]),
        ("<i><d>a<b x='1'>c</b>d<e/></d></i>", ["acd"]),
        ("<i><d>&lt;&#65;&#x42;&amp;amp;&gt;&quot;&apos;</d></i>", ["<AB&amp;>\"'"]),
        ("<i><d/><d></d></i>", ["", ""]),
        ("<i><dd>no</dd><d.d>no</d.d><d-d>no</d-d></i>", []),
        ("<i><d>a\r\nb\rc</d></i>", ["a\nb\nc"]),
        ('<!DOCTYPE i [<!ENTITY a "<d>no</d>"> <!-- ]> \' --> ]><i><d>x</d></i>', ["x"]),
        ("<!DOCTYPE i SYSTEM 'no>where'><i><d>x</d></i>", ["x"]),
        ("<i><![CDATA[<d>no</d>]]><d>x</d></i>", ["x"]),
    ],
)
def test_what_is_well_formed_is_read_as_an_xml_reader_reads_it(
    document: str, expected: list[str]
) -> None:
    assert texts(document) == expected
    assert ["".join(each.itertext()) for each in ElementTree.fromstring(document).iter("d")] == (
        expected
    )


def test_attributes_are_those_of_the_tag() -> None:
    (element,) = cut("<d data-p='1' p=\"a &amp; b\n&lt;\" xp='3' user='A>B'/>")
    assert isinstance(element, Element)
    assert element.attributes == {"data-p": "1", "p": "a & b <", "xp": "3", "user": "A>B"}


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("I <3 this", "I <3 this"),
        ("a<b", "a<b"),
        ("a < b > c", "a < b > c"),
        ("a<b c>d", "a<b c>d"),
        ("a<b>c", "a<b>c"),
        ("a</b>c", "a</b>c"),
        ("<<<", "<<<"),
        ("<d", "<d"),
        ("<!", "<!"),
        ("<!-- lol", "<!-- lol"),
        ("<![CDATA[ lol", "<![CDATA[ lol"),
        ("a & b &nope; &#xFFFFFF; &", "a & b &nope;  &"),
        ("&nbsp;&hearts;", "\xa0♥"),
        ("bell\x07 nul\x00", "bell\x07 nul\x00"),
        ("]]>", "]]>"),
    ],
)
def test_what_begins_no_tag_is_text(inner: str, text: str) -> None:
    assert texts(f"<i>{GOOD}<d>{inner}</d>{GOOD}</i>") == ["good", text, "good"]


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("<d>cut", "no end before"),
        ('<d p="1>cut</d>', "can't be read"),
        ("<d p>cut</d>", "can't be read"),
        ("<d p=1>cut</d>", "can't be read"),
        ("<d>\udcff</d>", "no text in the file's encoding"),
        ("<d \udcff='1'>x</d>", "no text in the file's encoding"),
        (f"<d>{'x' * MAX_ELEMENT_CHARS}</d>", "within 65536 characters"),
    ],
)
def test_one_that_can_t_be_read_is_told_with_its_place(element: str, words: str) -> None:
    found = cut(f"<i>\n{GOOD}\n  {element}{GOOD}\n</i>")
    assert [each.text for each in found if isinstance(each, Element)] == ["good", "good"]
    (flaw,) = [each for each in found if isinstance(each, Flaw)]
    assert words in flaw.words
    assert (flaw.line, flaw.column) == (3, 3)


def test_places_are_told_on_one_long_line() -> None:
    element = "<d>x</d>"
    columns = [each.column for each in cut(element * 40_000, 4096)]
    assert columns == [1 + n * len(element) for n in range(40_000)]


@pytest.mark.parametrize("begin", ["<!--", "<![CDATA[", "<?"])
def test_what_has_no_end_doesn_t_take_the_rest_of_the_file(begin: str) -> None:
    found = cut(f"<i>{GOOD}{begin}{GOOD}{begin}{GOOD}")
    assert [each.text for each in found if isinstance(each, Element)] == ["good"] * 3
    assert len([each for each in found if isinstance(each, Flaw)]) == 1


def test_a_long_comment_is_passed_over_and_one_without_an_end_is_told() -> None:
    inner = "<d>no</d>" * (2 * MAX_ASIDE_CHARS // 9)
    assert texts(f"<!--{inner}-->{GOOD}") == ["good"]
    (flaw,) = cut(f"<!--{inner}", 65_536)
    assert isinstance(flaw, Flaw)
    assert "skipped" in flaw.words


def test_no_more_is_kept_than_a_comment_and_a_piece() -> None:
    markup = Markup({"d"})
    for piece in (["<i>"], ["<!--"], ["x" * 65_536] * 64, ["-->"], ["x" * 65_536, GOOD] * 64):
        for text in piece:
            list(markup.feed(text))
            assert len(markup._text) <= 2 * MAX_ASIDE_CHARS + 2 * 65_536


alphabet = ["<d>", "</d>", "<d p='", '<d p="1">', "'", '"', ">", "<!--", "-->", "<![CDATA[", "]]>"]
alphabet += ["<?", "?>", "<", "&", "&amp;", "x", "\n", "<b>", "</b>", "/>", "<!DOCTYPE [", "]>"]


@given(st.lists(st.sampled_from(alphabet), max_size=40), st.integers(1, 9))
def test_any_text_is_read_alike_in_any_pieces(parts: list[str], size: int) -> None:
    text = "".join(parts)
    found = cut(text)
    assert cut(text, size) == found
    for each in found:
        assert 1 <= each.line <= text.count("\n") + 1


names = st.sampled_from(["d", "b", "i", "dd"])
chars = st.text(st.characters(codec="utf-8", exclude_characters="\r", min_codepoint=32), max_size=9)


@given(
    st.recursive(
        st.tuples(names, chars), lambda inner: st.tuples(names, st.lists(inner)), max_leaves=9
    )
)
def test_any_tree_is_read_as_an_xml_reader_reads_it(tree: tuple[str, object]) -> None:
    def build(node: tuple[str, object]) -> ElementTree.Element:
        name, inner = node
        element = ElementTree.Element("dd" if name == "d" and isinstance(inner, list) else name)
        if isinstance(inner, str):
            element.text = "".join(each for each in inner if each.isprintable())
            element.set("p", element.text)
        else:
            assert isinstance(inner, list)
            element.extend(build(each) for each in inner)
        return element

    root = build(tree)
    expected = [(each.get("p"), each.text or "") for each in root.iter("d")]
    found = cut(ElementTree.tostring(root, "unicode"))
    assert [
        (each.attributes.get("p"), each.text) for each in found if isinstance(each, Element)
    ] == expected
