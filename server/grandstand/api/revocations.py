"""Revocation of tokens before they expire, on every node at once: one token, or all of a person."""

from __future__ import annotations

from typing import Annotated

import structlog
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.auth import check_all_rooms
from grandstand.api.operations import Call, answer
from grandstand.api.problems import Fault, invalid
from grandstand.domain.revocations import MAX_REVOCATIONS, Kind, Revocation
from grandstand.store.store import retry_until
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Time

PATIENCE_S = 5.0
KEPT_S = 31_536_000
"""How long a revocation is kept if tokens have no longest life."""

log = structlog.get_logger(__name__)

TokenClaim = Annotated[str, Meta(min_length=1, max_length=200)]


class RevocationBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which token (``jti``), or whose tokens (``sub``): one of the two.

    ``until``: when the last of them expires, ms since the Unix epoch; a time in the past lifts the
    revocation. By default it is the longest life of a token from now on, or a year.
    """

    jti: TokenClaim | UnsetType = UNSET
    sub: TokenClaim | UnsetType = UNSET
    until: Time | UnsetType = UNSET


class RevokedTokens(Struct, frozen=True, omit_defaults=True):
    """What is revoked: for a ``sub`` the tokens made up to ``at``; the revocation is kept until
    ``until``."""

    until: Time
    at: Time | UnsetType = UNSET
    jti: str | UnsetType = UNSET
    sub: str | UnsetType = UNSET


class RevocationPage(Struct, frozen=True):
    """All revocations that are in force."""

    revocations: list[RevokedTokens]


async def post(call: Call) -> Response:
    """Revoke a token, or all tokens of a person made so far; on every node within a moment.

    Connections are closed with 3000, calls are answered 401. Needs a producer of all rooms.
    """
    check_all_rooms(call.known)
    body = call.body(RevocationBody)
    if isinstance(body.jti, str) == isinstance(body.sub, str):
        raise invalid([Fault("jti", "give either `jti` or `sub`")])
    kind: Kind = "jti" if isinstance(body.jti, str) else "sub"
    value = str(body.jti if kind == "jti" else body.sub)
    rooms, until = call.api.rooms, body.until
    if until is UNSET:
        life_s = call.api.tokens.terms.max_life_s or KEPT_S
        until = int(rooms.store.now_ms()) + life_s * 1000
    if not await retry_until(lambda: rooms.store.revocations.put(kind, value, until), PATIENCE_S):
        words = f"{MAX_REVOCATIONS} revocations are in force: lift some, or change the secret"
        raise RefusedError(ErrorCode.OVERLOADED, words)
    await rooms.revocations.compare()
    log.warning("tokens_revoked", kind=kind, until=until, by=ascii(call.known.sub[:100]))
    return answer(RevokedTokens(until, UNSET, *_named(kind, value)))


async def list_all(call: Call) -> Response:
    """List the revocations that are in force. Needs a producer of all rooms."""
    check_all_rooms(call.known)
    known, now_ms = call.api.rooms.revocations.known, call.api.rooms.store.now_ms()
    in_force = [
        each for each in (*known.jtis.values(), *known.subs.values()) if each.until > now_ms
    ]
    return answer(RevocationPage([*map(_described, in_force)]))


def _described(revocation: Revocation) -> RevokedTokens:
    named = _named(revocation.kind, revocation.value)
    return RevokedTokens(revocation.until, revocation.at, *named)


def _named(kind: Kind, value: str) -> tuple[str | UnsetType, str | UnsetType]:
    """Return ``jti`` and ``sub``, of which there is one."""
    return (value, UNSET) if kind == "jti" else (UNSET, value)
