"""Identities and permissions: claims of a token, roles, and what a room lets its guests do."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Literal

from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.settings import Settings

Role = Literal["viewer", "moderator", "producer"]
Action = Literal["watch", "comment", "vote"]

RANKS: dict[Role, int] = {"viewer": 0, "moderator": 1, "producer": 2}
GUEST_RANKS: dict[str, int] = {"none": -1, "watch": 0, "comment": 1, "vote": 2}
"""``settings.guests``: each value also allows what the earlier ones allow."""

NO_GUESTS = "this room lets no guests in: get a token"
GUESTS_MAY_NOT = "guests may not {} in this room: sign in"

MAX_WEIGHT = 1000
"""The most that one vote counts: a million of them stay far below the largest exact integer."""

USER_BYTES = 8
"""64 bits of a keyed hash: among ten million viewers two share a `user` with a chance of 3e-6."""


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """What a token must contain besides a signature; an empty or 0 field isn't required.

    ``previous_secret`` is the HS256 secret before this one, whose tokens are still good.
    """

    audience: str = ""
    issuer: str = ""
    max_life_s: int = 0
    previous_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """A valid token's holder; ``sub`` stays inside, viewers see ``user_id``.

    ``weight`` is what its vote counts in a poll with weights.
    ``token_id`` (``jti``) and ``issued_s`` (``iat``) are the token's own, "" and 0 if it has none.
    A guest's ``device`` is the hint of its device, and until ``held_until`` (programme time, ms) a
    moderator checks its comments first.
    """

    sub: str
    name: str
    role: Role
    rooms: frozenset[str]
    guest: bool = False
    token_id: str = ""
    issued_s: int = 0
    device: str = ""
    held_until: int = 0
    weight: int = 1

    def may_enter(self, room: str) -> bool:
        """Return whether the token is for this room."""
        return "*" in self.rooms or room in self.rooms

    def is_at_least(self, role: Role) -> bool:
        """Return whether the role is ``role`` or a higher one: a producer may do all that a
        moderator may."""
        return RANKS[self.role] >= RANKS[role]


def user_id(sub: str, salt: bytes) -> str:
    """Return a viewer's short name in one room: stable there, and it can't be traced back to
    ``sub``.

    ``salt`` is the room's own secret (16 bytes), so two rooms don't show that a viewer is the same.
    """
    digest = hashlib.blake2b(sub.encode(), key=salt, digest_size=USER_BYTES).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def neutral_name(user: str) -> str:
    """Return the name of a viewer whose own name can't be shown; the same at every visit."""
    digest = hashlib.blake2b(user.encode(), digest_size=4).digest()
    return f"Viewer {1000 + int.from_bytes(digest) % 9000}"


def check_may(identity: Identity | None, action: Action, settings: Settings) -> None:
    """Raise RefusedError unless ``identity`` may do ``action`` in a room of these settings.

    Without a token a viewer may only watch, if the room lets guests in. The shield is part of a
    room's state and is checked elsewhere, after limits.
    """
    if identity is None:
        if action != "watch":
            raise RefusedError(ErrorCode.UNAUTHORIZED, f"to {action}, say hello with a token")
        if settings.guests == "none":
            raise RefusedError(ErrorCode.UNAUTHORIZED, NO_GUESTS)
    elif identity.guest:
        needed: dict[Action, int] = {"watch": 0, "comment": 1, "vote": 2}
        if GUEST_RANKS[settings.guests] < needed[action]:
            raise RefusedError(ErrorCode.FORBIDDEN, GUESTS_MAY_NOT.format(action))


def unknown_room(identity: Identity | None, is_hidden: bool) -> RefusedError:
    """Return the answer to a caller who asks for a room that doesn't exist. With ``is_hidden``, a
    caller without a token gets the same answer as for a room that lets no guests in."""
    if is_hidden and identity is None:
        return RefusedError(ErrorCode.UNAUTHORIZED, NO_GUESTS)
    return RefusedError(ErrorCode.UNKNOWN_ROOM, "there is no such room")


def check_may_sanction(actor: Role, target: Role, is_oneself: bool) -> None:
    """Raise RefusedError(forbidden) unless ``actor`` may mute or ban somebody of role ``target``.

    Only lower roles: a stolen moderator's token must not be able to send the other moderators away.
    """
    if is_oneself:
        raise RefusedError(ErrorCode.FORBIDDEN, "nobody can mute or ban themselves")
    if RANKS[target] >= RANKS[actor]:
        way = "revoke the token" if target == "producer" else "ask a producer"
        words = f"this is a {target}, whom a {actor} can't mute or ban: {way}"
        raise RefusedError(ErrorCode.FORBIDDEN, words)


def check_may_retract(actor: Role, target: Role, is_own: bool) -> None:
    """Raise RefusedError(forbidden) unless ``actor`` may take back a comment of a ``target``.

    A producer may take back anybody's, a moderator those of viewers and its own.
    """
    if actor != "producer" and not is_own and RANKS[target] >= RANKS[actor]:
        words = f"the comment is a {target}'s, and a {actor} can't take it back: ask a producer"
        raise RefusedError(ErrorCode.FORBIDDEN, words)
