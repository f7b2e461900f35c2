from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import msgspec
import pytest
from grandstand.domain.announcement import MAX_CUES_AHEAD
from grandstand.domain.ban_hints import MAX_HINTS, Hint
from grandstand.domain.envelope import Commit
from grandstand.domain.events import (
    CommentEvent,
    CommentsImported,
    ControlEvent,
    CueGiven,
    GuestBanned,
    HeldDecided,
    PollExtended,
    PollFinished,
    PollOpened,
    PollResolved,
    PollStepped,
    Restored,
    Retracted,
    Sanctioned,
    SettingsPut,
    StaffCame,
    StatsGiven,
    Translated,
)
from grandstand.domain.outcome import Effect, Refusal, Refused
from grandstand.domain.polls import views
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.record import Row
from grandstand.domain.state import (
    CUES_KEPT,
    RECENT_COMMENTS,
    STAFF_KNOWN_MS,
    RoomState,
    Sanction,
    Staff,
)
from grandstand.domain.unwanted_texts import UNWANTED_MS, Unwanted
from grandstand.overlays.stats_cards import MAX_WAITING, version
from grandstand.replica.replica import Replica
from grandstand.sequencer.draft import MAX_BARS, MAX_STAFF, PACE
from grandstand.sequencer.folding import RoomFold, Tick
from grandstand.text.normalise import dedupe_key
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.messages import MAX_SERVER_MESSAGE_BYTES, Comment, Cue, Overlay, Poll
from grandstand.wire.settings import Moderation, Settings
from grandstand.wire.translations import TranslatedComment, Translations
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

Events = Sequence[tuple[str, CommentEvent | ControlEvent]]


def said(text: str = "hi", user: str = "ada", **changes: Any) -> CommentEvent:
    plain = CommentEvent(user, user.title(), 1_000, text, 1.0, 0.0, 0.0, crc32(text.encode()))
    return replace(plain, **changes)


def poll(name: str = "p1", **changes: Any) -> PollRecord:
    plain = PollRecord(
        id=name,
        kind="quiz",
        question="?",
        options=["a", "b"],
        opens_at=0,
        closes_at=5_000,
        grace=100,
        answer=1,
        show_tally="revealed",
    )
    return replace(plain, **changes)


def card(at: int, name: str = "100 m", speed: int = 1, duration_ms: int = 500) -> Overlay:
    return version("athlete:1", name, at, {"speed": speed} if speed else {}, duration_ms)


def fold(**settings: Any) -> RoomFold:
    return RoomFold(RoomState(settings=Settings(**settings)), {}, 0)


def shown(tick: Tick) -> list[Comment]:
    return [each for frame in tick.frames for each in (frame.comments or [])]


def outcome(tick: Tick) -> Effect | Refusal:
    (only,) = outcomes(tick)
    return only


def outcomes(tick: Tick) -> list[Effect | Refusal]:
    """The effects, and the code words of what was refused."""
    results = [each.result for each in tick.outcomes]
    return [Refusal(each.code) if isinstance(each, Refused) else each for each in results]


# --- comments ------------------------------------------------------------------------------------


def test_comments_go_out_in_one_numbered_frame_and_into_the_record() -> None:
    room = fold()
    tick = room.tick([("a1", said("one")), ("a2", said("two", color=5, mode="top"))], 1_000)
    (frame,) = tick.frames
    assert (frame.offset, room.offset, frame.overflow) == (1, 1, UNSET)
    assert frame.comments == [
        Comment("a1", 1_000, "ada", "Ada", "one", 1.0),
        Comment("a2", 1_000, "ada", "Ada", "two", 1.0, color=5, mode="top"),
    ]
    assert [(row.id, row.shown, row.color) for row in tick.rows] == [
        ("a1", True, None),
        ("a2", True, 5),
    ]
    assert (tick.shown, tick.merged, tick.overflow) == (2, 0, 0)


def test_a_comment_tells_its_language_where_the_room_is_translated_and_it_is_not_the_rooms() -> (
    None
):
    events = [
        (name, said(f"text {name}", name, lang=lang))
        for name, lang in (("a", "es"), ("b", "en"), ("c", "und"))
    ]
    for languages, told in (([], {}), (["fr"], {"a": "es"})):
        room = RoomFold(RoomState(Settings(lang="en-GB", languages=languages)), {}, 0)
        (frame,) = room.tick(events, 1_000).frames
        assert frame.comments
        assert {each.id: each.lang for each in frame.comments if each.lang} == told


def test_a_tick_of_nothing_makes_no_frame() -> None:
    room = fold()
    assert room.tick([], 1_000) == Tick()
    assert room.offset == 0


def test_the_alike_are_shown_once_with_their_count_and_recorded_each() -> None:
    tick = fold().tick([("a1", said(weight=1.0)), ("a2", said(weight=3.0)), ("a3", said())], 1_000)
    assert [(each.id, each.count) for each in shown(tick)] == [("a2", 3)]
    assert [(row.id, row.shown, row.merged_into, row.count) for row in tick.rows] == [
        ("a2", True, "", 3),
        ("a1", False, "a2", 1),
        ("a3", False, "a2", 1),
    ]
    assert tick.merged == 2


