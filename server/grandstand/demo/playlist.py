"""The HLS playlist, made from the names of the segments that exist. Pure.

A segment's name says everything: its position in the playlist, the run of the encoder that made it,
and what to add to the position for the second of programme time that it shows:
``<serial>-<run>-<base>.ts``. So its date is exact, whatever the encoder's own clock says. A later
run, also after a restart of the whole server, goes on in the same playlist behind a discontinuity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

SEGMENT_S = 1
LISTED = 600
"""Segments in a playlist: a viewer may look back ten minutes."""

_NAME = re.compile(r"([0-9]{1,12})-([0-9]{1,9})-(-?[0-9]{1,12})\.ts")


class Segment(NamedTuple):
    """One second of picture."""

    serial: int
    run: int
    base_s: int

    @property
    def at_s(self) -> int:
        """Return the second of programme time that it shows."""
        return self.base_s + self.serial

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return f"{self.serial}-{self.run}-{self.base_s}.ts"


def segment(name: str) -> Segment | None:
    """Return the segment of a file's name; None if it is another file."""
    match = _NAME.fullmatch(name)
    return None if match is None else Segment(*map(int, match.groups()))


def following(segments: Iterable[Segment], at_s: int) -> Segment:
    """Return the first segment of the next run, which begins at that second.

    If nothing is left of earlier runs, positions count from the time. So they don't go back for a
    player that kept running.
    """
    last = max(segments, default=None)
    if last is None:
        return Segment(at_s, 0, 0)
    return Segment(last.serial + 1, last.run + 1, at_s - last.serial - 1)


def playlist(segments: Iterable[Segment], most: int = LISTED) -> str:
    """Return the newest segments as HLS. Raises ValueError if there are none."""
    listed = sorted(segments)[-most:]
    if not listed:
        raise ValueError("a live playlist needs a segment")
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{SEGMENT_S}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-MEDIA-SEQUENCE:{listed[0].serial}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{listed[0].run}",
    ]
    run = listed[0].run
    for each in listed:
        lines += ["#EXT-X-DISCONTINUITY"] * (each.run - run)
        date = datetime.fromtimestamp(each.at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{date}", f"#EXTINF:{SEGMENT_S:.6f},", each.name]
        run = each.run
    return "\n".join(lines) + "\n"
