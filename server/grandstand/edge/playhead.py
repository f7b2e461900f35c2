"""What a connection has said of its viewer's playhead, and what follows for its votes. Pure.

It must not know messages, polls' rules or the store. ``docs/fairness.md`` says what is judged, what
isn't, and what remains possible.

Theory of operation: each ``at`` that a client sends (with ``time``, a comment or a vote) claims
that the picture has come so far. A picture runs on, or is moved on to live; who moves it back has
seen what came before. So the furthest claim alone counts: a viewer whose picture was past the end
of a poll can't vote in it any more, whatever ``at`` the vote carries. A connection that claimed
nothing is judged by the vote's own ``at``.

A vote that this node could not take, and told the client to send again, was cast when it first
came. Claims that came between don't count against it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from math import inf

from msgspec import Struct

from grandstand.wire.codes import ErrorCode

UNSURE_MS = 2000
"""How far past a moment a claim must be to say that it was seen. Players correct their date by up
to a second and a half (``client_demo/sdk/playhead.js``), and the contract lets ``at`` be wrong by
as much."""

PUT_OFF = frozenset({ErrorCode.OVERLOADED, ErrorCode.UNAVAILABLE})
"""Faults of ours, after which a client sends the same vote again."""

PUT_OFF_MAX = 8192
"""Votes of a room that may wait to be sent again: as many as its queue holds. Each has some 100
bytes."""


class Bin(Struct, gc=False):
    """How many viewers are in one bin of a histogram; those who are hold it."""

    count: int = 0


class Playhead(Struct, gc=False):
    """One connection's claims, made with the first one, and where it is counted.

    ``furthest`` is programme time in ms.
    """

    # A float has 24 bytes, an integer of this size 32; without the collector's head it has 16 less.
    furthest: float = -inf
    behind: Bin | None = None
    sync: Bin | None = None

    def claim(self, at: int) -> None:
        """Note that the picture has come to ``at``."""
        if at > self.furthest:
            self.furthest = float(at)

    def has_seen(self, moment: int) -> bool:
        """Return whether the picture was past ``moment`` for certain."""
        return self.furthest > moment + UNSURE_MS

    def forget(self) -> None:
        """Forget the claims: the room's clock was set, and they don't compare with what follows."""
        self.furthest = -inf


class PutOffVotes:
    """Votes of one room that this node told their senders to send again."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def refused(self, vote: int, code: ErrorCode) -> None:
        """Remember a vote, by its ``fingerprint``, if it was refused for a fault of ours.

        The oldest of too many is forgotten.
        """
        if code not in PUT_OFF:
            return
        self._known[vote] = None
        if len(self._known) > PUT_OFF_MAX:
            self._known.popitem(last=False)

    def __contains__(self, vote: int) -> bool:
        return vote in self._known


def fingerprint(user: str, message: str, poll: str, choices: Iterable[int], at: object) -> int:
    """Return what a vote is recognised by: the same message of the same viewer, unchanged."""
    return hash((user, message, poll, tuple(choices), at))