def test_beyond_the_budget_the_weightiest_are_shown_and_the_rest_are_counted() -> None:
    comments = [(f"a{n}", said(f"text {n}", weight=float(n))) for n in range(5)]
    tick = fold(budget=2).tick([*comments, ("a5", said("text 1", weight=0.0))], 1_000)
    assert [each.id for each in shown(tick)] == ["a3", "a4"]
    assert tick.frames[0].overflow == tick.overflow == 4
    assert sorted(row.id for row in tick.rows if not row.shown) == ["a0", "a1", "a2", "a5"]


def test_when_nothing_fits_the_frame_says_how_many_were_left_out() -> None:
    room = fold(budget=1)
    room.tick([("a1", said("one"))], 1_000)
    (frame,) = room.tick([("a2", said("two"))], 1_001).frames
    assert (frame.comments, frame.overflow) == (UNSET, 1)


def test_the_barred_are_recorded_and_never_shown() -> None:
    room = fold()
    muted = Sanctioned("m1", "ada", "mute", 5_000)
    tick = room.tick([("", muted), ("a1", said("one")), ("a2", said("two", "bo"))], 1_000)
    assert [each.id for each in shown(tick)] == ["a2"]
    assert [(row.id, row.shown) for row in tick.rows] == [("a2", True), ("a1", False)]
    assert tick.overflow == 0
    assert shown(room.tick([("a3", said("one"))], 4_999)) == []
    assert len(shown(room.tick([("a4", said("one"))], 5_000))) == 1


def test_who_is_restored_is_shown_again_in_the_same_tick() -> None:
    room = fold()
    room.tick([("", Sanctioned("m1", "ada", "ban", None))], 1_000)
    tick = room.tick([("a1", said("one")), ("", Restored("m2", "ada")), ("a2", said("two"))], 1_100)
    assert [each.id for each in shown(tick)] == ["a2"]
    assert tick.private.sanctions == {"ada": None}
    assert [(user, notice.code) for user, notice in tick.private.notices] == [("ada", "restored")]


def test_mutes_and_bans_are_told_to_whom_they_meet() -> None:
    room = fold()
    tick = room.tick(
        [("", Sanctioned("m1", "ada", "mute", 9)), ("", Sanctioned("m2", "bo", "ban", None))], 1
    )
    assert tick.private.sanctions == {"ada": Sanction("mute", 9), "bo": Sanction("ban")}
    assert [(user, notice.code, notice.until) for user, notice in tick.private.notices] == [
        ("ada", "muted", 9),
        ("bo", "banned", UNSET),
    ]
    assert tick.frames == []


def test_what_was_just_shown_is_merged_into_it_and_the_next_showing_has_the_count() -> None:
    room = fold(budget=1000)
    crowd = [(f"a{n}", said(f"{n} {chr(97 + n)}", f"u{n}")) for n in range(25)]
    room.tick([*crowd, ("b1", said("goal"))], 1_000)
    tick = room.tick([("b2", said("goal", "bo")), ("b3", said("gooal", "cy"))], 1_200)
    assert (shown(tick), tick.overflow, tick.merged) == ([], 0, 2)
    assert tick.frames == []
    assert {(row.id, row.shown, row.merged_into) for row in tick.rows} == {
        ("b2", False, "b1"),
        ("b3", False, "b1"),
    }
    tick = room.tick([("b4", said("goal", "dan"))], 62_000)
    assert [(each.id, each.count) for each in shown(tick)] == [("b4", 3)]
    assert [(row.id, row.count) for row in tick.rows] == [("b4", 3)]


def test_the_weight_that_is_shown_and_recorded_is_the_one_that_chose() -> None:
    room = fold()
    tick = room.tick([("a1", said("one", weight=5.0)), ("a2", said("one", weight=5.0))], 1_000)
    assert [each.weight for each in shown(tick)] == [6.0]
    assert [row.weight for row in tick.rows] == [6.0, 5.0]
    tick = room.tick([("a3", said("else", weight=5.0))], 31_000)
    assert [each.weight for each in shown(tick)] == [3.5]


def test_a_new_sequencer_knows_what_was_shown_from_the_state_alone() -> None:
    crowd = [(f"a{n}", said(f"{n} {chr(97 + n)}", f"u{n}")) for n in range(25)]
    first = fold(budget=1000)
    first.tick([*crowd, ("b1", said("goal"))], 1_000)
    second = RoomFold(first.state, {}, first.offset)
    tick = second.tick([*((f"c{n}", each) for n, (_, each) in enumerate(crowd))], 1_200)
    assert shown(tick) == []
    tick = second.tick([("b2", said("goal", "bo"))], 1_400)
    assert [(row.id, row.merged_into) for row in tick.rows] == [("b2", "b1")]


def test_a_comment_that_was_taken_back_stands_for_nobody_and_who_waited_for_it_is_overflow() -> (
    None
):
    room = fold(budget=1000)
    crowd = [(f"a{n}", said(f"{n} {chr(97 + n)}", f"u{n}")) for n in range(25)]
    room.tick([*crowd, ("b1", said("goal"))], 1_000)
    room.tick([("b2", said("goal", "bo"))], 1_200)
    tick = room.tick([("", Retracted("r1", "b1", "ada")), ("b3", said("goal", "cy"))], 1_400)
    assert [(each.id, each.count) for each in shown(tick)] == [("b3", 1)]
    assert tick.overflow == tick.frames[0].overflow == 1


