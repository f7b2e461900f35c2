"""The order of faults, and which of them wait for the store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from grandstand.domain.identity import Identity, Role, neutral_name
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import RoomState, Sanction, Staff
from grandstand.domain.utterance import Utterance
from grandstand.edge import validation
from grandstand.edge.playhead import UNSURE_MS, Playhead
from grandstand.moderation.names import Names
from grandstand.text.normalise import clean
from grandstand.wire.codec import BadMessageError
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import PostComment, Vote
from grandstand.wire.settings import Settings

NOW = 1_000_000
ADA = Identity("ada", "Ada", "viewer", frozenset("*"))
GUEST = Identity("g", "Guest", "viewer", frozenset("*"), guest=True)
MODERATOR = Identity("m", "Mod", "moderator", frozenset("*"))
LIMITED = RefusedError(ErrorCode.RATE_LIMITED, "slower", 0.1)
POLL = PollRecord(
    id="p",
    kind="multiple",
    question="Who?",
    options=["A", "B", "C"],
    opens_at=NOW - 1000,
    closes_at=NOW + 1000,
    grace=5000,
    max_choices=2,
)


def state(**settings: Any) -> RoomState:
    whole = msgspec.convert(settings, Settings)
    return RoomState(settings=whole, polls={"p": POLL})


def answer(told: object) -> None:
    raise AssertionError("nothing is answered at the door")


def comment(
    text: str = "hi",
    who: Identity | None = ADA,
    at: int | None = None,
    limited: RefusedError | None = None,
    room: RoomState | None = None,
) -> Any:
    message = PostComment("1", text) if at is None else PostComment("1", text, at=at)
    return validation.comment(message, who, "u", room or state(), NOW, limited, answer)


def test_a_text_far_too_long_is_not_even_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def counting(text: str) -> str:
        lengths.append(len(text))
        return clean(text)

    monkeypatch.setattr(validation, "clean", counting)
    assert comment(" " * 298 + "hi").utterance.text == "hi"
    for dear in ("a\u0301" * 1300, "  a" * 1300, "a\u200d" * 1000, " " * 4000):
        refused = comment(dear, limited=None)
        assert refused.instead.code is ErrorCode.TOO_LONG
    assert lengths == [300]


def vote(
    *choices: int,
    poll: str = "p",
    who: Identity | None = ADA,
    at: int | None = None,
    limited: RefusedError | None = None,
    room: RoomState | None = None,
) -> Any:
    chosen = list(choices or (0,))
    message = Vote("1", poll, chosen) if at is None else Vote("1", poll, chosen, at=at)
    return validation.vote(message, who, "u", room or state(), NOW, limited, answer)


def test_a_comment_without_a_time_gets_the_programme_clocks() -> None:
    entered = comment("  two \n words ")
    assert entered.utterance == Utterance("u", "Ada", NOW, "two words")
    assert entered.instead is None


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"who": None, "text": ""}, ErrorCode.UNAUTHORIZED),
        ({"who": None, "limited": LIMITED}, ErrorCode.UNAUTHORIZED),
        ({"text": " ", "limited": LIMITED}, ErrorCode.BAD_MESSAGE),
        ({"text": "x" * 101, "limited": LIMITED}, ErrorCode.TOO_LONG),
        ({"at": NOW + 2001, "limited": LIMITED}, ErrorCode.BAD_TIME),
        ({"limited": LIMITED, "room": state(shield=True)}, ErrorCode.RATE_LIMITED),
    ],
)
def test_what_stops_a_comment_at_the_door(asked: dict[str, Any], code: ErrorCode) -> None:
    with pytest.raises(RefusedError) as refused:
        comment(**asked)
    assert refused.value.code is code


def test_a_guest_who_may_not_comment_is_told_so_before_faults_of_fields() -> None:
    room = state(guests="watch")
    assert comment("x" * 101, GUEST, room=room).instead.code is ErrorCode.FORBIDDEN
    assert comment("", GUEST, room=room).instead.code is ErrorCode.FORBIDDEN
    assert comment("hi", ADA, room=room).instead is None


@pytest.mark.parametrize(
    ("at", "is_good"), [(NOW + 2000, True), (NOW + 2001, False), (NOW - 60_000, True), (0, False)]
)
def test_the_time_of_comments_and_votes_has_the_same_bounds(at: int, is_good: bool) -> None:
    code = None if is_good else ErrorCode.BAD_TIME
    assert getattr(comment(at=at).instead, "code", None) is code
    cast = vote(at=at).instead
    assert (cast is not None and cast.code is ErrorCode.BAD_TIME) == (not is_good)


def test_a_mute_tells_when_it_ends() -> None:
    room = state()
    room.sanctions = {"u": Sanction("mute", NOW + 4000)}
    assert comment(room=room).instead.retry_after == 4.0
    room.sanctions = {"u": Sanction("mute")}
    assert comment(room=room).instead.retry_after == validation.FOR_GOOD_RETRY_S
    room.sanctions = {"u": Sanction("mute", NOW)}
    assert comment(room=room).instead is None


def test_the_shield_keeps_viewers_from_commenting_and_from_nothing_else() -> None:
    room = state(shield=True)
    assert comment(room=room).instead.code is ErrorCode.SHIELDED
    assert comment(who=MODERATOR, room=room).instead is None
    assert vote(room=room).instead is None


@pytest.mark.parametrize("choices", [(3,), (0, 0), (0, 1, 2)])
def test_choices_that_the_poll_does_not_take_are_bad_whatever_the_time(
    choices: tuple[int, ...],
) -> None:
    assert vote(*choices, at=0).instead.code is ErrorCode.BAD_CHOICE
    with pytest.raises(RefusedError) as refused:
        vote(*choices, limited=LIMITED)
    assert refused.value.code is ErrorCode.BAD_CHOICE


def test_an_unknown_poll_is_looked_for_last() -> None:
    for asked, code in (
        ({"who": None}, ErrorCode.UNAUTHORIZED),
        ({"who": GUEST}, ErrorCode.FORBIDDEN),
        ({"at": 0}, ErrorCode.BAD_TIME),
        ({"limited": LIMITED}, ErrorCode.RATE_LIMITED),
        ({}, ErrorCode.UNKNOWN_POLL),
    ):
        with pytest.raises(RefusedError) as refused:
            vote(poll="none", **asked)
        assert refused.value.code is code


@pytest.mark.parametrize(
    ("at", "counts"),
    [(NOW - 1000, True), (NOW - 1001, False), (NOW + 1000, True), (NOW + 1001, False)],
)
def test_a_vote_counts_within_the_window_both_ends_included(at: int, counts: bool) -> None:
    cast = vote(at=at)
    assert (cast.instead is None) == counts
    assert counts or cast.instead.code is ErrorCode.POLL_NOT_OPEN


def test_who_said_that_the_picture_was_past_the_end_cannot_go_back_to_vote() -> None:
    def cast(said: int) -> Any:
        playhead = Playhead()
        playhead.claim(said)
        return validation.vote(
            Vote("1", "p", [0], at=NOW), ADA, "u", state(), NOW, None, answer, playhead
        )

    assert cast(POLL.closes_at + UNSURE_MS).instead is None
    refused = cast(POLL.closes_at + UNSURE_MS + 1).instead
    assert refused.code is ErrorCode.POLL_NOT_OPEN
    assert "past the end" in refused.message


def test_a_vote_has_its_weight_only_where_the_poll_weighs() -> None:
    who = replace(ADA, weight=250)
    assert vote(who=who).weight == 1
    room = state()
    room.polls["p"] = msgspec.structs.replace(POLL, weights=True)
    assert vote(who=who, room=room).weight == 250


def test_a_vote_says_how_long_after_the_opening_and_by_which_name() -> None:
    cast = vote(at=NOW - 1)
    assert (cast.ms, cast.name) == (999, "Ada")
    assert vote(at=NOW - 1001).ms == 0


@pytest.mark.parametrize("kind", ["comment", "vote"])
def test_where_fields_are_wrong_identity_is_looked_at_first(kind: str) -> None:
    fault = BadMessageError("wrong", "1", kind)
    assert validation.by_identity(fault, None, Settings()).code is ErrorCode.UNAUTHORIZED
    guests = Settings(guests="watch")
    assert validation.by_identity(fault, GUEST, guests).code is ErrorCode.FORBIDDEN
    assert validation.by_identity(fault, ADA, guests) is fault
    other = BadMessageError("wrong", "1", "time")
    assert validation.by_identity(other, None, Settings()) is other


NAMES = Names.load()


def shown_as(name: str, role: Role = "viewer", guest: bool = False, **settings: Any) -> str:
    """What somebody is called in a room whose staff is Alice."""
    room = state(**settings)
    room.staff["s"] = Staff("moderator", "Alice", NOW + 1)
    identity = Identity("u", name, role, frozenset("*"), guest)
    return validation.named(identity, "u", room, NAMES).name


def test_a_name_that_the_room_does_not_take_is_shown_as_a_neutral_one() -> None:
    neutral = neutral_name("u")
    assert neutral.startswith("Viewer ")
    assert shown_as("Ada") == "Ada"
    assert shown_as("Al1ce") == shown_as("Alice", guest=True) == neutral
    assert shown_as("idiot") == shown_as("t.me/x") == shown_as("Moderator") == neutral
    assert shown_as("idiot", moderation={"level": 0}) == "idiot"
    assert shown_as("Alice", "moderator") == "Alice"
    assert shown_as("Moderator", "producer") == "Moderator"


def test_the_staff_s_own_name_is_theirs_as_a_viewer_too() -> None:
    room = state()
    room.staff["s"] = Staff("moderator", "Alice", NOW + 1)
    alice = Identity("s", "Alice", "viewer", frozenset("*"))
    assert validation.named(alice, "s", room, NAMES) is alice
