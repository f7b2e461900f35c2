from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from grandstand.api import tallies as module
from grandstand.api.tallies import Tallies
from grandstand.domain.polls.record import PollRecord
from grandstand.store.store import Store


class Votes:
    """Counts what is summed."""

    def __init__(self) -> None:
        self.summed: list[list[str]] = []

    async def tallies(self, _room: str, polls: Sequence[PollRecord]) -> list[tuple[list[int], int]]:
        self.summed.append([poll.id for poll in polls])
        return [([len(self.summed)], 1) for _ in polls]


class Counted:
    """A store of which nothing but the votes is asked."""

    def __init__(self) -> None:
        self.votes = Votes()


def poll(id: str) -> PollRecord:
    return PollRecord(
        id=id, kind="single", question="?", options=["a"], opens_at=0, closes_at=1, grace=0
    )


async def test_however_many_ask_a_poll_is_summed_once_while_fresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Counted()
    tallies = Tallies(cast("Store", store))
    monkeypatch.setattr(module, "FRESH_S", 3600.0)
    polls = [poll(f"p{number}") for number in range(module.AT_ONCE + 1)]
    answers = await asyncio.gather(*(tallies.of("r", polls) for _ in range(50)))
    assert [len(each) for each in store.votes.summed] == [module.AT_ONCE, 1]
    assert all(answer == answers[0] for answer in answers)
    await tallies.of("other", polls[:1])
    assert len(store.votes.summed) == 3
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    assert await tallies.of("r", polls[:1]) == {"p0": ([4], 1)}
