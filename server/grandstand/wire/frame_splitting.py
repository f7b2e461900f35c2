"""Division of what a tick shows into numbered frames, none larger than the contract allows.
Pure."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from grandstand.wire.codec import encode
from grandstand.wire.messages import MAX_SERVER_MESSAGE_BYTES, Frame
from grandstand.wire.translations import Translations, halves

MARGIN_BYTES = 1024
SURELY_SMALL_BYTES = MAX_SERVER_MESSAGE_BYTES // 8
r"""JSON is at most six times as long as msgpack (``false,`` and ``\u0001`` are one byte there).
Below this size no JSON is made."""

TAKE_AWAY = ("retract", "drop")
LISTS = ("comments", "polls", "cues", "overlays", *TAKE_AWAY)


def numbered(whole: Frame, first_offset: int) -> list[Frame]:
    """Return ``whole`` as frames numbered from ``first_offset``; no frames if it is empty."""
    if all(getattr(whole, name) is UNSET for name in (*LISTS, "overflow", "settings", "tallies")):
        return []
    return [replace(frame, offset=first_offset + index) for index, frame in enumerate(split(whole))]


def split(frame: Frame) -> list[Frame]:
    """Return ``frame``, or if it is too large several frames whose lists together are its lists.

    What removes things (``retract``, ``drop``) never comes before what adds them. Raises ValueError
    if one item alone is too large.
    """
    if fits(frame):
        return [frame]
    name = max(LISTS, key=lambda each: _size(getattr(frame, each)))
    items = getattr(frame, name) or []
    half = len(items) // 2
    brings = {each: UNSET for each in Frame.__struct_fields__ if each not in ("now", *TAKE_AWAY)}
    first = replace(frame, **{**dict.fromkeys(TAKE_AWAY, UNSET), name: items[:half] or UNSET})
    second = replace(frame, **{**brings, name: items[half:] or UNSET})
    if second == frame:
        raise ValueError(f"one item of {name} alone is larger than a frame may be")
    return [*split(first), *split(second)]


def with_translations(frame: Frame, translations: Translations) -> list[Frame]:
    """Return ``frame`` with translations; if that is too large, as it is, and behind it unnumbered
    frames with the translations."""
    whole = replace(frame, translations=translations)
    return [whole] if fits(whole) else [frame, *translation_frames(frame.now, translations)]


def translation_frames(now: int, translations: Translations) -> list[Frame]:
    """Return unnumbered frames that together bring the translations. One that is too large by
    itself is left out: the original is there."""
    frame = Frame(now=now, translations=translations)
    if fits(frame):
        return [frame]
    parts = halves(translations)
    return [each for part in parts for each in translation_frames(now, part)]


def fits(frame: Frame) -> bool:
    """Return whether the frame is small enough in both codecs."""
    if len(encode(frame, "msgpack")) <= SURELY_SMALL_BYTES:
        return True
    largest = max(len(encode(frame, "json")), len(encode(frame, "msgpack")))
    return largest <= MAX_SERVER_MESSAGE_BYTES - MARGIN_BYTES


def _size(items: list[object] | UnsetType) -> tuple[bool, int]:
    """Return how many parts a list can be divided into: a single item stays one."""
    if isinstance(items, UnsetType):
        return False, 0
    return len(items) > 1, len(msgspec.msgpack.encode(items))
