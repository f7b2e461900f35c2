from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from grandstand.domain import polls
from grandstand.domain.polls import STEPS, ImpossibleStepError, PollRecord, Step
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import PollStatus
from msgspec import UNSET
from msgspec.structs import replace

STATUSES: tuple[PollStatus, ...] = get_args(PollStatus)
STEP_NAMES: tuple[Step, ...] = get_args(Step)
TAKE: dict[Step, Callable[[PollRecord], PollRecord]] = {
    "extend": lambda poll: polls.extend(poll, 3_000, 1_500),
    "close": lambda poll: polls.close(poll, 1_500, None),
    "finish": lambda poll: polls.finish(poll, [2, 1], 3),
    "reveal": polls.reveal,
    "cancel": polls.cancel,
}


def poll(**changes: Any) -> PollRecord:
    plain = PollRecord(
        id="p",
        kind="single",
        question="Who wins?",
        options=["home", "away"],
        opens_at=1_000,
        closes_at=2_000,
        grace=500,
    )
    return replace(plain, **changes)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("step", STEP_NAMES)
def test_a_step_leads_where_the_table_says_or_is_impossible(status: PollStatus, step: Step) -> None:
    before = poll(status=status, final=status in ("closed", "revealed"), tally=[1, 0], voters=1)
    copy = replace(before)
    if (status, step) in STEPS:
        after = TAKE[step](before)
        assert after.status == STEPS[status, step]
        if status == after.status and step != "close" and before.final:
            assert after == before
    else:
        with pytest.raises(ImpossibleStepError, match=f"can't {step} a poll that is {status}"):
            TAKE[step](before)
    assert before == copy


@pytest.mark.parametrize("step", STEP_NAMES)
def test_a_step_taken_again_changes_nothing(step: Step) -> None:
    before = poll(status="closed", final=True) if step == "reveal" else poll()
    once = TAKE[step](before)
    assert TAKE[step](once) == once


def test_nothing_is_revealed_before_it_is_final() -> None:
    with pytest.raises(ImpossibleStepError):
        polls.reveal(polls.close(poll(), 1_200, None))


def test_a_close_ends_the_window_now_and_never_later() -> None:
    assert polls.close(poll(), 1_500, None).closes_at == 1_500
    assert polls.close(poll(), 3_000, None).closes_at == 2_000
    early = polls.close(poll(), 400, 0)
    assert (early.opens_at, early.closes_at, early.grace) == (400, 400, 0)


def test_an_extended_window_ends_later_and_never_sooner() -> None:
    cast = poll(tally=[2, 1], voters=3)
    assert polls.extend(cast, 9_000, 2_000) == replace(cast, closes_at=9_000)
    assert polls.extend(cast, 1_600, 1_500) == cast
    assert polls.extend(cast, 9_000, 0).opens_at == cast.opens_at


def test_what_is_over_is_not_extended() -> None:
    with pytest.raises(ImpossibleStepError, match="window is over"):
        polls.extend(poll(), 9_000, 2_001)
    with pytest.raises(ImpossibleStepError, match="window is over"):
        polls.extend(polls.close(poll(), 1_200, None), 9_000, 1_201)


def test_a_closed_polls_window_stays() -> None:
    ended = poll(status="closed", final=True)
    assert polls.close(ended, 1_100, 0) == ended


def test_the_final_result_never_changes() -> None:
    final = polls.finish(poll(), [2, 1], 3)
    assert polls.finish(final, [9, 9], 18) == final


def test_a_vote_counts_by_its_moment_and_its_arrival() -> None:
    one = poll()
    assert polls.counts(one, 1_000, 1_000)
    assert polls.counts(one, 2_000, 2_499)
    assert not polls.counts(one, 999, 1_500)
    assert not polls.counts(one, 2_001, 2_100)
    assert not polls.counts(one, 1_500, 2_500)
    assert not polls.counts(polls.cancel(one), 1_500, 1_500)


@pytest.mark.parametrize("choices", [[0, 0], [2], [-1], [0, 1], []])
def test_choices_that_the_poll_does_not_take_are_refused(choices: list[int]) -> None:
    with pytest.raises(RefusedError) as refused:
        polls.check_choices(poll(), choices)
    assert refused.value.code is ErrorCode.BAD_CHOICE


def test_as_many_choices_as_the_poll_takes_are_fine() -> None:
    polls.check_choices(poll(kind="multiple", max_choices=2), [1, 0])


def test_what_viewers_see_hides_what_the_producer_hides() -> None:
    told = {"tally": [2, 1], "voters": 3}
    assert poll(**told).public().tally == [2, 1]
    for show in ("voted", "revealed"):
        hidden = poll(show_tally=show, **told)
        assert hidden.public().tally is UNSET
        assert hidden.public().voters is UNSET
        assert hidden.for_producers().tally == [2, 1]
        assert replace(hidden, status="revealed").public().tally == [2, 1]
    assert poll(status="cancelled", **told).public().tally is UNSET


def test_the_answer_is_shown_once_revealed_and_never_before() -> None:
    for status in STATUSES:
        answer = poll(kind="quiz", answer=1, status=status).public().answer
        assert answer == (1 if status == "revealed" else UNSET)


def test_only_polls_of_several_choices_tell_how_many() -> None:
    assert poll().public().max_choices is UNSET
    assert poll(kind="multiple", max_choices=2).public().max_choices == 2
