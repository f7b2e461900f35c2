"""What a person said, and its conversion from and to what is sent and stored. Pure.

Messages, documents and the arrays of the store are flat, as the contract and older servers require.
Inside, code that hands a comment on holds an ``Utterance`` and copies none of its fields.
"""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from grandstand.domain.identity import Role
from grandstand.wire.messages import UNKNOWN_LANG, Comment, HeldComment, Look, Mode, Size, StaffRole

PLAIN = Look()


class Utterance(Struct, frozen=True, gc=False):
    """The text, its author and its look; ``at`` is in ms of programme time.

    ``lang`` is the language (BCP 47) that moderation guessed, ``und`` if it guessed none. Nothing
    in it can refer back to it, so the garbage collector needn't track it.
    """

    user: str
    name: str
    at: int
    text: str
    look: Look = PLAIN
    role: Role = "viewer"
    lang: str = UNKNOWN_LANG

    @property
    def staff_role(self) -> StaffRole | UnsetType:
        """Return the role as messages have it: a viewer's is left out."""
        return UNSET if self.role == "viewer" else self.role


def look_of(message: Look) -> Look:
    """Return only the look of a message."""
    return Look(mode=message.mode, color=message.color, size=message.size)


def utterance_of(message: Comment | HeldComment) -> Utterance:
    """Return the utterance of a message; those of most viewers don't have the language."""
    return Utterance(
        message.user,
        message.name,
        message.at,
        message.text,
        look_of(message),
        "viewer" if message.role is UNSET else message.role,
        UNKNOWN_LANG if message.lang is UNSET else message.lang,
    )


def comment_of(
    comment_id: str,
    utterance: Utterance,
    weight: float,
    count: int,
    lang: str | UnsetType = UNSET,
) -> Comment:
    """Return the comment as viewers see it, with its language if it shall tell it."""
    look = utterance.look
    return Comment(
        comment_id,
        utterance.at,
        utterance.user,
        utterance.name,
        utterance.text,
        weight,
        count,
        utterance.staff_role,
        lang,
        mode=look.mode,
        color=look.color,
        size=look.size,
    )


def stored_look(mode: Mode, size: Size, color: int | None) -> Look:
    """Return the look from an array of the store, in which no colour is nil."""
    if mode == "scroll" and size == "normal" and color is None:
        return PLAIN  # true of nearly all
    return Look(mode=mode, color=UNSET if color is None else color, size=size)


def stored_color(look: Look) -> int | None:
    """Return the colour as the arrays of the store have it."""
    return None if look.color is UNSET else look.color
