"""Judges the names of viewers: a name stands beside every comment, and everybody reads it.

Rules judge it as they judge a comment, once as it is written and once with its words separated
(KillAllCats_88 says "Kill All Cats 88"). The scorer doesn't judge names, since it was never trained
on them. Besides, a name must not look like the staff's: neither by a word (``names.toml``) nor by
looking like the name of a moderator or producer who has been in the room.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from grandstand.moderation.findings import HOLD, Finding
from grandstand.moderation.policy import Policy, decide
from grandstand.moderation.word_rules import SWEARING, Rules
from grandstand.text.normalise import CAPITALS, skeleton

MAX_FOLDED_CHARS = 100
"""Longest skeleton of a name: single characters fold to as many as 18."""

STAFF_REMEMBERED = 1024
"""Names of moderators and producers whose outlines are cached: each viewer's name is compared with
them."""

REMEMBERED = 256
"""Viewers' names whose judgements are cached. In a crowd hardly any is asked for twice, except the
name of all who have none. With 1,024, including outlines and skeletons, 5,000 viewers had 125 bytes
more each."""

_PUNCTUATION = re.compile(r"[\W_]+")
_RUDE = Finding("insult", HOLD, "swearing")
"""Swearing in a name is directed at everybody who reads it."""

_SEAM = re.compile(r"_+|(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
"""Where words meet in a name without gaps."""

_RUN = re.compile(r"(.)\1+")
_ALIKE = str.maketrans("i1|!0", "llllo")


def outline(name: str) -> str:
    """Return what names that look alike have in common: only letters, ``rn`` read as ``m``."""
    return _outlined(_skeleton(name))


_outline_of_staff = lru_cache(maxsize=STAFF_REMEMBERED)(outline)


def _skeleton(name: str) -> str:
    """Return the skeleton, as of comments, but with capitals, which have look-alikes of their own.

    This bypasses the cache, from which a crowd's names would push out comments.
    """
    return skeleton.__wrapped__(name if name.isascii() else name.translate(CAPITALS))


def _outlined(bones: str) -> str:
    alike = _PUNCTUATION.sub("", bones).translate(_ALIKE).replace("rn", "m").replace("vv", "w")
    return _RUN.sub(r"\1", alike)


NOBODYS = frozenset({"", outline("viewer")})
"""Outlines that belong to nobody: of a name without letters, and of a token without a name."""


@dataclass(frozen=True, slots=True)
class _Assessment:
    """What is known of a name, before any room's policy."""

    outline: str
    is_too_long: bool = False
    claims_to_be_staff: bool = False
    findings: tuple[Finding, ...] = ()


class Names:
    """The judge of names. Immutable except for its cache; safe to share."""

    def __init__(self, rules: Rules) -> None:
        text = files("grandstand.moderation").joinpath("names.toml").read_text(encoding="utf-8")
        lists = tomllib.loads(text)
        self._rules = rules
        self._anywhere = re.compile(
            "|".join(re.escape(outline(each)) for each in lists["anywhere"])
        )
        self._words = frozenset(map(outline, lists["words"]))
        self._alone = frozenset(map(outline, lists["alone"])) | self._words
        self._read = lru_cache(maxsize=REMEMBERED)(self._look_at)

    @classmethod
    def load(cls) -> Names:
        """Return a judge with the package's lists."""
        return cls(Rules.load())

    def fault(self, name: str, policy: Policy, staff: Collection[str] = ()) -> str | None:
        """Return what is wrong with a viewer's cleaned ``name``, in words for the viewer; or None.

        ``staff`` are the names of moderators and producers. Some 30 us for a name not seen before.
        """
        reading = self._read(name)
        if reading.is_too_long:
            return "the name is too long: choose a shorter one"
        if reading.claims_to_be_staff:
            return "the name would be taken for the staff's: choose another"
        if _is_among(reading.outline, staff):
            return "the name looks like that of one of the staff: choose another"
        verdict = decide(reading.findings, {}, policy, {})
        if verdict.action != "show":
            return f"the name isn't allowed in this room ({verdict.category}): choose another"
        return None

    def resembles(self, name: str, others: Collection[str]) -> bool:
        """Return whether ``name`` looks like one of ``others``."""
        return bool(others) and _is_among(outline(name), others)

    def _look_at(self, name: str) -> _Assessment:
        bones = _skeleton(name)
        if len(bones) > MAX_FOLDED_CHARS:
            return _Assessment("", is_too_long=True)
        shape = _outlined(bones)
        claims = shape in self._alone or self._anywhere.search(shape) is not None
        if not claims:
            parts = (part.rstrip("0123456789") for part in _PUNCTUATION.split(bones))
            claims = any(_outlined(part) in self._words for part in parts if part)
        findings = self._rules.find(bones, name)
        apart = _SEAM.sub(" ", name)
        if apart != name:
            findings += self._rules.find(_skeleton(apart), apart)
        rude = tuple(_RUDE if each is SWEARING else each for each in findings)
        return _Assessment(shape, claims_to_be_staff=claims, findings=rude)


def _is_among(shape: str, names: Collection[str]) -> bool:
    return shape not in NOBODYS and any(_outline_of_staff(each) == shape for each in names)
