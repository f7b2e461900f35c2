"""Comments that speak to a language model rather than to the audience. Pure but for loading.

They are shown as they were written: a model that never sees them can't obey them. What this misses
is left to the checks of answers.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from ahocorasick_rs import AhoCorasick

from grandstand.text.normalise import skeleton
from grandstand.text.word_boundaries import is_part

_ASTERISK = "*"


class _Words:
    """Words and phrases, in the form in which they are looked for."""

    def __init__(self, listed: Sequence[str]) -> None:
        forms = {_form(each.removesuffix(_ASTERISK)): each.endswith(_ASTERISK) for each in listed}
        self._may_go_on = list(forms.values())
        self._find = AhoCorasick(list(forms))

    def stand_in(self, form: str) -> bool:
        for which, start, end in self._find.find_matches_as_indexes(form, overlapping=True):
            if self._may_go_on[which]:
                end = len(form)
            if not is_part(form, start, end):
                return True
        return False


class _Instructions:
    def __init__(self) -> None:
        path = files("grandstand.assistant").joinpath("instructions.toml")
        table = tomllib.loads(path.read_text("utf-8"))
        self._alone = [each.lower() for each in table["alone"] if not re.search(r"\w", each)]
        self._words = _Words([each for each in table["alone"] if re.search(r"\w", each)])
        self._pairs = [(_Words(pair["one"]), _Words(pair["other"])) for pair in table["pair"]]

    def are_in(self, text: str) -> bool:
        if any(sign in text for sign in self._alone):
            return True
        form = _form(text)
        return self._words.stand_in(form) or any(
            one.stand_in(form) and other.stand_in(form) for one, other in self._pairs
        )


@cache
def _instructions() -> _Instructions:
    return _Instructions()


def speaks_to_a_model(text: str) -> bool:
    """Return whether a text looks like an instruction to a language model; 10 us for a comment."""
    return _instructions().are_in(text)


def _form(text: str) -> str:
    return skeleton(text)
