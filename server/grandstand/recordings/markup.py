"""Elements of XML, cut out of a stream of text that may be broken. Pure.

Well-formed XML is read as an XML reader reads it: attributes in either quotes and with ``>``,
CDATA, comments, processing instructions, references, a document type. A part that isn't well-formed
costs at most one element: a ``<`` that begins no tag is text, an element without its end ends where
the next begins, and an unreadable element is a Flaw with its place.

Nothing is expanded but characters: entities that a document declares stay as they are written.

Theory of operation: the text is processed only up to ``MAX_ELEMENT_CHARS`` before the end of the
available text. So every part that begins is available as a whole, or is too long. Each character is
read a bounded number of times, and at most twice ``MAX_ASIDE_CHARS`` and one chunk are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html.entities import html5
from typing import NamedTuple

from grandstand.recordings.encodings import MARK

MAX_ELEMENT_CHARS = 65_536
MAX_ASIDE_CHARS = 1_048_576
"""A comment or CDATA section that is longer is skipped, and not searched again if it has no end."""

_TAG = re.compile(
    r"<([^\W\d][\w.:-]*+)"
    r"""((?:\s++[^\s=<>"'/]++\s*+=\s*+(?:"[^"]*+"|'[^']*+'))*)\s*+(/?)>"""
)
_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
_NAME = re.compile(r"<([^\W\d][\w.:-]*+)")
_END = re.compile(r"</([^\W\d][\w.:-]*+)\s*+>")
_DOCUMENT_TYPE = re.compile(
    r"""<!DOCTYPE(?:[^\["'>]++|"[^"]*+"|'[^']*+')*"""
    r"""(?:\[(?:[^\]"'<]++|"[^"]*+"|'[^']*+'|<!--(?:[^-]++|-(?!->))*-->|<(?!!--))*\]\s*+)?>"""
)
_REFERENCE = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{0,31}));")
_ASIDES = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
_ENDS = dict(_ASIDES)


class Element(NamedTuple):
    """An element: its attributes, and its text without the tags of elements inside it."""

    name: str
    attributes: dict[str, str]
    text: str
    line: int
    column: int


class Flaw(NamedTuple):
    """An element that can't be read, and why."""

    words: str
    line: int
    column: int


class Markup:
    """Cuts the elements called ``names`` out of the text that it is fed."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._text = ""
        self._at = 0
        self._line, self._column, self._counted = 1, 1, 0
        self._skipping = ""
        """The end of an aside that is too long to be kept; the text is skipped until there."""
        self._endless: set[str] = set()
        """Ends that the rest of the text doesn't have."""
        self._absent: dict[str, tuple[int, int]] = {}
        """Ends, and the range in which they were searched in vain."""
        self._waited = 0
        """How much of an aside was available when its end hadn't come yet."""
        self._is_typed = False
        self._closed = False

    def feed(self, text: str) -> Iterator[Element | Flaw]:
        """Yield what has become whole with more of the text."""
        self._text += text
        if len(self._text) - self._at >= 2 * MAX_ELEMENT_CHARS:
            yield from self._scan(len(self._text) - MAX_ELEMENT_CHARS)
            self._trim()

    def close(self) -> Iterator[Element | Flaw]:
        """Yield what is left: the text ends here."""
        self._closed = True
        yield from self._scan(len(self._text))
        if self._skipping:
            words = f"{self._skipping} never comes: the rest was skipped"
            yield Flaw(words, *self._position(len(self._text)))
        self._text, self._at = "", 0

    def _trim(self) -> None:
        self._position(self._at)
        self._text = self._text[self._at :]
        self._at = self._counted = 0
        self._absent.clear()

    def _position(self, at: int) -> tuple[int, int]:
        """Return the line and column of an offset, from 1; offsets must be asked for in order."""
        text, counted = self._text, self._counted
        newlines = text.count("\n", counted, at)
        if newlines:
            self._line += newlines
            self._column = at - text.rfind("\n", counted, at)
        else:
            self._column += at - counted
        self._counted = at
        return self._line, self._column

    def _scan(self, until: int) -> Iterator[Element | Flaw]:
        text = self._text
        while True:
            if self._skipping and not self._skipped():
                return
            at = text.find("<", self._at, until)
            if at < 0:
                self._at = max(self._at, until)
                return
            self._at = at
            following = text[at + 1 : at + 2]
            if following == "/":
                self._at = at + 2
            elif following == "?" or following == "!":
                if not self._closed and len(text) - at < 2 * self._waited:
                    return  # it is looked for again once there is twice as much
                flaw = self._aside(at)
                if self._at == at and not self._skipping:
                    self._waited = len(text) - at
                    return  # its end may come
                self._waited = 0
                if flaw:
                    yield Flaw(flaw, *self._position(at))
            else:
                found = self._element(at)
                if found is not None:
                    yield found

    def _skipped(self) -> bool:
        """Return whether the aside's end has come."""
        end = self._text.find(self._skipping, self._at)
        if end < 0:
            self._at = max(self._at, len(self._text) - len(self._skipping) + 1)
            return False
        self._at = end + len(self._skipping)
        self._skipping = ""
        return True

    def _aside(self, at: int) -> str:
        """Skip a comment, CDATA, an instruction or a document type; return what is wrong.

        Stays where it is if the end may still come.
        """
        text = self._text
        for begin, end in _ASIDES:
            if not text.startswith(begin, at):
                continue
            found = -1 if end in self._endless else text.find(end, at + len(begin))
            if found >= 0:
                self._at = found + len(end)
            elif len(text) - at > MAX_ASIDE_CHARS and end not in self._endless:
                self._at, self._skipping = at + len(begin), end
            elif self._closed:
                first = end not in self._endless
                self._endless.add(end)
                self._at = at + len(begin)
                return f"{begin} without its {end}: read as text" if first else ""
            return ""
        if text.startswith("<!DOCTYPE", at) and not self._is_typed:
            kind = _DOCUMENT_TYPE.match(text, at, at + MAX_ASIDE_CHARS)
            if kind is not None:
                self._at = kind.end()
            elif self._closed or len(text) - at > MAX_ASIDE_CHARS:
                self._at = at + len("<!DOCTYPE")
                self._is_typed = True
                return "a document type that can't be read"
            return ""
        self._at = at + 1
        return ""

    def _element(self, at: int) -> Element | Flaw | None:
        """Read the element whose tag begins here, if it is a wanted one."""
        text = self._text
        tag = _TAG.match(text, at, at + MAX_ELEMENT_CHARS)
        if tag is None:
            self._at = at + 1
            word = _NAME.match(text, at, at + MAX_ELEMENT_CHARS)
            wanted = word is not None and word[1] in self._names
            return Flaw("the tag can't be read", *self._position(at)) if wanted else None
        self._at = tag.end()
        name = tag[1]
        if name not in self._names:
            return None
        end = start = tag.end()
        content = ""
        if not tag[3]:
            inner = self._end_of(name, start, at + MAX_ELEMENT_CHARS)
            if isinstance(inner, str):
                return Flaw(inner, *self._position(at))
            stop, end = inner
            content = text[start:stop]
        self._at = end
        place = self._position(at)
        if text.find(MARK, at, end) >= 0:
            return Flaw("it holds bytes that are no text in the file's encoding", *place)
        attributes = {
            found[1]: _value(found[2] if found[2] is not None else found[3])
            for found in _ATTRIBUTE.finditer(tag[2])
        }
        return Element(name, attributes, _characters(content), *place)

    def _end_of(self, name: str, start: int, most: int) -> tuple[int, int] | str:
        """Return where the content and the element end; or what is wrong."""
        text = self._text
        most = min(most, len(text))
        at = start
        landmarks = _landmarks(name)
        while (found := landmarks.search(text, at, most)) is not None:
            mark = found[0]
            if mark.startswith("</"):
                return found.start(), found.end()
            at = found.end()
            if mark in _ENDS:
                end = _ENDS[mark]
                stop = self._find(end, at, most)
                if stop >= 0:
                    at = stop + len(end)
            elif _TAG.match(text, found.start(), most) is not None:
                self._at = found.start()
                return "the element has no end before the next begins"
        if self._closed and most == len(text):
            return "the element has no end"
        return f"the element has no end within {MAX_ELEMENT_CHARS} characters"

    def _find(self, end: str, start: int, most: int) -> int:
        """Search as ``text.find`` does, but don't repeat a search that was in vain."""
        low, high = self._absent.get(end, (most, 0))
        known = low <= start
        found = self._text.find(end, max(start, high - len(end) + 1) if known else start, most)
        if found < 0:
            self._absent[end] = (low if known else start, max(most, high))
        return found


