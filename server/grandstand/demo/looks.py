"""What a song looks like: colours, how the lamps move, what is behind the band. Pure.

The demonstration's songs have looks of their own. Any other song, which a person offers, gets one
of them by its name: the same each time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Backdrop = Literal["", "mountains", "boats", "town", "moon"]
Palette = NDArray[np.float32]


def _palette(*colours: str) -> Palette:
    """Return colours given as ``rrggbb``, as shares of red, green and blue."""
    shares = [[part / 255 for part in bytes.fromhex(each)] for each in colours]
    return np.array(shares, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Lights of a song. Shares are of the usual brightness, angles in radians.

    ``sway`` and ``pace`` are how far and how fast beams swing, ``apart`` how far each is behind its
    neighbour. With ``mirrored`` the left half does what the right does. ``chase`` is how much
    a beam is brighter when its turn comes, from lamp to lamp on the beat.
    """

    palette: Palette
    palette_s: float = 75.0
    beams: float = 1.0
    sway: float = 0.45
    pace: float = 0.55
    apart: float = 0.7
    lean: float = 0.35
    mirrored: bool = False
    chase: float = 0.0
    curtain: float = 1.0
    glow: float = 1.0
    warm: float = 1.0
    backdrop: Backdrop = ""


OPENING = Look(_palette("0f73ff", "6b1fff", "ff1480", "ff6b1a", "0fd9bf"))
"""Before anybody has voted."""

LOOKS = {
    "NORTHERN LIGHTS": Look(
        _palette("12ff8c", "0fd9bf", "18ffa0", "5a6cff", "1fe07a"),
        palette_s=40,
        beams=0.45,
        sway=0.3,
        pace=0.25,
        apart=1.1,
        curtain=2.1,
        glow=0.5,
        warm=0.6,
        backdrop="mountains",
    ),
    "PAPER BOATS": Look(
        _palette("1a6bff", "22b8ff", "ffb347", "3fd8ff", "2a4dff"),
        palette_s=60,
        beams=0.7,
        sway=0.5,
        pace=0.4,
        apart=0.25,
        mirrored=True,
        curtain=0.35,
        glow=0.8,
        backdrop="boats",
    ),
    "MIDNIGHT TRAM": Look(
        _palette("ff1f9e", "ff7a1a", "7a2bff", "ff2b5e", "ffa51f"),
        palette_s=30,
        beams=0.9,
        sway=0.16,
        pace=0.8,
        apart=0.5,
        lean=0.1,
        chase=1.6,
        curtain=0.4,
        glow=0.9,
        warm=0.8,
        backdrop="town",
    ),
    "RED MOON": Look(
        _palette("ff2010", "ff5a14", "d01040", "ff8a2a", "a01030"),
        palette_s=50,
        beams=0.75,
        sway=0.62,
        pace=0.9,
        apart=0.16,
        mirrored=True,
        chase=0.5,
        curtain=0.25,
        glow=0.7,
        warm=0.5,
        backdrop="moon",
    ),
}


def look_of(title: str) -> Look:
    """Return the look of a song by its title in capitals; of none, the opening's."""
    if not title:
        return OPENING
    known = LOOKS.get(title)
    if known is not None:
        return known
    names = sorted(LOOKS)
    return LOOKS[names[hashlib.blake2b(title.encode()).digest()[0] % len(names)]]
