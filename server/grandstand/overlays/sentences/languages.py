"""The languages: a file each, with how numbers are written and what each rule says. Pure.

To add a language, add a file and, if its plurals are of none of these forms, a form to ``PLURALS``.
A rule has several texts: the first one holds for which all that it names is known.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

CODES = ("en", "zh", "de", "fr", "es")
FALLBACK = "en"
_TRADITIONAL = {"hant", "tw", "hk", "mo"}

Form = Literal["one", "other"]

PLURALS: Mapping[str, Callable[[str], Form]] = {
    "one is 1": lambda written: "one" if written == "1" else "other",
    "one is below 2": lambda written: "one" if re.match(r"[01](?:[.,]|$)", written) else "other",
    "no plurals": lambda _: "other",
}
"""Which form a noun has after a number as it is written: ``1.0`` is no single one in English."""


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """What a language's file has.

    ``units``: how an amount is written, by unit and form; ``marks``: feeds' words for records and
    bests, as the object of a sentence; ``rules``: the texts of each rule; ``asides``: what a second
    rule adds; ``old`` is added where a value is old.
    """

    code: str
    decimal: str
    group: str
    plural: str
    joint: str
    old: str
    units: dict[str, dict[Form, str]]
    marks: dict[str, str]
    rules: dict[str, list[str]]
    asides: dict[str, list[str]]


@cache
def _language(code: str) -> Language:
    text = files(__package__).joinpath(f"{code}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Language)


def written_in(lang: str) -> str | None:
    """Return the code of the language whose templates say what a reader of a tag (BCP 47) reads;
    None if there are none. Those of Chinese are in simplified letters."""
    base, *parts = lang.lower().split("-")
    return base if base in CODES and _TRADITIONAL.isdisjoint(parts) else None


def language_for(lang: str) -> Language:
    """Return the language of a viewer's tag (BCP 47), by its first part; else English."""
    base = lang.lower().partition("-")[0]
    return _language(base if base in CODES else FALLBACK)
