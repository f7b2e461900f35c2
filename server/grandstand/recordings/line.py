"""One comment of a recorded chat, in whatever format it was written, and how its fields are
read."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from grandstand.wire.messages import MAX_TIME_MS, Color, Look, Mode, Size, StaffRole

MAX_ID_CHARS = 40
MAX_USER_CHARS = 100
MAX_TEXT_CHARS = 10_000
"""Far more than a room allows: a longer text is no comment."""
WHITE = 0xFFFFFF
NOBODY = "viewer"
"""The author if the recording names none."""

_SMALL_MAX, _NORMAL_MAX = 20, 30
_HEX = re.compile(r"(?:#|0x)([0-9a-f]{6}|[0-9a-f]{3})(?:[0-9a-f]{2})?", re.IGNORECASE)
_NUMBER_MAX_CHARS = 40


class Line(Look, frozen=True, omit_defaults=True):
    """A comment: ``at`` in ms, of programme time or from the start of the recording.

    ``id`` and ``merged_into`` are the recording's own ids; ``weight`` is absent where nobody
    weighed it. ``ordinal`` is how many comments of the same moment, author and text come before it
    in the recording, besides those that are read together with it.
    """

    at: Annotated[float, Meta(ge=0, le=MAX_TIME_MS, description="ms")]
    user: Annotated[str, Meta(min_length=1, max_length=MAX_USER_CHARS)]
    text: Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
    name: Annotated[str, Meta(max_length=MAX_USER_CHARS)] = ""
    weight: Annotated[float, Meta(ge=0, le=10)] | UnsetType = UNSET
    count: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    shown: bool = True
    id: Annotated[str, Meta(max_length=MAX_ID_CHARS)] = ""
    merged_into: Annotated[str, Meta(max_length=MAX_ID_CHARS)] = ""
    role: StaffRole | UnsetType = UNSET
    ordinal: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


@dataclass(frozen=True, slots=True)
class Other:
    """A part of a recording that is no comment (a gift, a deleted comment): counted by ``kind``."""

    kind: str


class UnreadableError(Exception):
    """One comment can't be read, and why. The others can."""


class Twins:
    """Counts comments that say the same, so that two equal ones are two.

    A comment with the same id is the same comment again. Ids that recorders write where they know
    none (empty, 0) don't count as ids.
    """

    def __init__(self) -> None:
        self._ids: set[tuple[object, str]] = set()
        self._counts: Counter[object] = Counter()

    def ordinal(self, key: object, own_id: str) -> int | None:
        """Return how many comments with this key came before; None for the same one again."""
        if own_id not in ("", "0"):
            if (key, own_id) in self._ids:
                return None
            self._ids.add((key, own_id))
        before = self._counts[key]
        self._counts[key] = before + 1
        return before


def made(
    at_ms: float,
    user: object,
    text: str,
    *,
    name: object = "",
    mode: Mode = "scroll",
    color: object = None,
    size: Size = "normal",
    own_id: object = "",
) -> Line:
    """Return the comment with every field inside its bounds.

    Names and ids are cut, a colour that can't be read is left out. Raises UnreadableError for an
    invalid time, for no text, and for a text of over ``MAX_TEXT_CHARS``.
    """
    if not (math.isfinite(at_ms) and 0 <= at_ms <= MAX_TIME_MS):
        raise UnreadableError(
            f"{at_ms / 1000:g} s is no moment of a broadcast: it must be 0 or more"
        )
    if not text.strip():
        raise UnreadableError("it has no text")
    if len(text) > MAX_TEXT_CHARS:
        raise UnreadableError(f"its text has {len(text)} characters; {MAX_TEXT_CHARS} may be")
    author = _word(user) or _word(name) or NOBODY
    shown_name = _word(name)
    return Line(
        at=round(at_ms, 3),
        user=author,
        text=text,
        name="" if shown_name == author else shown_name,
        mode=mode,
        color=colour(color),
        size=size,
        id=_word(own_id)[:MAX_ID_CHARS],
    )


def _word(value: object) -> str:
    """Return a name or an id; an author that the recorder calls 0 is unknown."""
    word = "" if value is None else str(value).strip()[:MAX_USER_CHARS]
    return "" if word == "0" else word


def number(value: object, what: str) -> float:
    """Return the number in a field. Raises UnreadableError, which names ``what``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if abs(value) <= 2**63 else math.inf
    if isinstance(value, str) and len(value) <= _NUMBER_MAX_CHARS:
        try:
            return float(value)
        except ValueError:
            pass
    raise UnreadableError(f"{what} must be a number, not {str(value)[:_NUMBER_MAX_CHARS]!r}")


def colour(value: object) -> Color | UnsetType:
    """Return a colour from a number, its digits, ``#rrggbb`` or ``#rgb``; white counts as none."""
    found = _colour(value)
    return found if found is not None and 0 <= found < WHITE else UNSET


def _colour(value: object) -> int | None:
    return _spelt_colour(value) if isinstance(value, str) else _numbered_colour(value)


@lru_cache(maxsize=1024)
def _spelt_colour(value: str) -> int | None:
    if len(value) <= _NUMBER_MAX_CHARS:
        digits = _HEX.fullmatch(value.strip())
        if digits is not None:
            short = digits[1]
            return int("".join(2 * each for each in short) if len(short) == 3 else short, 16)
    return _numbered_colour(value)


def _numbered_colour(value: object) -> int | None:
    try:
        found = number(value, "a colour")
    except UnreadableError:
        return None
    return int(found) if math.isfinite(found) else None


def size_of(points: float) -> Size:
    """Return the size for letters of so many points, as Bilibili's players classify them."""
    if points <= _SMALL_MAX:
        return "small"
    return "normal" if points <= _NORMAL_MAX else "large"
