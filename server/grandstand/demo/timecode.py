"""The time code in the picture: which programme time a frame shows, for a machine to read.

A row of ``CELLS`` cells stands in the lower left corner of every frame, each ``CELL_WIDTH`` by
``CELL_HEIGHT`` pixels of a picture of ``stage_lights.WIDTH`` by ``stage_lights.HEIGHT``; where the
picture is scaled, so are they. From left to right, most significant bit first::

    1 0 | 24 bits: programme time in ms, modulo 2**24 (4 h 39 min) | 8 bits: check | 0 1

A set bit is a cell of luma ``SET``, the others are ``CLEAR``: bright enough to be told apart after
any encoder, too dim to catch the eye. Read the middle of each cell; set is what is brighter than
``THRESHOLD`` of full scale. The check is a CRC-8 (polynomial 0x07, starting at 0xFF, not reflected)
over the time as three bytes, the highest first. Where guards or check don't fit, there is no code.
"""

from __future__ import annotations

from collections.abc import Sequence

CELL_WIDTH = 8
CELL_HEIGHT = 8
TIME_BITS = 24
CHECK_BITS = 8
HEAD = (1, 0)
TAIL = (0, 1)
CELLS = len(HEAD) + TIME_BITS + CHECK_BITS + len(TAIL)
MODULUS_MS = 1 << TIME_BITS
SET = 112
CLEAR = 8
THRESHOLD = 60 / 255


def cells(at_ms: int) -> tuple[int, ...]:
    """Return the cells, left to right, of a frame of that programme time."""
    time = at_ms % MODULUS_MS
    return (*HEAD, *_bits(time, TIME_BITS), *_bits(_check(time), CHECK_BITS), *TAIL)


def read(shares: Sequence[float]) -> int | None:
    """Return the programme time modulo ``MODULUS_MS`` from the cells' brightness, each 0 to 1."""
    if len(shares) != CELLS:
        return None
    found = tuple(int(share > THRESHOLD) for share in shares)
    body = found[len(HEAD) : -len(TAIL)]
    time = int("".join(map(str, body[:TIME_BITS])), 2)
    return time if found == cells(time) else None


def nearest(code_ms: int, about_ms: int) -> int:
    """Return the programme time with that code that is nearest to another."""
    half = MODULUS_MS // 2
    return about_ms + (code_ms - about_ms + half) % MODULUS_MS - half


def _bits(value: int, count: int) -> tuple[int, ...]:
    return tuple(value >> place & 1 for place in reversed(range(count)))


def _check(time: int) -> int:
    crc = 0xFF
    for byte in time.to_bytes(TIME_BITS // 8, "big"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
    return crc
