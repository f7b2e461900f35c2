"""Rooms: creating them, changing their settings, reading them."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Any, Literal
from uuid import uuid4

import msgspec
import structlog
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace
from starlette.responses import Response

from grandstand.api.auth import may_watch
from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import Fault, invalid
from grandstand.api.validation import checked
from grandstand.domain.events import ClockReset, SettingsPut
from grandstand.domain.settings import merged
from grandstand.store.errors import UnknownRoomError
from grandstand.store.rooms import ROOM_ID, Description
from grandstand.store.store import retry_until
from grandstand.text.normalise import clean
from grandstand.wire.messages import Time
from grandstand.wire.settings import Settings

CREATE_PATIENCE_S = 5.0

DESCRIBED_AT_ONCE = 100
MAX_LOOKED_AT = 1000
"""Rooms that one page examines to find those that the caller may see; ``next`` says where it
stopped."""

log = structlog.get_logger(__name__)


class Room(Struct, frozen=True):
    """A room with its settings and counts; ``comments`` counts its record."""

    room: str
    settings: Settings
    viewers: int
    comments: int
    polls: int
    epoch: str
    offset: int
    now: Time
    transport: Annotated[
        Literal["socket", "segments"],
        Meta(description="How a viewer who comes now follows, as long as it only watches."),
    ]


class RoomList(Struct, frozen=True):
    """Rooms, by their ids; ``next`` is the ``after`` of the next page, absent on the last one."""

    rooms: list[Room]
    next: str | UnsetType = UNSET


class RoomsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Rooms after the id ``after``, at most ``limit``."""

    after: Annotated[str, Meta(max_length=64)] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


async def put(call: Call) -> Response:
    """Create a room, or replace its settings; settings that aren't named get their defaults."""
    room = call.path("room")
    if not ROOM_ID.fullmatch(room):
        words = "must be 1 to 64 of a-z, 0-9, - and _, and begin with a letter or a digit"
        raise invalid([Fault("room", words)])
    settings = _cleaned(call.body(Settings))
    store, request_id = call.api.rooms.store, uuid4().hex
    # A new room has its settings from the start: its clock would not go back by an offset.
    created = await retry_until(
        lambda: store.rooms.create(room, request_id, settings), CREATE_PATIENCE_S
    )
    call.api.rooms.created(room)
    call.followed = await call.api.rooms.get(room)
    if not created:
        await _submit(call, SettingsPut(event_id(), msgspec.to_builtins(settings), merge=False))
    call.api.directory.changed()
    headers = {"Location": f"/v1/rooms/{room}"} if created else {}
    return answer(await _look(call), 201 if created else 200, headers)


async def patch(call: Call) -> Response:
    """Change some settings; maps among them are merged deeply."""
    if not isinstance(call.raw, dict):
        call.body(Settings)
        raise RuntimeError("settings that are no map were let through")
    changes: dict[str, Any] = call.raw
    settings = msgspec.to_builtins(call.live.replica.state.settings)
    whole = _cleaned(checked(merged(settings, changes), Settings))
    if "title" in changes:
        changes["title"] = whole.title
    await _submit(call, SettingsPut(event_id(), changes, merge=True))
    call.api.directory.changed()
    return answer(await _look(call))


class ClockBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The room's `programme_offset` from now on; absent, it stays as it is."""

    offset: Annotated[int, Meta(ge=-86_400_000, le=86_400_000, description="ms")] | None = None


async def clock(call: Call) -> Response:
    """Set the room's clock to the store's minus `offset`, forwards or back, in a new epoch.

    Viewers stay; each gets a new `welcome`. Comments that were shown before aren't shown again.
    """
    body = call.body(ClockBody)
    await _submit(call, ClockReset(event_id(), body.offset))
    return answer(await _look(call))


async def _submit(call: Call, event: ClockReset | SettingsPut) -> None:
    """Submit an event that may reset the clock, and wait for the reset."""
    epoch = call.live.replica.epoch
    if (await call.submit(event)).new_epoch:
        await call.live.left(epoch)


class DeleteQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The room's id once more, since a deleted room can't be restored."""

    confirm: str


async def delete(call: Call) -> Response:
    """Delete a room with all its data; `confirm` must name it. Repeating the call is safe.

    Nothing enters the room from then on, and its viewers are sent away.
    """
    room, identity = call.path("room"), call.identity
    if call.query(DeleteQuery).confirm != room:
        words = f"must be the room's id, {room}: what is deleted doesn't come back"
        raise invalid([Fault("confirm", words)])
    store = call.api.rooms.store
    if not ROOM_ID.fullmatch(room):
        raise UnknownRoomError(room)
    is_new = await retry_until(lambda: store.deletions.end(room), CREATE_PATIENCE_S)
    if is_new is None:
        raise UnknownRoomError(room)
    who = "" if identity is None else ascii(identity.sub[:100])
    log.warning("room_deleted", room=room, by=who, again=not is_new)
    for poll in await store.rooms.polls(room):
        if not poll.final:  # from here on no vote is acknowledged
            await store.votes.close(room, poll, 0)
    return Response(status_code=204)


async def get(call: Call) -> Response:
    """Return the room with its settings and counts, and how to follow it.

    Without a token the answer is the same for all, and caches may keep it for a second.
    """
    caching = {"Cache-Control": "public, max-age=1"} if call.identity is None else {}
    return answer(await _look(call), headers={**caching, "Vary": "Authorization"})


async def list_all(call: Call) -> Response:
    """List the rooms that the token may see; without a token, those that let guests in."""
    query = call.query(RoomsQuery)
    directory = call.api.directory
    ids = await directory.ids()
    first = bisect_right(ids, query.after)
    seen = ids[first : first + MAX_LOOKED_AT]
    found: list[Room] = []
    for place in range(0, len(seen), DESCRIBED_AT_ONCE):
        descriptions = await directory.describe(seen[place : place + DESCRIBED_AT_ONCE])
        now_ms = int(call.api.rooms.store.now_ms())
        for room, description in descriptions.items():
            if may_watch(call.identity, room, description.settings):
                if len(found) == query.limit:
                    return answer(RoomList(found, found[-1].room))
                found.append(_room(room, description, now_ms))
    has_more = first + len(seen) < len(ids)
    return answer(RoomList(found, seen[-1] if has_more else UNSET))


def _cleaned(settings: Settings) -> Settings:
    return replace(settings, title=clean(settings.title))


async def _look(call: Call) -> Room:
    """Check that the room still exists. Raises UnknownRoomError if it was deleted meanwhile."""
    room, store = call.live.room, call.api.rooms.store
    description = (await store.rooms.describe([room], store.now_ms())).get(room)
    if description is None:
        raise UnknownRoomError(room)
    return _room(room, description, int(store.now_ms()))


def _room(room: str, description: Description, store_now_ms: int) -> Room:
    return Room(
        room=room,
        settings=description.settings,
        viewers=description.viewers,
        comments=description.comments,
        polls=description.polls,
        epoch=description.epoch,
        offset=description.offset,
        now=max(description.now, store_now_ms - description.settings.programme_offset),
        transport=_transport(description.settings, description.viewers),
    )


def _transport(settings: Settings, viewers: int) -> Literal["socket", "segments"]:
    """Return how the next viewer follows. Those who are there keep what they have, so it may change
    with every viewer that comes or goes, and nothing swings."""
    if settings.transport == "auto":
        return "socket" if viewers < settings.sockets else "segments"
    return settings.transport
