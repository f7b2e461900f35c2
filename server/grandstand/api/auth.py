"""Checks who may make a call, in this order: a valid token (401), role and room (403), the room
(404)."""

from __future__ import annotations

import re

from starlette.requests import Request

from grandstand.api.operations import Access
from grandstand.domain.identity import Identity, check_may
from grandstand.tokens import Tokens
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.settings import Settings

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)


def identify(request: Request, tokens: Tokens, access: Access) -> Identity | None:
    """Return the caller; None without a token where none is needed. Raises
    RefusedError(unauthorized)."""
    if access == "open":
        return None
    given = request.headers.getlist("authorization")
    if not given:
        if access == "watch":
            return None
        raise RefusedError(ErrorCode.UNAUTHORIZED, "send a token: `Authorization: Bearer <token>`")
    match = _BEARER.fullmatch(given[0])
    if match is None or len(given) > 1:
        raise RefusedError(ErrorCode.UNAUTHORIZED, "`Authorization` must be `Bearer <token>`")
    return tokens.identify(match[1])


def check_access(identity: Identity | None, access: Access, room: str | None) -> None:
    """Raise RefusedError(forbidden) for a wrong role or room."""
    if identity is None:
        return
    if access in ("moderator", "producer") and not identity.is_at_least(access):
        raise RefusedError(
            ErrorCode.FORBIDDEN, f"this takes a {access}, and the token is a {identity.role}'s"
        )
    if room is not None and not identity.may_enter(room):
        raise RefusedError(ErrorCode.FORBIDDEN, f"the token isn't for the room {room}")


def check_all_rooms(identity: Identity) -> None:
    """Raise RefusedError(forbidden) for a token of single rooms."""
    if "*" not in identity.rooms:
        raise RefusedError(ErrorCode.FORBIDDEN, "this takes a producer of all rooms (`*`)")


def may_watch(identity: Identity | None, room: str, settings: Settings) -> bool:
    """Return whether the caller may see the room."""
    try:
        check_access(identity, "watch", room)
        check_may(identity, "watch", settings)
    except RefusedError:
        return False
    return True
