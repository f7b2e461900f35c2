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

    ``merged_into`` is the shown comment that stands for it: one of its own tick, or the last one
    shown before with its text. ``count`` is what viewers saw: the comments merged within the tick,
    and those that came since the showing before.

    A row whose author was erased has no ``user``.
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

    def emptied(self) -> Row:
        """Return what is left of it once its author is erased: that there was a comment."""
        return Row(self.id, self.at, "", "", "", 0.0, self.shown)

    @property
    def utterance(self) -> Utterance:
        """Return what the author said."""
        look = stored_look(self.mode, self.size, self.color)
        return Utterance(self.user, self.name, self.at, self.text, look, self.role, self.lang)


def imported_id(at: int, user: str, text: str, ordinal: int = 0) -> str:
    """Return the id of an imported comment: the same again for the same comment.

    It begins with ``x``. An id that a room gives out begins there with the number of its digits
    (``a1``), and would need 24 of them to look the same. Then come ``at`` and 41 bits of author and
    text. So of two comments at one moment 1 in 3e12 pairs collides, and the comment's place in the
    record needn't be stored. ``ordinal`` tells apart comments that are equal in all three: it is
    how many of them come before this one in the recording.
    """
    words = f"{user}\0{text}\0{ordinal}" if ordinal else f"{user}\0{text}"
    said = hashlib.blake2b(words.encode(), digest_size=8).digest()
    return f"x{_base36(at)}{_base36(int.from_bytes(said) % 36**8):0>8}"


def imported_at(comment_id: str) -> int | None:
    """Return the programme time in an imported comment's id; None for one of the room's own."""
    match = _IMPORTED.fullmatch(comment_id)
    return None if match is None else int(match[1], 36)


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if number == 0:
            return text
