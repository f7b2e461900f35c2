"""Templates: strings in which ``{winner}`` stands for what won, escaped for where it stands. Pure.

What viewers or producers wrote must not become markup, another parameter or another command at the
other end. So every place has an escape of its own, and the template itself is never escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote
from xml.sax.saxutils import escape as xml_escape

Escape = Callable[[str], str]

_PLACE = re.compile(r"\{([a-zA-Z][\w.-]*)\}")
_KNOWN = re.compile(
    r"(question|poll|voters|answer|winner(\.(percent|votes))?|options\.[0-9]{1,2}(\.(percent|votes))?"
    r"|cue\.name|cue\.data(\.[\w-]+){1,5}|highlight\.(words|strength))"
)
_NOT_OF_A_NAME = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]|^\.+$')
_LINE = re.compile(r"[\x00-\x1f\x7f]+")


def unknown(template: str) -> Iterator[str]:
    """Yield the names in a template that nothing will ever fill."""
    for found in _PLACE.finditer(template):
        if not _KNOWN.fullmatch(found[1]):
            yield found[1]


def fill(template: str, facts: Mapping[str, str], escape: Escape) -> str:
    """Return the template with facts in its places; a fact that isn't known is empty."""
    return _PLACE.sub(lambda found: escape(facts.get(found[1], "")), template)


def filled_chars(value: object, facts: Mapping[str, str]) -> int:
    """Return how long the templates in maps and lists would become together, without escapes."""
    if isinstance(value, str):
        return len(value) + sum(len(facts.get(each[1], "")) for each in _PLACE.finditer(value))
    if isinstance(value, Mapping):
        value = list(value.values())
    return sum(filled_chars(each, facts) for each in value) if isinstance(value, list) else 0


def for_url(text: str) -> str:
    """Escape for any part of a URL."""
    return quote(text, safe="")


def for_json(text: str) -> str:
    """Escape for the inside of a JSON string."""
    return json.dumps(text)[1:-1]


def for_xml(text: str) -> str:
    """Escape for XML and HTML, in text and in attributes."""
    return xml_escape(text, {'"': "&quot;", "'": "&#39;"})


def for_header(text: str) -> str:
    """Escape for an HTTP header: one line of printable ASCII."""
    return _LINE.sub(" ", text).encode("ascii", "replace").decode()


def for_file_name(text: str) -> str:
    """Escape for a part of a path: no other folder's file, on no system."""
    return _NOT_OF_A_NAME.sub("_", text)


def as_it_is(text: str) -> str:
    """Escape nothing, for plain text."""
    return text


_PLACE_FIRST = re.compile(r"\{[a-zA-Z][\w.-]*\}")
_WITHIN: Mapping[re.Pattern[str], Escape] = {
    re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://"): for_url,
    re.compile(r"/|\\\\|[a-zA-Z]:[\\/]"): for_file_name,
    re.compile(r"""\{\s*\\?"|\[\s*(\{|\\?")"""): for_json,
    re.compile(r"<[a-zA-Z!?]"): for_xml,
}
"""By how a text begins."""


def escape_within(text: str) -> Escape:
    """Return the escape for places in a text that may be a URL, a path, JSON or XML, or plain."""
    if _PLACE_FIRST.match(text):
        return as_it_is
    return next((escape for begins, escape in _WITHIN.items() if begins.match(text)), as_it_is)
