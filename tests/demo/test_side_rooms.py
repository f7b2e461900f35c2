"""The rooms beside the gala, and who is in them."""

from __future__ import annotations

from grandstand.demo.meet import NAMES
from grandstand.demo.side_rooms import RUNNERS, SIDE_ROOMS
from grandstand.domain.schemas import KindSchema
from grandstand.store.rooms import ROOM_ID
from grandstand.wire.settings import Settings


def test_most_of_the_crowd_is_at_the_gala() -> None:
    assert sum(side.crowd(200) for side in SIDE_ROOMS) == 60
    assert all(side.crowd(3) == 0 for side in SIDE_ROOMS)


def test_they_can_be_made_as_they_are() -> None:
    assert len({side.id for side in SIDE_ROOMS}) == len(SIDE_ROOMS)
    for side in SIDE_ROOMS:
        assert ROOM_ID.fullmatch(side.id)
        assert Settings(**side.settings).title == side.title  # type: ignore[arg-type]
        assert all(isinstance(each, KindSchema) for each in side.schemas.values())


def test_the_race_is_run_by_those_whom_one_can_follow_at_the_gala() -> None:
    assert {f"athlete:{each}" for each in NAMES} <= set(RUNNERS)
