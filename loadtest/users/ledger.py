"""What was sent from this process and where it was seen again: latencies from end to end. Pure.

A seat knows a comment by its own id, the room by the one in its ack, and another seat may see it
before the ack is here. Times in s of one clock, results in ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

MOST = 2000
"""Of each kind are kept: what isn't on the screen by then was left out or merged."""


@dataclass(slots=True)
class Ledger:
    """Of one process."""

    _sent: dict[str, tuple[str, float]] = field(default_factory=dict)
    _known: dict[str, tuple[str, float]] = field(default_factory=dict)
    _early: dict[str, list[float]] = field(default_factory=dict)

    def sent(self, own_id: str, what: str, now_s: float) -> None:
        """A ``what`` is on its way: a comment, a vote, a poll."""
        _bounded(self._sent)[own_id] = what, now_s

    def answered(self, own_id: str, now_s: float) -> tuple[str, float] | None:
        """Its answer is here: what it was and ms since; None if it wasn't sent from here."""
        sent = self._sent.get(own_id)
        return None if sent is None else (sent[0], (now_s - sent[1]) * 1000)

    def named(self, own_id: str, id_: str) -> list[float]:
        """The room calls it ``id_``: ms until it was seen where it has been seen already."""
        sent = self._sent.pop(own_id, None)
        if sent is None:
            return []
        _bounded(self._known)[id_] = sent
        return [(seen_s - sent[1]) * 1000 for seen_s in self._early.pop(id_, ())]

    def dropped(self, own_id: str) -> None:
        """It will never be seen: it was refused, or is no more than answered."""
        self._sent.pop(own_id, None)

    def unanswered(self, now_s: float, after_s: float) -> list[str]:
        """What was sent longer ago than ``after_s`` and has no answer."""
        return [what for what, sent_s in self._sent.values() if now_s - sent_s > after_s]

    def shown(self, ids: Iterable[str], now_s: float) -> Iterator[tuple[str, float]]:
        """Seen somewhere: what each is that is known, and ms since it was sent."""
        for id_ in ids:
            known = self._known.get(id_)
            if known is not None:
                yield known[0], (now_s - known[1]) * 1000
            elif self._sent:
                if id_ not in self._early:
                    _bounded(self._early)[id_] = []
                self._early[id_].append(now_s)


def _bounded(kept: dict[str, T]) -> dict[str, T]:
    while len(kept) >= MOST:
        del kept[next(iter(kept))]
    return kept