# --- held comments -------------------------------------------------------------------------------


def test_a_held_comment_waits_and_is_shown_once_approved() -> None:
    room = fold(budget=1)
    event = said(held=True, category="spam", reason="a link", color=3, size="large")
    tick = room.tick([("a1", event)], 1_000)
    assert (tick.frames, tick.rows) == ([], [])
    (held,) = tick.private.held
    assert (held.id, held.categories, held.reason, held.color) == ("a1", ["spam"], "a link", 3)
    assert room.held == {"a1": held}

    tick = room.tick([("a2", said("more")), ("", HeldDecided("d1", "a1", True))], 1_001)
    assert shown(tick) == [Comment("a1", 1_000, "ada", "Ada", "hi", 1.0, color=3, size="large")]
    assert tick.overflow == 1  # approved by hand goes before what is chosen by weight
    assert {row.id: row.shown for row in tick.rows} == {"a1": True, "a2": False}
    assert (tick.private.decided, room.held) == (["a1"], {})
    assert [(user, notice.code, notice.comment) for user, notice in tick.private.notices] == [
        ("ada", "approved", "a1")
    ]


def test_a_rejected_comment_is_nowhere() -> None:
    room = fold()
    room.tick([("a1", said(held=True))], 1_000)
    tick = room.tick([("", HeldDecided("d1", "a1", False))], 1_001)
    assert (tick.frames, tick.rows, tick.private.decided, room.held) == ([], [], ["a1"], {})
    assert tick.private.notices[0][1].code == "rejected"


def test_a_comment_can_be_held_and_decided_in_one_tick() -> None:
    tick = fold().tick([("a1", said(held=True)), ("", HeldDecided("d1", "a1", True))], 1_000)
    assert [each.id for each in shown(tick)] == ["a1"]
    assert ([each.id for each in tick.private.held], tick.private.decided) == (["a1"], ["a1"])


def test_what_is_not_held_cannot_be_decided() -> None:
    room = fold()
    room.tick([("a1", said(held=True)), ("", HeldDecided("d1", "a1", False))], 1_000)
    tick = room.tick([("", HeldDecided("d2", "a1", True))], 1_001)
    assert outcome(tick) is Refusal.UNKNOWN_COMMENT
    assert tick.frames == []


# --- control -------------------------------------------------------------------------------------


def test_settings_are_replaced_or_merged_deeply() -> None:
    room = fold(title="old", moderation=Moderation(level=3, categories={"spam": 1}))
    merged = SettingsPut("s1", {"budget": 9, "moderation": {"categories": {"insult": 4}}}, True)
    (frame,) = room.tick([("", merged)], 1_000).frames
    assert (
        frame.settings
        == room.state.settings
        == Settings(title="old", budget=9, moderation=Moderation(3, {"spam": 1, "insult": 4}))
    )
    room.tick([("", SettingsPut("s2", {"title": "new"}, False))], 1_001)
    assert room.state.settings == Settings(title="new")


@pytest.mark.parametrize(
    "changes", [{"budget": 0}, {"unknown": 1}, {"moderation": 7}, {"tick": "x"}]
)
def test_settings_that_are_wrong_change_nothing(changes: dict[str, Any]) -> None:
    room = fold()
    tick = room.tick([("", SettingsPut("s1", changes, True))], 1_000)
    assert outcome(tick) is Refusal.BAD_MESSAGE
    (result,) = (each.result for each in tick.outcomes)
    assert isinstance(result, Refused)
    assert next(iter(changes)) in result.message
    assert (tick.frames, room.state.settings) == ([], Settings())


def test_a_changed_budget_counts_in_the_same_tick() -> None:
    events: Events = [
        ("", SettingsPut("s", {"budget": 1}, True)),
        ("a1", said("1")),
        ("a2", said("2")),
    ]
    assert len(shown(fold().tick(events, 1_000))) == 1


def test_a_poll_goes_its_way_and_shows_its_answer_last() -> None:
    room = fold()
    tick = room.tick([("", PollOpened("o", poll()))], 1_000)
    assert outcome(tick) == Effect()
    assert tick.frames[0].polls == [views.for_viewers(poll())]
    assert tick.private.polls == [poll(announced=True)]
    room.tick([("", PollStepped("c", "p1", "close", 2_000, 0))], 2_000)
    tick = room.tick([("", PollStepped("r", "p1", "reveal", 2_001))], 2_001)
    assert outcome(tick) is Refusal.IMPOSSIBLE_STEP
    assert tick.frames == []
    tick = room.tick([("", PollFinished("f", "p1", [3, 4], 7))], 2_002)
    assert [(each.final, each.tally, each.answer) for each in tick.frames[0].polls or []] == [
        (True, UNSET, UNSET)
    ]
    tick = room.tick([("", PollStepped("r", "p1", "reveal", 2_003))], 2_003)
    assert [(each.status, each.tally, each.answer) for each in tick.frames[0].polls or []] == [
        ("revealed", [3, 4], 1)
    ]
    assert (
        outcome(room.tick([("", PollStepped("x", "p1", "cancel", 2_004))], 2_004))
        is Refusal.IMPOSSIBLE_STEP
    )


