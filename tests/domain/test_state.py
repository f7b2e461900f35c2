from __future__ import annotations

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import (
    CUES_KEPT,
    ENDED_POLLS_KEPT,
    PARTS,
    RECENT_COMMENTS,
    PrivateChanges,
    RoomState,
    Sanction,
    fold,
)
from grandstand.wire.messages import Comment, Cue, Frame, Overlay, PollStatus
from grandstand.wire.settings import Settings
from msgspec.structs import replace


def comment(number: int) -> Comment:
    return Comment(f"c{number:03}", 1, "u", "Ada", "hi", 1.0)


def cue(number: int, at: int = 1) -> Cue:
    return Cue(f"q{number}", "goal", at, {})


def poll(number: int, status: PollStatus) -> PollRecord:
    return PollRecord(
        id=f"p{number}",
        kind="single",
        question="?",
        options=["a", "b"],
        opens_at=0,
        closes_at=number,
        grace=0,
        status=status,
    )


def test_the_parts_are_the_states_own_fields() -> None:
    assert set(RoomState.__struct_fields__) == {*PARTS, "sanctions"}


def test_a_fold_tells_which_parts_it_changed() -> None:
    state = RoomState()
    assert fold(state, [Frame(now=1)], PrivateChanges()) == set()
    frame = Frame(now=1, comments=[comment(1)], cues=[cue(1)], settings=Settings(title="x"))
    assert fold(state, [frame], PrivateChanges(polls=[poll(1, "open")], sanctions={"u": None})) == {
        *("recent", "cues", "settings", "polls", "sanctions")
    }
    overlay = Overlay("o", "stat", 1, {})
    assert fold(state, [Frame(now=1, overlays=[overlay])], PrivateChanges()) == {"overlays"}
    assert state.overlays == {"o": overlay}
    fold(state, [Frame(now=1, drop=["o", "unknown"])], PrivateChanges())
    assert state.overlays == {}


def test_what_waits_is_known_beside_the_frames_alone() -> None:
    state = RoomState()
    overlay = Overlay("o", "stat", 9, {})
    assert fold(state, [], PrivateChanges(waiting={"o@9": overlay})) == {"waiting"}
    assert state == RoomState(waiting={"o@9": overlay})
    assert fold(state, [], PrivateChanges(waiting={"o@9": None, "unknown": None})) == {"waiting"}
    assert state == RoomState()


def test_only_the_last_comments_are_kept() -> None:
    state = RoomState()
    for number in range(0, 90, 30):
        fold(
            state,
            [Frame(now=1, comments=[comment(n) for n in range(number, number + 30)])],
            PrivateChanges(),
        )
    assert [each.id for each in state.recent] == [comment(n).id for n in range(40, 90)]
    assert len(state.recent) == RECENT_COMMENTS


def test_a_retraction_takes_a_comment_out_of_the_same_frame_too() -> None:
    state = RoomState()
    fold(
        state,
        [Frame(now=1, comments=[comment(1), comment(2)], retract=["c001", "zz"])],
        PrivateChanges(),
    )
    assert state.recent == [comment(2)]


def test_old_cues_go_when_others_come() -> None:
    state = RoomState(settings=Settings(max_latency=1_000))
    fold(state, [Frame(now=1_000, cues=[cue(1, 900)])], PrivateChanges())
    fold(state, [Frame(now=1_900, cues=[cue(2, 1_900)])], PrivateChanges())
    assert state.cues == [cue(1, 900), cue(2, 1_900)]
    fold(
        state, [Frame(now=1_901, cues=[cue(n, 1_901) for n in range(CUES_KEPT)])], PrivateChanges()
    )
    assert len(state.cues) == CUES_KEPT
    assert {each.at for each in state.cues} == {1_901}


def test_of_the_ended_polls_the_newest_are_kept_and_every_open_one() -> None:
    state = RoomState()
    ended = [poll(n, "closed") for n in range(ENDED_POLLS_KEPT + 5)]
    fold(state, [], PrivateChanges(polls=[poll(99, "open"), *reversed(ended)]))
    assert state.polls.keys() == {"p99", *(each.id for each in ended[5:])}


def test_polls_whose_answer_is_still_to_come_stay_beside_the_newest() -> None:
    state = RoomState()
    early = replace(poll(0, "closed"), kind="prediction")
    later = [poll(n, "closed") for n in range(1, ENDED_POLLS_KEPT + 1)]
    fold(state, [], PrivateChanges(polls=[early, *later]))
    assert early.id in state.polls
    told = replace(early, status="revealed", answer=0)
    fold(state, [], PrivateChanges(polls=[told]))
    assert state.polls.keys() == {each.id for each in later}
    many = [replace(poll(n, "closed"), kind="prediction") for n in range(100, 105 + len(later))]
    fold(state, [], PrivateChanges(polls=many))
    assert state.polls.keys() == {each.id for each in later + many[5:]}


def test_a_bar_holds_until_its_time_or_for_good() -> None:
    state = RoomState()
    fold(state, [], PrivateChanges(sanctions={"ada": Sanction("mute", 100), "bo": Sanction("ban")}))
    assert state.sanction("ada", 99) == Sanction("mute", 100)
    assert state.sanction("ada", 100) is None
    assert state.sanction("bo", 10**12) == Sanction("ban")
    fold(state, [], PrivateChanges(sanctions={"bo": None, "cy": None}))
    assert state.sanction("bo", 0) is None


def test_asides_of_nothing_are_false() -> None:
    assert not PrivateChanges()
    assert PrivateChanges(decided=["c1"])
    assert PrivateChanges(waiting={"o": None})
