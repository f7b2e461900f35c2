"""Clips of a recording, as lists that players and editing programs read. Pure.

Chapters are WebVTT: browsers read it by themselves, and video players do. Cuts are CMX 3600, which
every editing program imports, and OpenTimelineIO (OTIO) for those that keep names and notes.

A clip has a part before and behind what it is about, its handles. Times are ms of the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

Rate: TypeAlias = Literal["24", "25", "29.97", "30", "50", "59.94", "60"]
"""Frames a second. The broken ones are drop-frame: some numbers are left out, so that timecode
keeps to the clock."""

Form: TypeAlias = Literal["webvtt", "edl", "otio"]

MOST_EDITS = 999
"""An edit's number has three digits in CMX 3600."""

_REEL = "AX"
"""The tape that a file stands for."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a recording with its handles; ``at`` lies within, ``notes`` are lines of text."""

    start: int
    end: int
    at: int
    title: str
    notes: Sequence[str] = ()

    @classmethod
    def around(
        cls, start: int, end: int, at: int, handles: int, title: str, notes: Sequence[str]
    ) -> Clip:
        """Return a clip with so much (ms) before and behind it, but not before the recording."""
        begin = max(0, start - handles)
        return cls(begin, max(end + handles, begin + 1000), max(at, 0), _line(title), notes)

    @classmethod
    def of_highlight(
        cls, onset: int, until: int, strength: float, words: Sequence[str], handles: int
    ) -> Clip:
        """Return the clip of a highlight, whose words are its title."""
        notes = [f"{strength} times the usual"]
        return cls.around(onset, until, onset, handles, " · ".join(words) or "…", notes)


def listed(clips: Sequence[Clip], form: Form, title: str, rate: Rate) -> bytes:
    """Return a list of clips in one of the forms."""
    if form == "webvtt":
        return webvtt(clips).encode()
    return edl(clips, title, rate).encode() if form == "edl" else otio(clips, title, rate)


def _line(text: str) -> str:
    """Return a text in one line, without what WebVTT takes for markup."""
    return " ".join(text.replace("-->", "→").split())


def webvtt(clips: Sequence[Clip]) -> str:
    """Return chapters, for a ``<track kind="chapters">``."""
    cues = (
        f"{number}\n{_clock(clip.start)} --> {_clock(clip.end)}\n{_escaped(clip.title)}\n"
        for number, clip in enumerate(clips, 1)
    )
    return "\n".join(["WEBVTT\n", *cues])


def _clock(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def edl(clips: Sequence[Clip], title: str, rate: Rate) -> str:
    """Return a CMX 3600 edit decision list that puts the clips behind each other; of more than it
    can number the first."""
    mode = "DROP FRAME" if "." in rate else "NON-DROP FRAME"
    lines = [f"TITLE: {_line(title)[:70]}", f"FCM: {mode}", ""]
    recorded = 0
    for number, clip in enumerate(clips[:MOST_EDITS], 1):
        begin, end = frames(clip.start, rate), frames(clip.end, rate)
        span = [begin, end, recorded, recorded + end - begin]
        recorded = span[-1]
        codes = " ".join(timecode(each, rate) for each in span)
        lines += [
            f"{number:03}  {_REEL:<8} {'V':<5} {'C':<8} {codes}",
            f"* FROM CLIP NAME: {clip.title}",
            *(f"* COMMENT: {_line(note)}" for note in clip.notes),
        ]
    return "\n".join([*lines, ""])


def frames(ms: int, rate: Rate) -> int:
    """Return the number of the frame that is shown at a time."""
    return round(ms * _fps(rate) / 1000)


def _fps(rate: Rate) -> float:
    return round(float(rate)) * 1000 / 1001 if "." in rate else float(rate)


def timecode(frame: int, rate: Rate) -> str:
    """Return a frame's timecode, from 00:00:00:00 on."""
    whole, mark = round(float(rate)), ":"
    if "." in rate:  # the first frames of each minute have no number, but for each tenth
        mark, dropped = ";", whole // 15
        in_minute, in_ten = 60 * whole - dropped, 600 * whole - 9 * dropped
        tens, left = divmod(frame, in_ten)
        minutes = 0 if left < dropped else (left - dropped) // in_minute
        frame += dropped * (9 * tens + minutes)
    seconds, left = divmod(frame, whole)
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{left:02}"


def otio(clips: Sequence[Clip], title: str, rate: Rate) -> bytes:
    """Return an OpenTimelineIO timeline that puts the clips behind each other, with a marker where
    the audience stirred. Which file is meant is for the editing program to say."""
    track = {
        **_item("Track.1", "highlights"),
        "kind": "Video",
        "children": [_otio_clip(clip, rate) for clip in clips],
    }
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": _line(title),
        "metadata": {},
        "global_start_time": None,
        "tracks": {**_item("Stack.1", "tracks"), "children": [track]},
    }
    return msgspec.json.encode(timeline)


def _otio_clip(clip: Clip, rate: Rate) -> dict[str, Any]:
    begin, end, at = (frames(each, rate) for each in (clip.start, clip.end, clip.at))
    marker = {
        "OTIO_SCHEMA": "Marker.2",
        "name": clip.title,
        "metadata": {},
        "color": "RED",
        "comment": "",
        "marked_range": _range(at, 1, rate),
    }
    media: dict[str, Any] = {
        "OTIO_SCHEMA": "MissingReference.1",
        "name": "",
        "metadata": {},
        "available_range": None,
        "available_image_bounds": None,
    }
    return {
        **_item("Clip.1", clip.title),
        "metadata": {"grandstand": {"notes": list(clip.notes)}},
        "source_range": _range(begin, end - begin, rate),
        "markers": [marker],
        "media_reference": media,
    }


def _item(schema: str, name: str) -> dict[str, Any]:
    common: dict[str, Any] = {
        "metadata": {},
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
    }
    return {"OTIO_SCHEMA": schema, "name": name, **common}


def _range(start: int, duration: int, rate: Rate) -> dict[str, Any]:
    def time(value: int) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": _fps(rate), "value": float(value)}

    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": time(start),
        "duration": time(duration),
    }