def test_a_prediction_is_revealed_by_its_answer_once_it_is_final() -> None:
    room = fold()
    room.tick([("", PollOpened("o", poll(kind="prediction", answer=None)))], 1_000)
    room.tick([("", PollStepped("c", "p1", "close", 2_000, 0))], 2_000)
    too_early = room.tick([("", PollResolved("r", "p1", 1))], 2_001)
    assert outcome(too_early) is Refusal.IMPOSSIBLE_STEP
    room.tick([("", PollFinished("f", "p1", [3, 4], 7))], 2_002)
    bare = room.tick([("", PollStepped("r", "p1", "reveal", 2_003))], 2_003)
    assert outcome(bare) is Refusal.IMPOSSIBLE_STEP
    assert bare.frames == []
    tick = room.tick([("", PollResolved("r", "p1", 1))], 2_004)
    assert [(each.status, each.tally, each.answer) for each in tick.frames[0].polls or []] == [
        ("revealed", [3, 4], 1)
    ]
    assert outcome(room.tick([("", PollResolved("r", "p1", 1))], 2_005)) == Effect()
    other = room.tick([("", PollResolved("r", "p1", 0))], 2_006)
    assert outcome(other) is Refusal.IMPOSSIBLE_STEP
    unknown = room.tick([("", PollResolved("r", "p9", 0))], 2_007)
    assert outcome(unknown) is Refusal.UNKNOWN_POLL


def test_a_poll_that_is_there_is_not_opened_again() -> None:
    room = fold()
    twice: Events = [("", PollOpened("o", poll())), ("", PollOpened("p", poll(answer=0)))]
    assert outcomes(room.tick(twice, 1_000)) == [Effect(), Refusal.IMPOSSIBLE_STEP]
    tick = room.tick([("", PollOpened("q", poll(answer=0)))], 1_001)
    assert outcome(tick) is Refusal.IMPOSSIBLE_STEP
    assert (tick.frames, room.state.polls) == ([], {"p1": poll(announced=True)})


def test_viewers_learn_of_a_poll_two_seconds_before_its_time() -> None:
    room = fold()
    later = poll(opens_at=60_000, closes_at=70_000)
    tick = room.tick([("", PollOpened("o", later))], 1_000)
    assert outcome(tick) == Effect()
    assert (tick.frames, tick.private.polls, room.is_due(57_999)) == ([], [later], False)
    assert room.is_due(58_000)
    tick = room.tick([], 58_000)
    assert [frame.polls for frame in tick.frames] == [[views.for_viewers(later)]]
    assert room.state.polls["p1"].announced
    assert not room.is_due(58_200)


def test_a_poll_that_is_closed_before_its_time_is_announced_with_its_end() -> None:
    room = fold()
    room.tick([("", PollOpened("o", poll(opens_at=60_000, closes_at=70_000)))], 1_000)
    tick = room.tick([("", PollStepped("c", "p1", "close", 2_000))], 2_000)
    assert [(each.opens_at, each.closes_at) for each in tick.frames[0].polls or []] == [
        (2_000, 2_000)
    ]


def test_of_a_poll_that_is_taken_back_before_its_time_viewers_never_hear() -> None:
    room = fold()
    room.tick([("", PollOpened("o", poll(opens_at=60_000, closes_at=70_000)))], 1_000)
    tick = room.tick([("", PollStepped("c", "p1", "cancel", 2_000))], 2_000)
    assert (tick.frames, [each.status for each in tick.private.polls]) == ([], ["cancelled"])
    tick = room.tick([("", PollFinished("f", "p1", [0, 0], 0))], 3_000)
    assert (tick.frames, room.is_due(60_000)) == ([], False)


def test_viewers_learn_of_a_cue_two_seconds_before_its_time() -> None:
    room = fold()
    late, early = Cue("c2", "curtain", 61_000, {}), Cue("c1", "lights", 60_000, {"on": True})
    tick = room.tick([("", CueGiven("l", late)), ("", CueGiven("e", early))], 1_000)
    assert (tick.frames, room.state.cues, room.is_due(57_999)) == ([], [], False)
    assert room.state.cues_ahead == {"c1": early, "c2": late}
    assert [frame.cues for frame in room.tick([], 58_000).frames] == [[early]]
    assert [frame.cues for frame in room.tick([], 59_500).frames] == [[late]]
    assert (room.state.cues, room.state.cues_ahead) == ([early, late], {})


def test_a_room_holds_back_so_many_cues_and_no_more() -> None:
    room = fold()
    cues = [Cue(f"c{number}", "x", 60_000, {}) for number in range(MAX_CUES_AHEAD + 1)]
    tick = room.tick([("", CueGiven(cue.id, cue)) for cue in cues], 1_000)
    assert outcomes(tick) == [Effect()] * MAX_CUES_AHEAD + [Refusal.OVERLOADED]
    assert len(room.state.cues_ahead) == MAX_CUES_AHEAD


