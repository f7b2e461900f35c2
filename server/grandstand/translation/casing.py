"""What is said in capitals, or begins with one, is asked for as what says the same without. Pure.

A third of some chats is shouted. Engines read small letters better, and a question for both is
asked once. The answer gets the capitals back.
"""

from __future__ import annotations

from collections.abc import Callable

from grandstand.text.contents import LINK
from grandstand.translation.engines.engine import base

ANOTHER_I = ("tr", "az")
"""Languages whose capitals aren't what ``upper`` makes."""

_NO_SENTENCE = ("@", "#")


def is_shouted(text: str, lang: str) -> bool:
    """Return whether a text is in capitals, which its translation into ``lang`` can be, too. Links,
    mentions and hashtags would be others."""
    if not text.isupper() or base(lang) in ANOTHER_I:
        return False
    return LINK.search(text) is None and not any(mark in text for mark in _NO_SENTENCE)


def plain(text: str, lang: str) -> str:
    """Return what is the same for texts that differ in these capitals alone."""
    return text.lower() if is_shouted(text, lang) else text[:1].lower() + text[1:]


def in_case_of(text: str, lang: str) -> Callable[[str], str]:
    """Return what gives a translation into ``lang`` the capitals of a text."""
    if is_shouted(text, lang):
        return str.upper
    if text[:1].isupper():
        return lambda said: said[:1].upper() + said[1:]
    return lambda said: said
