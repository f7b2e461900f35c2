"""What a room's record keeps of a comment. Pure."""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from grandstand.domain.identity import Role
from grandstand.domain.utterance import Utterance, stored_color, stored_look
from grandstand.wire.messages import UNKNOWN_LANG, Mode, Size

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_IMPORTED = re.compile(r"x([0-9a-z]{1,11})([0-9a-z]{8})")


class Row(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One comment of the record, as an array: fields are added at its end.

    ``merged_into`` is the shown comment that stands for it.

    That is one of its own tick, or the one with its text that was shown last before. ``count`` is
    what viewers saw: those merged within the tick, and those that came since the showing before.
    """

    id: str
    at: int
    user: str
    name: str
    text: str
    weight: float
    shown: bool
    merged_into: str = ""
    count: int = 1
    mode: Mode = "scroll"
    size: Size = "normal"
    color: int | None = None
    role: Role = "viewer"
    lang: str = UNKNOWN_LANG

    @classmethod
    def of(
        cls,
        comment_id: str,
        utterance: Utterance,
        weight: float,
        shown: bool,
        merged_into: str = "",
        count: int = 1,
    ) -> Row:
        """Return the row of ``utterance``."""
        return cls(
            comment_id,
            utterance.at,
            utterance.user,
            utterance.name,
            utterance.text,
            weight,
            shown,
            merged_into,
            count,
            utterance.look.mode,
            utterance.look.size,
            stored_color(utterance.look),
            utterance.role,
            utterance.lang,
        )

    @property
    def utterance(self) -> Utterance:
        """What was said."""
        look = stored_look(self.mode, self.size, self.color)
        return Utterance(self.user, self.name, self.at, self.text, look, self.role, self.lang)


def imported_id(at: int, user: str, text: str, ordinal: int = 0) -> str:
    """The id of a comment that was brought in from elsewhere: the same again for the same comment.

    It is led by ``x``, where an id that a room gives out has the number of its digits (``a1``): it
    would need 24 of them to be taken for one. Then come ``at`` and 41 bits of author and text, so
    that of two comments at one moment 1 in 3e12 pairs is taken for one, and where it stands in the
    record need not be noted. ``ordinal`` tells comments apart that are equal in all three: how many
    such stand before this one in the recording.
    """
    words = f"{user}\0{text}\0{ordinal}" if ordinal else f"{user}\0{text}"
    said = hashlib.blake2b(words.encode(), digest_size=8).digest()
    return f"x{_base36(at)}{_base36(int.from_bytes(said) % 36**8):0>8}"


def imported_at(comment_id: str) -> int | None:
    """The programme time that an imported comment's id tells; None for one of the room's own."""
    match = _IMPORTED.fullmatch(comment_id)
    return None if match is None else int(match[1], 36)


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if number == 0:
            return text
