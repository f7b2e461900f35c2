"""Guest tokens: a viewer's token for everybody who asks, if the room lets guests in."""

from __future__ import annotations

import secrets
import time
from typing import Annotated
from uuid import uuid4

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call, answer
from grandstand.api.problems import Fault, invalid
from grandstand.domain.ban_hints import DAY_S, hint, latest
from grandstand.domain.identity import user_id
from grandstand.domain.state import RoomState
from grandstand.moderation.names import Names
from grandstand.moderation.policy import Policy
from grandstand.replica.room import LiveRoom
from grandstand.text.normalise import clean
from grandstand.tokens import MAX_NAME_CHARS
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Viewer

NO_GUESTS = "this room lets no guests in: sign in"
DEVICE_BANNED = "a viewer of this device was banned from this room: sign in, or come another day"


class GuestBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The name that a guest wants; without one, it gets a name like "Guest 4821".

    ``device`` is kept as a hash that nobody can read back, and only if the guest is banned.
    """

    name: Annotated[str, Meta(max_length=MAX_NAME_CHARS)] | UnsetType = UNSET
    device: (
        Annotated[
            str,
            Meta(
                min_length=16,
                max_length=64,
                description="A random name that the device gave itself and keeps.",
            ),
        ]
        | UnsetType
    ) = UNSET


class Guest(Struct, frozen=True):
    """A guest's token, the viewer that it makes, and when it ends (ms since the Unix epoch)."""

    token: str
    viewer: Viewer
    expires_at: int


async def post(call: Call) -> Response:
    """Issue a viewer's token for this room; the number per address is limited."""
    api, live = call.api, call.live
    body = call.body(GuestBody)
    if live.replica.state.settings.guests == "none":
        raise RefusedError(ErrorCode.FORBIDDEN, NO_GUESTS)
    address = call.household
    wait_ms = api.guests.take(address, time.monotonic() * 1000)
    if wait_ms:
        words = "too many guests from this address"
        raise RefusedError(ErrorCode.RATE_LIMITED, words, wait_ms / 1000)
    name = clean(body.name) if isinstance(body.name, str) else ""
    device = body.device if isinstance(body.device, str) else ""
    held_until = _held_until(live, device, address)
    if name:
        _check(name, api.names, live.replica.state)
    name = name or f"Guest {1000 + secrets.randbelow(9000)}"
    sub = f"guest:{uuid4().hex}"
    lifetime_s = api.tokens.lifetime_s(api.guest_lifetime_s)
    expires_at_s = int(time.time() + lifetime_s)
    token = api.tokens.issue(
        sub,
        name,
        "viewer",
        [live.room],
        lifetime_s,
        guest=True,
        device=hint("device", device, live.salt, int(time.time() // DAY_S)) if device else "",
        held_until=held_until,
    )
    viewer = Viewer(role="viewer", id=user_id(sub, live.salt), name=name)
    return answer(Guest(token, viewer, expires_at_s * 1000), 201)


def _check(name: str, names: Names, state: RoomState) -> None:
    """Raise ProblemError (422, rejected) for a name that the room doesn't show."""
    moderation = state.settings.moderation
    policy = Policy(moderation.level, moderation.categories)
    fault = names.fault(name, policy, [staff.name for staff in state.staff.values()])
    if fault is not None:
        raise invalid([Fault("name", fault)], ErrorCode.REJECTED)


def _held_until(live: LiveRoom, device: str, address: str) -> int:
    """Return until when comments of a guest from there are held (programme time, ms), 0 if they
    aren't.

    Raises RefusedError(forbidden) for a device from which a banned guest came.
    """
    now, now_s, hints = live.now(), time.time(), live.replica.state.hints
    if device and latest(hints, "device", device, live.salt, now_s) > now:
        raise RefusedError(ErrorCode.FORBIDDEN, DEVICE_BANNED)
    until = latest(hints, "address", address, live.salt, now_s) if address else 0
    return until if until > now else 0
