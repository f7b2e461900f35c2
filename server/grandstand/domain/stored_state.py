"""Reading of a room's stored state, part by part and item by item. Pure.

This version, or its viewers, may be unable to read an item that another version wrote. Such an item
is left out. The room and everything else in it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import fields, replace

from grandstand.domain.state import PARTS, RoomState, Sanction
from grandstand.wire.messages import Cue, Overlay
from grandstand.wire.readable import UNREADABLE_KEYS, is_readable
from grandstand.wire.settings import Settings

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding may raise."""

T = TypeVar("T")

_TYPES = get_type_hints(RoomState)


def item_of(payload: bytes, kind: type[T]) -> T | None:
    """Return a stored item (msgpack), or None if it can't be read."""
    return next(iter(_decoded(payload, kind)), None)


def state_of(
    parts: Mapping[str, bytes], sanctions: Mapping[str, bytes]
) -> tuple[RoomState, list[str]]:
    """Return the state of ``parts`` and ``sanctions`` (by user), and the names that were left out.

    All are given in msgpack.
    """
    left_out: list[str] = []
    read = {}
    for name, payload in parts.items():
        if name not in PARTS:
            left_out.append(name)
            continue
        try:
            read[name] = msgspec.msgpack.decode(payload, type=_TYPES[name])
        except UNREADABLE:
            left_out.append(name)
            part = _salvaged(payload, _TYPES[name])
            if part is not None:
                read[name] = part
    state = RoomState(**read)
    for user, payload in sanctions.items():
        try:
            state.sanctions[user] = msgspec.msgpack.decode(payload, type=Sanction)
        except UNREADABLE:
            left_out.append(user)
    left_out += _without_unreadable(state)
    return state, left_out


def _salvaged(payload: bytes, kind: Any) -> Any:
    """Return the readable part of a map, a list or the settings, or None."""
    try:
        if get_origin(kind) is list:
            items = msgspec.msgpack.decode(payload, type=list[msgspec.Raw])
            return [item for each in items for item in _decoded(each, get_args(kind)[0])]
        if get_origin(kind) is dict:
            key, inner = get_args(kind)
            raw: Any = dict[key, msgspec.Raw]  # type: ignore[valid-type]
            table = msgspec.msgpack.decode(payload, type=raw)
            return {name: item for name, each in table.items() for item in _decoded(each, inner)}
        if not issubclass(kind, msgspec.Struct):
            return None
        named = msgspec.msgpack.decode(payload, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return None
    known = {field.encode_name: field.type for field in fields(kind)}
    good = {
        name: item
        for name, each in named.items()
        if name in known
        for item in _decoded(each, known[name])
    }
    return kind(**good)


def _decoded(payload: bytes | msgspec.Raw, kind: Any) -> list[Any]:
    """Return the item in a list, or an empty list."""
    try:
        return [msgspec.msgpack.decode(payload, type=kind)]
    except UNREADABLE:
        return []


def _without_unreadable(state: RoomState) -> list[str]:
    """Remove what browsers can't read; return the ids."""
    odd = [each.id for each in _shaped_by_producers(state) if not is_readable(each.data)]
    if odd:
        gone = set(odd)
        state.cues = [cue for cue in state.cues if cue.id not in gone]
        for places in (state.overlays, state.waiting, state.cues_ahead):
            for place in [place for place, each in places.items() if each.id in gone]:
                del places[place]
    moderation = state.settings.moderation
    if names := UNREADABLE_KEYS & moderation.categories.keys():
        levels = {name: at for name, at in moderation.categories.items() if name not in names}
        state.settings = _with_levels(state.settings, levels)
        odd += sorted(names)
    return odd


def _shaped_by_producers(state: RoomState) -> list[Cue | Overlay]:
    maps = (state.overlays, state.waiting, state.cues_ahead)
    return [*state.cues, *(each for places in maps for each in places.values())]


def _with_levels(settings: Settings, levels: dict[str, int]) -> Settings:
    return replace(settings, moderation=replace(settings.moderation, categories=levels))
