"""Strangers who ask for patience and take it back, over and over, while frames wait."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest
from grandstand.edge.patience import STEPS_MS, WAITING_FRAMES, PatientCohort

from tests.edge.harness import FakeOutlet, harness

STRANGERS = 40
COMMITS = 2 * WAITING_FRAMES


def say(outlet: FakeOutlet, patience: int) -> None:
    assert outlet.session is not None
    message = {"type": "time", "id": "t", "sent": 1, "patience": patience}
    outlet.session.received(msgspec.msgpack.encode(message), False)


async def test_flipped_patience_holds_little_and_costs_the_others_no_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientCohort, "wait_s", lambda *_: 3600.0)  # no time comes by itself
    async with harness(tmp_path, sequenced=False) as stage:
        room = await stage.by_hand()
        audience = stage.node.room(room.live).audience
        honest = [stage.seat(room.room, patience=1000) for _ in range(5)]
        strangers = [stage.seat(room.room, patience=2000) for _ in range(STRANGERS)]
        flips = itertools.cycle(STEPS_MS)
        waiting = []
        for number in range(COMMITS):
            await room.commit("x")
            for stranger in itertools.islice(
                itertools.cycle(strangers), number, number + STRANGERS // 4
            ):
                say(stranger, next(flips))
            patient = [cohort for each in audience._patient.values() for cohort in each]
            assert len(patient) <= len(STEPS_MS)
            waiting.append(sum(len(cohort._waiting) for cohort in patient))
        assert max(waiting) < len(STEPS_MS) * WAITING_FRAMES
        writes = [len(each.frames) - 1 for each in honest]  # but for the welcome
        assert writes == [COMMITS // WAITING_FRAMES] * len(honest)
        audience.hurry()
        for each in [*honest, *strangers]:
            assert each.offsets == list(range(1, COMMITS + 1))
