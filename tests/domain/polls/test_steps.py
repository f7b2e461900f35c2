from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from grandstand.domain.polls import steps
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.steps import STEPS, ImpossibleStepError, Step
from grandstand.wire.audits import Audit
from grandstand.wire.messages import PollStatus
from msgspec.structs import replace

from tests.domain.polls.examples import poll

STATUSES: tuple[PollStatus, ...] = get_args(PollStatus)
STEP_NAMES: tuple[Step, ...] = get_args(Step)
AUDIT = Audit("0" * 64, 3, "sha256-merkle-v1", "0" * 128, "key")
TAKE: dict[Step, Callable[[PollRecord], PollRecord]] = {
    "extend": lambda poll: steps.extend(poll, 3_000, 1_500),
    "close": lambda poll: steps.close(poll, 1_500, None),
    "finish": lambda poll: steps.finish(poll, [2, 1], 3),
    "audit": lambda poll: steps.audit(poll, AUDIT),
    "reveal": steps.reveal,
    "resolve": lambda poll: steps.resolve(poll, 1),
    "cancel": steps.cancel,
}
OF_STEP: dict[Step, dict[str, Any]] = {
    "resolve": {"kind": "prediction", "answer": 1},
    "audit": {"audited": AUDIT},
}
"""What a poll has that takes the step."""


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("step", STEP_NAMES)
def test_a_step_leads_where_the_table_says_or_is_impossible(status: PollStatus, step: Step) -> None:
    votes = {"final": status in ("closed", "revealed"), "tally": [1, 0], "voters": 1}
    before = poll(status=status, **votes, **OF_STEP.get(step, {}))
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
    ended = {"status": "closed", "final": True} if step in ("audit", "reveal", "resolve") else {}
    before = poll(**ended, **OF_STEP.get(step, {}))
    once = TAKE[step](before)
    assert TAKE[step](once) == once


def test_nothing_is_revealed_before_it_is_final() -> None:
    with pytest.raises(ImpossibleStepError):
        steps.reveal(steps.close(poll(), 1_200, None))


def test_what_is_resolved_has_its_answer_and_keeps_it() -> None:
    closed = poll(kind="prediction", status="closed", final=True)
    resolved = steps.resolve(closed, 1)
    assert resolved == replace(closed, status="revealed", answer=1)
    assert steps.reveal(resolved) == resolved
    with pytest.raises(ImpossibleStepError, match="its answer is 1"):
        steps.resolve(resolved, 0)
    for nowhere in (-1, 2):
        with pytest.raises(ImpossibleStepError, match="from 0 to 1"):
            steps.resolve(closed, nowhere)


def test_nothing_is_resolved_whose_kind_has_no_later_answer() -> None:
    for status in STATUSES:
        with pytest.raises(ImpossibleStepError, match="of the kind quiz"):
            steps.resolve(poll(kind="quiz", answer=1, status=status), 1)


def test_a_close_ends_the_window_now_and_never_later() -> None:
    assert steps.close(poll(), 1_500, None).closes_at == 1_500
    assert steps.close(poll(), 3_000, None).closes_at == 2_000
    early = steps.close(poll(), 400, 0)
    assert (early.opens_at, early.closes_at, early.grace) == (400, 400, 0)


def test_an_extended_window_ends_later_and_never_sooner() -> None:
    cast = poll(tally=[2, 1], voters=3)
    assert steps.extend(cast, 9_000, 2_000) == replace(cast, closes_at=9_000)
    assert steps.extend(cast, 1_600, 1_500) == cast
    assert steps.extend(cast, 9_000, 0).opens_at == cast.opens_at


def test_what_is_over_is_not_extended() -> None:
    with pytest.raises(ImpossibleStepError, match="window is over"):
        steps.extend(poll(), 9_000, 2_001)
    with pytest.raises(ImpossibleStepError, match="window is over"):
        steps.extend(steps.close(poll(), 1_200, None), 9_000, 1_201)


def test_a_closed_polls_window_stays() -> None:
    ended = poll(status="closed", final=True)
    assert steps.close(ended, 1_100, 0) == ended


def test_the_final_result_never_changes() -> None:
    final = steps.finish(poll(), [2, 1], 3)
    assert steps.finish(final, [9, 9], 18) == final


def test_an_audit_is_of_a_final_result_and_the_first_one_stays() -> None:
    with pytest.raises(ImpossibleStepError):
        steps.audit(poll(), AUDIT)
    closed = poll(status="closed", final=True)
    audited = steps.audit(closed, AUDIT)
    assert audited == replace(closed, audited=AUDIT)
    assert steps.audit(audited, replace(AUDIT, key="another")) == audited
