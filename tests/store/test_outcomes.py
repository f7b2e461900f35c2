"""Outcomes in commits: servers of this version and of the one before understand each other."""

from __future__ import annotations

import msgspec
import pytest
from grandstand.domain import envelope
from grandstand.domain.envelope import Commit
from grandstand.domain.events import (
    ClockReset,
    ControlEvent,
    HeldDecidedTogether,
    PollStepped,
    Restored,
    SettingsPut,
    StatsGiven,
)
from grandstand.domain.outcome import Effect, Outcome, Refusal, Refused, Result
from grandstand.domain.state import OutcomeRecord, PrivateChanges
from grandstand.store.outcomes import record, result_of

HEAD = (
    b"\x87\xa4type\xa6commit\xa5epoch\xa1e\xa3seq\x01\xa6offset\x00\xa3now\x05\xa6frames\x90"
    b"\xa6asides\x81\xa8outcomes\x91"
)

PUBLISHED: list[tuple[ControlEvent, Result, bytes]] = [
    (ClockReset("e", 5), Effect(new_epoch=True), b"\x82\xa5event\xa1e\xa6result\xa5clock"),
    (SettingsPut("e", {}, True), Effect(new_epoch=True), b"\x82\xa5event\xa1e\xa6result\xa5clock"),
    (SettingsPut("e", {}, True), Effect(), b"\x81\xa5event\xa1e"),
    (
        StatsGiven("e", []),
        Effect(fates=["taken", "waiting", "late", "repeated"]),
        b"\x82\xa5event\xa1e\xa6result\xa4twlr",
    ),
    (
        HeldDecidedTogether("e", ["a", "b", "c"], True),
        Effect(decided=["a", "c"]),
        b"\x82\xa5event\xa1e\xa6result\xa3a c",
    ),
    (HeldDecidedTogether("e", ["a"], True), Effect(decided=[]), b"\x81\xa5event\xa1e"),
    (Restored("e", "u"), Effect(), b"\x81\xa5event\xa1e"),
    (
        PollStepped("e", "p", "reveal", 1),
        Refused(Refusal.IMPOSSIBLE_STEP, "no"),
        b"\x84\xa5event\xa1e\xa6status\xcd\x01\x99\xa4code\xafimpossible_step\xa7message\xa2no",
    ),
]
"""Events, what becomes of them, and how the version before wrote that."""


@pytest.mark.parametrize(("event", "result", "published"), PUBLISHED)
def test_what_another_version_published_is_read(
    event: ControlEvent, result: Result, published: bytes
) -> None:
    commit = envelope.decode(HEAD + published)
    assert isinstance(commit, Commit)
    (told,) = commit.private.outcomes
    assert result_of(event, told) == result


@pytest.mark.parametrize(("event", "result", "published"), PUBLISHED)
def test_what_is_published_another_version_reads(
    event: ControlEvent, result: Result, published: bytes
) -> None:
    private = PrivateChanges(outcomes=[record(Outcome(event.id, result))])
    payload = envelope.encode(Commit("e", 1, 0, 5, [], private))
    read = msgspec.msgpack.decode  # a map's head has room for the fields that it might have
    assert read(payload) == read(HEAD + published)


def test_what_the_version_before_tells_of_a_poll_is_no_fate() -> None:
    told = msgspec.msgpack.decode(b"\x82\xa5event\xa1e\xa6result\xa2tw", type=OutcomeRecord)
    assert result_of(PollStepped("e", "tw", "close", 1), told) == Effect()


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (Refusal.BAD_MESSAGE, 422),
        (Refusal.UNKNOWN_COMMENT, 404),
        (Refusal.UNKNOWN_POLL, 404),
        (Refusal.IMPOSSIBLE_STEP, 409),
        (Refusal.OVERLOADED, 503),
        (Refusal.INTERNAL_ERROR, 500),
    ],
)
def test_the_version_before_answers_a_refusal_with_the_same_status(
    code: Refusal, number: int
) -> None:
    told = record(Outcome("e", Refused(code, "words")))
    assert (told.number, told.code, told.message) == (number, code, "words")


def test_a_refusal_that_only_a_newer_version_knows_keeps_its_word() -> None:
    told = OutcomeRecord("e", 410, "of_tomorrow", "words")
    assert result_of(Restored("e", "u"), told) == Refused("of_tomorrow", "words")


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_can_be_stored(refusal: Refusal) -> None:
    stored = record(Outcome("e", Refused(refusal, "no")))
    assert result_of(Restored("e", "u"), stored) == Refused(refusal, "no")
