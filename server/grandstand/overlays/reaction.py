"""How long after a moment the audience's comments about it begin. Pure; bounded.

People need seconds to see, think and type, more where they write long or on telephones. Where the
room knows when things happened (cues, results), each such moment and the burst that follows it tell
the delay of this audience; the median of the last ones is taken off each onset. Until then, and
where nothing is known, it is the usual one.
"""

from __future__ import annotations

from msgspec import Struct

USUAL_MS = 5_000
"""Of an unknown audience: to see, to think and to type a few letters. A guess."""

USUAL_COUNTS = 2
"""The usual delay counts as much as so many that were observed."""

MOST_MS = 180_000
"""A burst so long after a moment has another reason."""

OBSERVED = 31
REMEMBERED = 64


class ReactionDelay(Struct):
    """Learns the delay of one room's audience; ``usual_ms`` is the one without observations."""

    usual_ms: int = USUAL_MS
    moments: list[int] = []
    onsets: list[int] = []
    delays: list[int] = []

    @property
    def delay_ms(self) -> int:
        """Return by how much comments follow what they are about."""
        delays = sorted([*self.delays, *[self.usual_ms] * USUAL_COUNTS])
        return delays[len(delays) // 2]

    def moment(self, at: int) -> None:
        """Take a moment (ms of programme time), which may come before or after its burst."""
        self.moments.append(at)
        del self.moments[:-REMEMBERED]
        self._observe(min((each for each in self.onsets if _follows(each, at)), default=None), at)

    def onset(self, at: int) -> None:
        """Take the time at which comments began to burst, without any correction."""
        self.onsets.append(at)
        del self.onsets[:-REMEMBERED]
        self._observe(at, max((each for each in self.moments if _follows(at, each)), default=None))

    def _observe(self, onset: int | None, moment: int | None) -> None:
        """Note the delay of a pair; each of the two is in one pair."""
        if onset is not None and moment is not None:
            self.onsets.remove(onset)
            self.moments.remove(moment)
            self.delays.append(onset - moment)
            del self.delays[:-OBSERVED]


def _follows(onset: int, moment: int) -> bool:
    return 0 <= onset - moment <= MOST_MS