def test_a_storm_of_cues_is_bounded_and_holds_up_nothing_else() -> None:
    room = fold()
    storm = [
        ("", CueGiven(f"e{number}", Cue(f"c{number}", "x", 1_000, {}))) for number in range(1000)
    ]
    tick = room.tick([*storm[:600], ("", PollOpened("o", poll())), *storm[600:]], 1_000)
    told = outcomes(tick)
    assert told[600] == Effect()
    taken = [each == Effect() for each in told[:600] + told[601:]]
    assert taken == [True] * PACE.burst + [False] * (1000 - PACE.burst)
    assert Refusal.RATE_LIMITED in told
    assert sum(len(frame.cues or []) for frame in tick.frames) == PACE.burst
    later = outcomes(room.tick(storm[:100], 2_000))
    assert later.count(Effect()) == 1000 / PACE.interval_ms


def test_what_ends_a_poll_by_itself_is_never_refused() -> None:
    room = fold()
    polls = [poll(f"p{number}") for number in range(PACE.burst)]
    room.tick([("", PollOpened(f"o{each.id}", each)) for each in polls], 1_000)
    ends = [("", PollFinished(f"f{each.id}", each.id, [0, 0], 0)) for each in polls * 3]
    assert set(map(str, outcomes(room.tick(ends, 1_000)))) == {str(Effect())}


def test_a_poll_is_extended_by_the_ticks_own_time() -> None:
    room = fold()
    room.tick([("", PollOpened("o", poll()))], 1_000)
    tick = room.tick([("", PollExtended("e", "p1", 9_000))], 5_000)
    assert outcome(tick) == Effect()
    assert [each.closes_at for each in tick.frames[0].polls or []] == [9_000]
    assert room.state.polls["p1"] == poll(closes_at=9_000, announced=True)
    tick = room.tick([("", PollExtended("l", "p1", 20_000))], 9_001)
    assert outcome(tick) is Refusal.IMPOSSIBLE_STEP
    assert (tick.frames, room.state.polls["p1"].closes_at) == ([], 9_000)


def test_several_steps_of_one_poll_in_a_tick_show_the_last() -> None:
    room = fold()
    room.tick([("", PollOpened("o", poll()))], 1_000)
    steps: Events = [
        ("", PollExtended("e", "p1", 9_000)),
        ("", PollStepped("x", "p1", "cancel", 1_001)),
    ]
    tick = room.tick(steps, 1_001)
    assert [(each.status, each.closes_at) for each in tick.frames[0].polls or []] == [
        ("cancelled", 9_000)
    ]
    assert outcomes(tick) == [Effect(), Effect()]


@pytest.mark.parametrize(
    "event",
    [
        PollStepped("s", "p9", "close", 1),
        PollExtended("s", "p9", 1),
        PollFinished("s", "p9", [0, 0], 0),
    ],
)
def test_a_poll_that_is_not_there_is_unknown(event: ControlEvent) -> None:
    assert outcome(fold().tick([("", event)], 1_000)) is Refusal.UNKNOWN_POLL


def test_a_cue_goes_to_everyone() -> None:
    cue = Cue("q1", "goal", 900, {"team": "home"})
    tick = fold().tick([("", CueGiven("e", cue))], 1_000)
    assert (tick.frames[0].cues, outcome(tick)) == ([cue], Effect())


def test_cards_go_to_everyone_and_their_sender_learns_what_became_of_each() -> None:
    room = fold()
    cards = [card(1_000), card(999), card(1_000), card(9_000)]
    tick = room.tick([("", StatsGiven("e", cards))], 1_000)
    assert outcome(tick) == Effect(fates=["taken", "late", "repeated", "waiting"])
    assert (tick.frames[0].overlays, tick.changed) == ([card(1_000)], {"overlays", "waiting"})
    assert list(room.state.waiting.values()) == [card(9_000)]


def test_time_alone_brings_the_cards_that_wait_and_drops_those_that_are_over() -> None:
    room = fold(max_latency=1_000)
    room.tick([("", StatsGiven("e", [card(1_000, "over"), card(9_000)]))], 1_000)
    tick = room.tick([], 7_000)
    assert (tick.frames[0].overlays, tick.frames[0].drop) == ([card(9_000)], [card(0, "over").id])
    assert list(room.state.overlays.values()) == [card(9_000)]


def test_more_cards_than_may_wait_are_refused_and_none_is_taken() -> None:
    room = fold()
    cards = [card(1_000), *(card(9_000 + n) for n in range(MAX_WAITING + 1))]
    tick = room.tick([("", StatsGiven("e", cards))], 1_000)
    assert outcome(tick) is Refusal.OVERLOADED
    assert (tick.frames, room.state.waiting) == ([], {})


def test_a_retraction_is_shown_recorded_and_told_to_the_author() -> None:
    room = fold()
    room.tick([("a1", said())], 1_000)
    tick = room.tick([("", Retracted("e", "a1", "ada"))], 1_001)
    assert (tick.frames[0].retract, tick.retracted, room.state.recent) == (["a1"], ["a1"], [])
    assert [(user, notice.code) for user, notice in tick.private.notices] == [("ada", "retracted")]
    assert room.state.unwanted == {}


def takes_back(comment: str, text: str = "hi", user: str = "ada") -> tuple[str, Retracted]:
    return "", Retracted("e", comment, user, crc32(text.encode()))


def test_what_was_taken_back_is_translated_in_no_commit() -> None:
    room = fold(languages=["es"])
    said = [TranslatedComment(each, "hola", "x") for each in ("c1", "c2")]
    found = Translated("t", [Translations("es", said)])
    for retracted, left in (("", ["c1", "c2"]), ("c1", ["c2"]), ("", ["c2"]), ("c2", [])):
        events: Events = [("", found), *([("", Retracted("r", retracted, "u"))] * bool(retracted))]
        commit = room.tick(events, 1_000).private.translations
        assert [each.id for part in commit for each in part.comments] == left


