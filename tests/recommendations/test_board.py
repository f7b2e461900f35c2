"""Which live rooms are recommended, and why."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from grandstand.recommendations import board
from grandstand.recommendations.alikeness import FEWEST, Alikeness
from grandstand.recommendations.board import Board, LiveRoom, Pick

from tests.recommendations.test_alikeness import CROWD

CURLING = LiveRoom("curling", 800, ("team:sweden", "team:italy"))
SKATING = LiveRoom("skating", 90_000, ("athlete:hanyu",))
HOCKEY = LiveRoom("hockey", 50_000)
LUGE = LiveRoom("luge", 300, ("sport:luge",))
ROOMS = [HOCKEY, LUGE, SKATING, CURLING]


@pytest.fixture(scope="module")
def alikeness() -> Alikeness:
    return Alikeness.of(CROWD)


def told(picks: Sequence[Pick]) -> list[tuple[str, str, str]]:
    return [(pick.room.room, pick.code, pick.thing) for pick in picks]


def test_what_is_followed_comes_first_and_says_what(alikeness: Alikeness) -> None:
    picks = Board(alikeness, ROOMS).picks(["team:italy"], 2)
    assert told(picks) == [("curling", "follows", "team:italy"), ("skating", "watched", "")]


def test_of_several_followed_things_the_rooms_most_important_is_said() -> None:
    for follows in (["team:italy", "team:sweden"], ["team:sweden", "team:italy"]):
        assert told(Board(Alikeness(), ROOMS).picks(follows, 1)) == [
            ("curling", "follows", "team:sweden")
        ]


def test_what_people_alike_watch_comes_next(alikeness: Alikeness) -> None:
    picks = Board(alikeness, ROOMS).picks(["sport:curling"], 2)
    assert told(picks)[0] == ("curling", "alike", "sport:curling")


def test_what_rises_and_highlights_that_have_just_begun_are_told() -> None:
    rooms = [
        LiveRoom("a", 10_000),
        LiveRoom("b", 10_000, rise=4),
        LiveRoom("c", 10_000, highlight_age_s=5),
        LiveRoom("d", 10_000, highlight_age_s=board.NEW_S),
        LiveRoom("e", board.FEW - 1, rise=9),
    ]
    picks = Board(Alikeness(), rooms).picks((), 3, "known")
    assert told(picks) == [("c", "highlight", ""), ("b", "rising", ""), ("a", "watched", "")]


def test_a_share_is_kept_for_what_few_know(alikeness: Alikeness) -> None:
    rooms = [
        *(LiveRoom(f"big {number}", 50_000) for number in range(20)),
        *(LiveRoom(f"small {number}", 10) for number in range(20)),
    ]
    for knob, kept in (("known", 0), ("balanced", 2), ("curious", 4)):
        picks = Board(alikeness, rooms).picks((), 10, knob)  # type: ignore[arg-type]
        assert [pick.code for pick in picks] == ["watched"] * (10 - kept) + ["lesser_known"] * kept
    (only,) = Board(alikeness, rooms).picks((), 1, "curious")
    assert only.room.viewers == 50_000


def test_the_share_takes_the_last_places_even_of_what_is_followed() -> None:
    rooms = [
        *(LiveRoom(f"big {number}", 50_000 + number, ("team:italy",)) for number in range(8)),
        LiveRoom("small", 10),
    ]
    picks = Board(Alikeness(), rooms).picks(["team:italy"], 5)
    assert [pick.room.room for pick in picks] == ["big 7", "big 6", "big 5", "big 4", "small"]
    assert picks[-1].code == "lesser_known"


def test_rooms_of_like_size_are_all_known() -> None:
    rooms = [LiveRoom(f"r{number}", 1000 + number) for number in range(20)]
    picks = Board(Alikeness(), rooms).picks((), 10, "curious")
    assert {pick.code for pick in picks} == {"watched"}


def test_fewer_lesser_known_rooms_than_places_are_all_picked() -> None:
    rooms = [*(LiveRoom(f"big {number}", 1000) for number in range(9)), LiveRoom("small", 1)]
    picks = Board(Alikeness(), rooms).picks((), 30, "curious")
    assert {pick.room.room for pick in picks} == {each.room for each in rooms}
    assert len(picks) == 10


def test_without_follows_it_is_the_same_for_all(alikeness: Alikeness) -> None:
    here, elsewhere = Board(alikeness, ROOMS), Board(alikeness, list(reversed(ROOMS)))
    unknown = ["athlete:nobody", "", "team:sweden\0"]
    assert here.picks() == elsewhere.picks() == here.picks(unknown)
    assert "alike" not in {pick.code for pick in here.picks()}


def test_an_answer_leaves_nothing_of_a_viewer_behind(alikeness: Alikeness) -> None:
    one = Board(alikeness, ROOMS)
    before = one.picks()
    one.picks(["sport:curling", "athlete:hanyu"], 4, "curious")
    assert one.picks() == before


def test_alike_is_said_only_if_enough_people_follow_both() -> None:
    for count in (FEWEST - 1, FEWEST):
        people = [*CROWD, *(["team:sweden", "sport:luge"] for _ in range(count)), ["sport:luge"]]
        picks = Board(Alikeness.of(people), [LUGE, HOCKEY]).picks(["team:sweden"], 2, "known")
        assert (("luge", "alike", "team:sweden") in told(picks)) == (count >= FEWEST)


def test_a_room_that_ends_while_it_is_recommended_is_on_no_later_board(
    alikeness: Alikeness,
) -> None:
    before = Board(alikeness, ROOMS).picks(["team:sweden"])
    after = Board(alikeness, [each for each in ROOMS if each != CURLING]).picks(["team:sweden"])
    assert before[0].room == CURLING
    assert {pick.room.room for pick in after} == {"hockey", "luge", "skating"}


def test_no_room_is_picked_twice_or_where_the_viewer_is(alikeness: Alikeness) -> None:
    chance = random.Random(5)
    rooms = [
        LiveRoom(f"r{number:02}", chance.randrange(5) * 100, (f"t{number % 7}",) * 2)
        for number in range(40)
    ]
    people = [chance.sample([f"t{each}" for each in range(9)], 3) for _ in range(200)]
    one = Board(Alikeness.of(people), rooms)
    for limit in (0, 1, 3, 12, 40, 100):
        for knob in board.TASTES:
            picks = one.picks(["t1", "t2", "t8"], limit, knob, beside=["r03", "r04", "elsewhere"])
            names = [pick.room.room for pick in picks]
            assert len(names) == len({*names}) == min(limit, 38)
            assert not {"r03", "r04"} & {*names}


def test_equal_rooms_stand_in_the_order_of_their_ids() -> None:
    rooms = [LiveRoom(f"r{number:02}", 100) for number in range(30)]
    random.Random(1).shuffle(rooms)
    picks = Board(Alikeness(), rooms).picks((), 5, "known")
    assert [pick.room.room for pick in picks] == ["r00", "r01", "r02", "r03", "r04"]


def test_no_rooms_or_rooms_without_viewers_are_no_trouble(alikeness: Alikeness) -> None:
    assert Board(alikeness, []).picks(["team:sweden"]) == []
    assert len(Board(alikeness, [LiveRoom("empty", rise=5), LiveRoom("another")]).picks()) == 2


def test_one_who_follows_everything_is_answered_by_the_latest(alikeness: Alikeness) -> None:
    everything = [f"t{number}" for number in range(10_000)]
    one = Board(alikeness, ROOMS)
    assert told(one.picks([*everything, "team:sweden"]))[0][:2] == ("curling", "follows")
    assert one.picks(["team:sweden", *everything]) == one.picks()


def test_of_more_rooms_the_most_watched_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MAX_ROOMS", 2)
    picks = Board(Alikeness(), ROOMS).picks(["team:sweden"])
    assert [pick.room.room for pick in picks] == ["skating", "hockey"]


def test_of_a_room_its_first_things_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MAX_ROOM_THINGS", 1)
    picks = Board(Alikeness(), ROOMS).picks(["team:italy"])
    assert "follows" not in {pick.code for pick in picks}
