"""What an engine's answer must fulfil before it stands for what somebody said. Pure.

Comments are written by strangers, and some speak to the model rather than to the audience. A
translation has about the length of its text, the same links, mentions and numbers, the letters of
its language, and the names that it was told to keep. What was obeyed in place of being translated
rarely has all of these. What fails is shown as the original.
"""

from __future__ import annotations

from collections.abc import Sequence

from grandstand.text.contents import (
    LAST,
    columns,
    fits_script,
    has_controls,
    links,
    numbers,
)

LENGTH_MAX = 3.0
"""Times the columns of the original."""

LENGTH_MIN = 0.25
"""Of the original's columns, from ``LENGTH_MIN_FROM`` on: an answer that has less is about
something else, or lacks most of it."""

LENGTH_MIN_FROM = 24

PART_MAX = 0.7
PART_MIN_WORDS = 3
"""An answer that stands in the original, and has no more than this share of its letters, repeats a
part of it; so does one of its words alone that has at least so many words less."""

_QUOTES = LAST + "“”„«‹›‘’'(（[【{ "


def fault(original: str, answer: str, lang: str, names: Sequence[str], max_text: int) -> str:
    """Return in a word what is wrong with an answer, "" if nothing is.

    ``lang`` is the language asked for, ``names`` are those in the original that must stay, and
    ``max_text`` is the most characters that a comment of the room has.
    """
    if not answer.strip():
        return "empty"
    if has_controls(answer):
        return "control"
    if not _length_fits(original, answer, max_text):
        return "length"
    if links(original) != links(answer):
        return "links"
    if numbers(original) != numbers(answer):
        return "numbers"
    if not all(original.count(name) == answer.count(name) for name in names):
        return "names"
    if not fits_script(answer, lang, original):
        return "script"
    return "part" if _is_part(original, answer) else ""


def _length_fits(original: str, answer: str, max_text: int) -> bool:
    before, after = columns(original), columns(answer)
    if len(answer) > max_text or after > LENGTH_MAX * before:
        return False
    return before < LENGTH_MIN_FROM or after >= LENGTH_MIN * before


def _is_part(original: str, answer: str) -> bool:
    """Return whether an answer only repeats a part of the original."""
    whole, part = original.casefold(), answer.casefold().strip(_QUOTES)
    if part in whole and len(part) <= PART_MAX * len(whole):
        return True
    ours, theirs = whole.split(), part.split()
    known = {word.strip(_QUOTES) for word in ours}
    few = len(theirs) <= len(ours) - PART_MIN_WORDS
    return few and all(word.strip(_QUOTES) in known for word in theirs)