def test_a_text_that_was_taken_back_is_recorded_and_not_shown_for_ten_minutes() -> None:
    room = fold()
    room.tick([("a1", said())], 1_000)
    same_tick: Events = [("a2", said(user="bo")), takes_back("a1"), ("a3", said("no", "cy"))]
    tick = room.tick(same_tick, 1_200)
    assert ([each.id for each in shown(tick)], tick.overflow) == (["a3"], 0)
    assert [(row.id, row.merged_into) for row in tick.rows] == [("a3", ""), ("a2", "a1")]
    end = 1_200 + UNWANTED_MS
    assert room.state.unwanted == {crc32(b"hi"): Unwanted("a1", end)}
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(room.state), type=RoomState)
    heir = RoomFold(stored, {}, room.offset)
    for each in (room, heir):
        tick = each.tick([("a4", said(user="dan"))], end - 1)
        assert (shown(tick), tick.rows[0].shown, tick.rows[0].merged_into) == ([], False, "a1")
        assert [one.id for one in shown(each.tick([("a5", said(user="eve"))], end))] == ["a5"]
        each.tick([], end + 60_000)
        assert each.state.unwanted == {}


def test_approving_the_text_by_hand_makes_it_wanted_again() -> None:
    text = "fine after all"
    liking = dedupe_key(text)
    room = fold()
    room.tick([("a1", said(text, dedupe_key=liking))], 1_000)
    held = said(text, "bo", held=True, dedupe_key=liking)
    room.tick([("", Retracted("e", "a1", "ada", liking)), ("a2", held)], 70_000)
    assert room.state.unwanted.keys() == {liking}
    room.tick([("", HeldDecided("d", "a2", False)), ("a3", held)], 70_200)
    assert room.state.unwanted.keys() == {liking}
    tick = room.tick([("", HeldDecided("d", "a3", True))], 70_400)
    assert ([each.id for each in shown(tick)], room.state.unwanted) == (["a3"], {})
    tick = room.tick([("a4", said(text, "cy", dedupe_key=liking))], 140_000)
    assert [each.id for each in shown(tick)] == ["a4"]


def test_what_a_successor_remembers_is_not_counted_against_its_first_tick() -> None:
    room = fold()
    room.tick([("a1", said())], 1_000)
    successor = RoomFold(room.state, {}, 0)
    assert [each.id for each in successor.state.recent] == ["a1"]
    assert successor.selector.shown_texts.effort == 0


def test_a_ban_takes_back_nothing_that_was_said_before_or_by_others() -> None:
    room = fold()
    tick = room.tick([("a1", said()), ("a2", said(user="bo"))], 1_000)
    assert [(each.id, each.count) for each in shown(tick)] == [("a1", 2)]
    tick = room.tick([("", Sanctioned("b", "ada", "ban", None))], 1_200)
    assert (tick.frames, tick.retracted, room.state.unwanted) == ([], [], {})
    assert [each.id for each in room.state.recent] == ["a1"]
    tick = room.tick([("a3", said(user="cy"))], 70_000)
    assert [each.id for each in shown(tick)] == ["a3"]


def test_every_control_event_gets_its_outcome_in_order() -> None:
    events: Events = [
        ("", SettingsPut("e1", {"budget": 0}, True)),
        ("a1", said()),
        ("", CueGiven("e2", Cue("q", "x", 1, {}))),
        ("", PollStepped("e3", "no", "cancel", 1)),
    ]
    tick = fold().tick(events, 1_000)
    assert [each.event for each in tick.outcomes] == ["e1", "e2", "e3"]
    assert outcomes(tick) == [Refusal.BAD_MESSAGE, Effect(), Refusal.UNKNOWN_POLL]


def test_what_is_too_large_for_one_frame_becomes_several() -> None:
    room = fold(budget=1000)
    texts = ['"' * 470 + f"{n:04}" for n in range(300)]
    tick = room.tick([(f"c{n:04}", said(text)) for n, text in enumerate(texts)], 1_000)
    assert len(tick.frames) > 3
    assert [frame.offset for frame in tick.frames] == list(range(1, room.offset + 1))
    assert [each.text for each in shown(tick)] == texts
    for frame in tick.frames:
        assert len(encode(frame, "json")) <= MAX_SERVER_MESSAGE_BYTES
        assert len(encode(frame, "msgpack")) <= MAX_SERVER_MESSAGE_BYTES


# --- state plus frames equals state --------------------------------------------------------------

