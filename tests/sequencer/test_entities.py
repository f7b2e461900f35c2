from __future__ import annotations

import pytest
from grandstand.domain.entities import (
    MAX_ENTITIES,
    MAX_UPDATES,
    EntityUpdate,
    Measured,
    entity_of,
)
from grandstand.domain.events import RundownGo, StaffCame, StatsGiven
from grandstand.domain.outcome import Effect
from grandstand.domain.state import RoomState
from grandstand.domain.time_slices import SLICE
from grandstand.sequencer import entities as module
from grandstand.sequencer.entities import EntityDraft, fitting, named
from grandstand.sequencer.folding import RoomFold


def update(entity: str, at: int, value: int = 1) -> EntityUpdate:
    return EntityUpdate(entity, entity, at, {"v": Measured(at, value)})


def given(*updates: EntityUpdate) -> StatsGiven:
    return StatsGiven("s", [], list(updates))


def test_a_tick_changes_the_rows_that_it_was_given() -> None:
    fold = RoomFold(RoomState(), {}, 0)
    first = fold.tick([("", given(update("a", 1), update("b", 1), update("a", 2)))], 1_000)
    (outcome,) = first.outcomes
    assert outcome.result == Effect(fates=["taken", "taken", "taken"])
    assert (first.frames, set(first.private.entities)) == ([], {"a", "b"})
    draft = EntityDraft(first.private.entities, 2)
    events = [("", given(update("b", 0))), ("", given(update("a", 3), update("a", 3)))]
    tick = fold.tick(events, 1_200, draft)
    assert [each.result for each in tick.outcomes] == [
        Effect(fates=["late"]),
        Effect(fates=["taken", "repeated"]),
    ]
    (row,) = tick.private.entities.values()
    entity = entity_of(row)
    assert entity is not None
    assert (entity.at, len(entity.changes)) == (3, 1)


def test_a_room_has_so_many_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTITIES", 2)
    rows = EntityDraft()
    rows.give([update("a", 1)])
    draft = EntityDraft(rows.rows(), 1)
    fates = draft.give([update("b", 1), update("c", 1), update("a", 2), update("b", 2)])
    assert fates == ["taken", "full", "taken", "taken"]


def test_a_row_that_cannot_be_read_is_begun_anew() -> None:
    draft = EntityDraft({"a": b"\xc1"}, MAX_ENTITIES)
    assert draft.give([update("a", 1)]) == ["taken"]


def test_events_name_the_entities_whose_rows_are_needed() -> None:
    go = RundownGo("g", "item", 1, given(update("c", 1)))
    staff = StaffCame("x", "u", "moderator", "Mo")
    assert named([given(update("a", 1), update("b", 1)), staff, go, given(update("a", 2))]) == [
        *("a", "b", "c")
    ]


@pytest.mark.parametrize(
    ("counts", "taken"),
    [
        ([], 0),
        ([0] * 2000, 2000),
        ([MAX_UPDATES - 1, 0, 1, 0, 1], 4),
        ([4 * MAX_UPDATES, 0], 1),
        ([0, 4 * MAX_UPDATES], 1),
    ],
)
def test_a_tick_takes_so_many_updates_or_one_event(counts: list[int], taken: int) -> None:
    assert fitting(counts) == taken


def test_a_fold_pauses_by_what_its_events_weigh() -> None:
    event = given(*(update(f"e{n}", 1) for n in range(SLICE)))
    work = RoomFold(RoomState(), {}, 0).ticking([("", event)] * 3, 1_000)
    assert sum(1 for _ in work) >= 3