@cache
def _landmarks(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"</{re.escape(name)}\s*+>|<!\[CDATA\[|<!--|<\?|<{re.escape(name)}(?=[\s/>])"
    )


def _value(raw: str) -> str:
    """Return an attribute's value with its references resolved."""
    if "\n" in raw or "\t" in raw or "\r" in raw:
        raw = re.sub(r"\r\n?|[\t\n]", " ", raw)
    return _resolved(raw)


def _resolved(raw: str) -> str:
    return _REFERENCE.sub(_referred, raw) if "&" in raw else raw


def _referred(found: re.Match[str]) -> str:
    """Return the character; a reference to none stays as it is written."""
    decimal, hexadecimal, word = found.groups()
    if word is not None:
        return html5.get(f"{word};", found[0])
    point = int(decimal) if decimal is not None else int(hexadecimal, 16)
    is_character = point in (9, 10, 13) or 32 <= point <= 0x10FFFF
    return chr(point) if is_character and not 0xD800 <= point <= 0xDFFF else ""


def _characters(content: str) -> str:
    """Return the text of an element's content: tags that have their ends aren't text, others
    are."""
    if "\r" in content:
        content = content.replace("\r\n", "\n").replace("\r", "\n")
    if "<" not in content:
        return _resolved(content)
    parts: list[str] = []
    opened: dict[str, list[int]] = {}
    endless: set[str] = set()
    at = 0
    while (tag := content.find("<", at)) >= 0:
        parts.append(_resolved(content[at:tag]))
        for begin, end in _ASIDES:
            if content.startswith(begin, tag) and end not in endless:
                stop = content.find(end, tag + len(begin))
                if stop >= 0:
                    parts.append(content[tag + len(begin) : stop] if begin == "<![CDATA[" else "")
                    at = stop + len(end)
                    break
                endless.add(end)
        else:
            at = _inner_tag(content, tag, parts, opened)
    parts.append(_resolved(content[at:]))
    return "".join(parts)


def _inner_tag(content: str, at: int, parts: list[str], opened: dict[str, list[int]]) -> int:
    """Add the text at a ``<`` to the parts; return where to go on."""
    begin, end = _TAG.match(content, at), _END.match(content, at)
    if begin is not None:
        if not begin[3]:
            opened.setdefault(begin[1], []).append(len(parts))
        parts.append("" if begin[3] else _resolved(begin[0]))
        return begin.end()
    if end is not None:
        if opened.get(end[1]):
            parts[opened[end[1]].pop()] = ""
        else:
            parts.append(end[0])
        return end.end()
    parts.append("<")
    return at + 1