TEXTS = ("hi", "goal!", "no", "é" * 400)
users = st.sampled_from(["ada", "bo", "cy"])
polls = st.sampled_from(["p1", "p2"])
comment_ids = st.integers(1, 60).map(lambda n: f"c{n:04}")
controls: st.SearchStrategy[ControlEvent] = st.one_of(
    st.builds(
        SettingsPut,
        st.just("e"),
        st.sampled_from([{"budget": 2}, {"title": "x"}, {"tick": 1}, {"max_latency": 1_000}]),
        st.booleans(),
    ),
    st.builds(PollOpened, st.just("e"), polls.map(poll)),
    st.builds(
        PollStepped,
        st.just("e"),
        polls,
        st.sampled_from(["close", "reveal", "cancel"]),
        st.integers(0, 9_000),
    ),
    st.builds(PollExtended, st.just("e"), polls, st.integers(0, 9_000)),
    st.builds(PollFinished, st.just("e"), polls, st.just([1, 2]), st.just(3)),
    st.builds(PollResolved, st.just("e"), polls, st.integers(-1, 3)),
    st.builds(
        CueGiven,
        st.just("e"),
        st.builds(Cue, st.just("q"), st.just("goal"), st.integers(0, 9_000), st.just({})),
    ),
    st.builds(
        StatsGiven,
        st.just("e"),
        st.lists(
            st.builds(
                card,
                st.integers(0, 14_000),
                st.sampled_from("ab"),
                st.integers(0, 2),
                st.sampled_from([0, 500]),
            ),
            max_size=4,
        ),
    ),
    st.builds(
        Retracted,
        st.just("e"),
        comment_ids,
        users,
        st.sampled_from([None, *(crc32(text.encode()) for text in TEXTS)]),
    ),
    st.builds(HeldDecided, st.just("e"), comment_ids, st.booleans()),
    st.builds(
        Sanctioned,
        st.just("e"),
        users,
        st.sampled_from(["mute", "ban"]),
        st.none() | st.integers(0, 9_000),
    ),
    st.builds(Restored, st.just("e"), users),
)
texts = st.sampled_from(TEXTS)
spoken = st.builds(said, texts, users, weight=st.floats(0, 10), held=st.booleans())
ticks = st.lists(
    st.tuples(st.integers(0, 2_000), st.lists(spoken | spoken | controls, max_size=12)),
    min_size=1,
    max_size=8,
)


@dataclass
class Viewer:
    """What a client makes of a welcome and of the frames after it, as the contract tells it."""

    settings: Settings
    polls: dict[str, Poll] = field(default_factory=dict)
    recent: list[Comment] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    overlays: dict[str, Overlay] = field(default_factory=dict)

    @classmethod
    def welcomed(cls, state: RoomState) -> Viewer:
        public = {
            name: views.for_viewers(poll) for name, poll in state.polls.items() if poll.announced
        }
        cues, overlays = list(state.cues), dict(state.overlays)
        return cls(state.settings, public, list(state.recent), cues, overlays)

    def sees(self, payload: bytes) -> None:
        raw = msgspec.msgpack.decode(payload)
        if "settings" in raw:
            self.settings = msgspec.convert(raw["settings"], Settings)
        self.polls |= {each["id"]: msgspec.convert(each, Poll) for each in raw.get("polls", [])}
        self.recent += msgspec.convert(raw.get("comments", []), list[Comment])
        gone = set(raw.get("retract", []))
        self.recent = [each for each in self.recent if each.id not in gone][-RECENT_COMMENTS:]
        overlays = msgspec.convert(raw.get("overlays", []), list[Overlay])
        self.overlays |= {each.id: each for each in overlays}
        for name in raw.get("drop", []):
            del self.overlays[name]
        if "cues" in raw:  # a welcome leaves out those that lie too far back
            oldest = raw["now"] - self.settings.max_latency
            cues = [each for each in self.cues if each.at >= oldest]
            self.cues = [*cues, *msgspec.convert(raw["cues"], list[Cue])][-CUES_KEPT:]


@settings(max_examples=150)
@given(ticks, st.data())
def test_a_state_of_any_moment_and_the_frames_after_it_are_the_sequencers_own(
    rounds: list[tuple[int, list[CommentEvent | ControlEvent]]], data: st.DataObject
) -> None:
    room, now, number = fold(budget=5), 0, 0
    loaded = data.draw(st.integers(0, len(rounds) - 1))
    recorded: list[str] = []
    entered: list[str] = []
    replica: Replica | None = None
    viewer = Viewer(room.state.settings)
    for seq, (step_ms, said_now) in enumerate(rounds):
        if seq == loaded:
            # As it lies in the store, and as a process makes a replica of it.
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(room.state), type=RoomState)
            replica = Replica("e", seq, room.offset, state)
            viewer = Viewer.welcomed(state)
        now += step_ms
        events: list[tuple[str, CommentEvent | ControlEvent]] = []
        for event in said_now:
            number += isinstance(event, CommentEvent)
            events.append((f"c{number:04}" if isinstance(event, CommentEvent) else "", event))
        entered += [name for name, _ in events if name]
        before = room.offset
        tick = room.tick(events, now)
        recorded += [row.id for row in tick.rows]
        frames = [encode(frame, "msgpack") for frame in tick.frames]
        assert [decode_frame(each).offset for each in frames] == list(
            range(before + 1, room.offset + 1)
        )
        assert len(tick.outcomes) == sum(not name for name, _ in events)
        if replica is not None:
            envelope = Commit("e", seq + 1, room.offset, now, frames, tick.private)
            wired = msgspec.msgpack.decode(msgspec.msgpack.encode(envelope), type=Commit)
            assert isinstance(replica.apply(wired), list)
            for payload in frames:
                viewer.sees(payload)
    assert replica is not None
    assert replica.state == room.state
    assert viewer == Viewer.welcomed(room.state)
    # Every comment is in the record once, or held, or was turned away by hand.
    assert len(recorded) == len(set(recorded))
    assert set(recorded) | room.held.keys() <= set(entered)
    assert not set(recorded) & room.held.keys()


