"""What a model's text must fulfil before a person sees it as a suggestion. Pure.

A fault is a word that names the check; ``WORDS`` say it to a person. What no check finds is a wrong
statement in the right form: so each suggestion shows what it rests on, and a person sends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from grandstand.text.contents import LAST, amounts, columns, fits_script, has_controls, links

PROMPT_RUN = 8
"""So many words of a prompt in a row, and it was told instead of followed."""

PART_MIN = 2
"""Words from which on the part of one comment, told as an answer, is no coincidence."""

PART_LESS = 3
"""Characters that a comment has more than its part."""

WORDS: Mapping[str, str] = {
    "empty": "the model's answer has no text",
    "control": "the model's answer has invisible characters or several lines",
    "length": "the model's answer is too long",
    "links": "the model's answer has a link, a mention or a hashtag",
    "numbers": "the model's answer has a number that isn't in the data",
    "script": "the model's answer isn't in the language asked for",
    "prompt": "the model repeats what it was told to do",
    "part": "the model only repeats a part of one comment",
    "basis": "the model doesn't say which of the data it goes by",
    "names": "the model's answer lacks a name",
    "options": "the model's options can't be those of a poll",
    "moderation": "the model's answer would not pass this room's moderation",
}

_WORD = re.compile(r"\w+")


def fault(
    text: str,
    lang: str,
    max_columns: int,
    known: Sequence[str],
    also: Iterable[str] = (),
    prompt: str = "",
) -> str:
    """Return in a word what is wrong with a text, "" if nothing is.

    ``known`` are the texts that it rests on; ``also`` are further ones whose words, not numbers, it
    may use.
    """
    if not text.strip():
        return "empty"
    if has_controls(text):
        return "control"
    if columns(text) > max_columns:
        return "length"
    if links(text):
        return "links"
    if amounts(text) - {each for one in known for each in amounts(one)}:
        return "numbers"
    if not fits_script(text, lang, "\n".join([*known, *also])):
        return "script"
    return "prompt" if _repeats(text, prompt) else ""


def is_part(text: str, comments: Iterable[str]) -> bool:
    """Return whether a text only repeats a part of one comment, which may have told the model what
    to say."""
    return any(_is_part(text, each) for each in comments)


def _repeats(text: str, prompt: str) -> bool:
    told, said = _words(prompt), _words(text)
    runs = {tuple(told[at : at + PROMPT_RUN]) for at in range(len(told) - PROMPT_RUN + 1)}
    return any(
        tuple(said[at : at + PROMPT_RUN]) in runs for at in range(len(said) - PROMPT_RUN + 1)
    )


def _is_part(text: str, comment: str) -> bool:
    """Return whether a text is a part of a comment that has more than it."""
    part, whole = text.casefold().strip(LAST + " "), comment.casefold()
    if part not in whole or len(part) >= len(whole) - PART_LESS:
        return False
    return len(_words(part)) >= PART_MIN or columns(part) > len(part)  # a script without gaps


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
