from __future__ import annotations

import asyncio
from typing import cast

import pytest
from grandstand.api import fastest as module
from grandstand.api.fastest import Fastest
from grandstand.domain.polls.record import PollRecord
from grandstand.store.store import Store
from grandstand.store.votes import Fast


class Votes:
    """Counts what is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fastest(self, _room: str, poll: PollRecord) -> list[Fast]:
        self.asked.append(poll.id)
        return [Fast("u", "Ada", len(self.asked))]


class Counted:
    """A store of which nothing but the votes is asked."""

    def __init__(self) -> None:
        self.votes = Votes()


def poll(id: str) -> PollRecord:
    return PollRecord(
        id=id, kind="quiz", question="?", options=["a"], opens_at=0, closes_at=1, grace=0
    )


async def test_however_many_ask_the_store_is_asked_once_while_fresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Counted()
    fastest = Fastest(cast("Store", store))
    monkeypatch.setattr(module, "FRESH_S", 3600.0)
    answers = await asyncio.gather(*(fastest.of("r", poll("p")) for _ in range(50)))
    assert all(answer == [Fast("u", "Ada", 1)] for answer in answers)
    await fastest.of("r", poll("q"))
    await fastest.of("other", poll("p"))
    assert store.votes.asked == ["p", "q", "p"]
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    assert await fastest.of("r", poll("p")) == [Fast("u", "Ada", 4)]