# --- comments from elsewhere ---------------------------------------------------------------------


def test_imported_comments_go_into_the_record_and_nowhere_else() -> None:
    room = fold()
    rows = [Row("x1", 500, "bo", "Bo", "of old", 3.0, shown=True, count=2)]
    tick = room.tick([("", CommentsImported("e1", rows)), ("a1", said("of now"))], 1_000)
    assert [each.text for each in shown(tick)] == ["of now"]
    assert [row.id for row in tick.rows] == ["a1", "x1"]
    assert tick.rows[1] == rows[0]
    assert (tick.shown, room.pulse.read(1_000)) == (1, fold_of("of now").pulse.read(1_000))
    assert outcome(tick) == Effect()


def fold_of(text: str) -> RoomFold:
    room = fold()
    room.tick([("a1", said(text))], 1_000)
    return room


def test_a_mute_that_is_over_is_forgotten_within_a_minute() -> None:
    room = fold()
    room.tick([("", Sanctioned(f"m{n}", f"u{n}", "mute", 2_000)) for n in range(3)], 1_000)
    room.tick([("", Sanctioned("b", "bo", "ban", None))], 2_000)
    assert len(room.state.sanctions) == 4
    tick = room.tick([("", Sanctioned("m", "u1", "mute", 90_000))], 61_000)
    assert tick.private.sanctions == {"u0": None, "u1": Sanction("mute", 90_000), "u2": None}
    assert room.state.sanctions == {"bo": Sanction("ban"), "u1": Sanction("mute", 90_000)}


def test_a_room_bars_so_many_and_says_so() -> None:
    room = fold()
    room.state.sanctions |= {f"u{n}": Sanction("ban") for n in range(MAX_BARS)}
    tick = room.tick([("", Sanctioned("m1", "ada", "ban", None))], 1_000)
    assert outcome(tick) is Refusal.OVERLOADED
    assert tick.private.sanctions == {}
    assert tick.private.notices == []


def test_a_room_that_is_full_of_bars_changes_those_it_has_and_one_lifted_makes_place() -> None:
    room = fold()
    room.state.sanctions |= {f"u{n}": Sanction("mute") for n in range(MAX_BARS)}
    events: Events = [
        ("", Sanctioned("m1", "u1", "ban", None)),
        ("", Restored("m2", "u2")),
        ("", Sanctioned("m3", "ada", "ban", None)),
        ("", Sanctioned("m4", "bo", "ban", None)),
    ]
    tick = room.tick(events, 1_000)
    assert outcomes(tick) == [*[Effect()] * 3, Refusal.OVERLOADED]
    assert len(room.state.sanctions) == MAX_BARS


def test_staff_is_known_for_a_week_and_the_longest_gone_makes_place() -> None:
    room = fold()
    came = [("", StaffCame(f"s{n}", f"m{n}", "moderator", f"Mo {n}")) for n in range(MAX_STAFF)]
    for n, each in enumerate(came):
        room.tick([each], n)
    assert len(room.state.staff) == MAX_STAFF
    assert room.state.staff["m0"] == Staff("moderator", "Mo 0", STAFF_KNOWN_MS)
    room.tick([came[0], ("", StaffCame("p", "p", "producer", "Pia"))], 1_000)
    assert "m1" not in room.state.staff
    assert room.state.staff.keys() >= {"m0", "m2", "p"}
    room.tick([], STAFF_KNOWN_MS + 999)
    assert room.state.staff.keys() == {"m0", "p"}


def test_the_role_of_a_comment_is_shown_held_and_recorded() -> None:
    room = fold()
    tick = room.tick([("a1", said("one", role="moderator")), ("a2", said("two", "bo"))], 1_000)
    assert [(each.id, each.role) for each in shown(tick)] == [("a1", "moderator"), ("a2", UNSET)]
    assert [(row.id, row.role) for row in tick.rows] == [("a1", "moderator"), ("a2", "viewer")]
    tick = room.tick([("a3", said("three", "pia", role="producer", held=True))], 1_100)
    assert [each.role for each in tick.private.held] == ["producer"]
    tick = room.tick([("", HeldDecided("d", "a3", True))], 1_200)
    assert [(each.id, each.role) for each in shown(tick)] == [("a3", "producer")]


def test_hints_of_the_banned_are_bounded_end_and_go_with_the_ban() -> None:
    room = fold()
    many = [("", GuestBanned(f"g{n}", f"u{n}", {f"a{n}": 1_000 + n})) for n in range(MAX_HINTS)]
    room.tick(many, 0)
    room.tick([("", GuestBanned("g", "ada", {"da": 9_000, "aa": 5_000}))], 1)
    assert len(room.state.hints) == MAX_HINTS
    assert room.state.hints.keys().isdisjoint({"a0", "a1"})
    assert room.state.hints["da"] == Hint("ada", 9_000)
    room.tick([("", Restored("r", "ada"))], 2)
    assert room.state.hints.keys().isdisjoint({"da", "aa"})
    room.tick([], 61_000)
    assert room.state.hints == {}
