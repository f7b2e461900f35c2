"""What is written on the picture: who chooses, what was chosen, what is played. Pure.

It says nothing that the stage doesn't show at the same moment: a song's name comes with its light.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from grandstand.demo import lettering
from grandstand.demo.lettering import Coverage
from grandstand.demo.stage import Stage

DARK_MS = 300
LIT_MS = 800
"""A song ends in darkness, and the next begins in light, so long after it was ordered."""

SETTLE_MS = 900
FLASH = 1.1
SHOWN_MS = 12_000
FADE_MS = 500

WIDTH, HEIGHT = 960, 120
BIG, SMALL = 64, 24
LETTERS_MAX = 40


class Words(NamedTuple):
    """Two lines, and how bright they are, 0 to 1."""

    big: str
    small: str
    bright: float


NOTHING = Words("", "", 0.0)


def title_of(song: str) -> str:
    """Return a song's name as it is drawn: what stands before a dot, in capitals."""
    return lettering.drawable(song.partition("·")[0])[:LETTERS_MAX].strip()


def song_at(stage: Stage, at: int) -> str:
    """Return the title of the song whose light is on at a moment."""
    return title_of(stage.song if at >= stage.since + LIT_MS else stage.before)


def level_at(stage: Stage, at: int) -> float:
    """Return how bright the lights are: dark between two songs, a flash as the next begins."""
    since = at - stage.since
    if not stage.song or since <= 0 or since > LIT_MS + 3 * SETTLE_MS:
        return 1.0
    if since < LIT_MS:
        return max(0.0, 1 - since / DARK_MS)
    return float(1 + FLASH * np.exp((LIT_MS - since) / (SETTLE_MS / 2)))


def words_at(stage: Stage, at: int) -> Words:
    """Return what is written across the stage at a moment."""
    since = at - stage.since - LIT_MS
    if stage.song and 0 <= since < SHOWN_MS:
        return Words(title_of(stage.song), _credit(stage), _faded(since, SHOWN_MS))
    since = at - stage.called_at
    if stage.is_calling(at):
        songs = " · ".join(filter(None, map(title_of, stage.choices)))
        return Words("YOU CHOOSE THE NEXT SONG", songs, min(1.0, since / FADE_MS))
    return NOTHING


def _credit(stage: Stage) -> str:
    if stage.is_drawn:
        return f"A TIE · {stage.votes:,} VOTES EACH · DRAWN BY LOT"
    return f"CHOSEN BY {stage.votes:,} OF YOU · {stage.percent} %"


def _faded(since: int, shown: int) -> float:
    return max(0.0, min(1.0, since / FADE_MS, (shown - since) / FADE_MS))


@lru_cache(maxsize=8)
def paint(big: str, small: str) -> Coverage:
    """Return both lines in the middle of WIDTH by HEIGHT px, as large as they fit."""
    both = np.zeros((HEIGHT, WIDTH), np.float32)
    for text, height, middle in ((big, BIG, 42), (small, SMALL, 103)):
        if not text:
            continue
        line = lettering.line(text, height)
        if line.shape[1] > WIDTH:
            line = lettering.line(text, height * WIDTH // line.shape[1])[:, :WIDTH]
        rows, columns = line.shape
        top, left = middle - rows // 2, (WIDTH - columns) // 2
        both[top : top + rows, left : left + columns] = line
    return both


@lru_cache(maxsize=8)
def paint_halo(big: str, small: str, scale: int, margin: int) -> Coverage:
    """Return the lines' glow, so many times smaller, and ``margin`` px wider on each side."""
    fine = paint(big, small).reshape(HEIGHT // scale, scale, WIDTH // scale, scale)
    glow = np.pad(fine.mean(axis=(1, 3)), margin).astype(np.float32)
    for _ in range(3):
        for axis in (0, 1):
            glow = (np.roll(glow, 1, axis) + glow + np.roll(glow, -1, axis)) / np.float32(3)
    shining: Coverage = np.clip(glow * np.float32(2.2), 0, 1)
    return shining
