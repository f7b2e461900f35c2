from __future__ import annotations

import pytest
from grandstand.domain.polls import steps, votes
from grandstand.wire.codes import ErrorCode, RefusedError

from tests.domain.polls.examples import poll


def test_a_vote_counts_by_its_moment_and_its_arrival() -> None:
    one = poll()
    assert votes.counts(one, 1_000, 1_000)
    assert votes.counts(one, 2_000, 2_499)
    assert not votes.counts(one, 999, 1_500)
    assert not votes.counts(one, 2_001, 2_100)
    assert not votes.counts(one, 1_500, 2_500)
    assert not votes.counts(steps.cancel(one), 1_500, 1_500)


@pytest.mark.parametrize("choices", [[0, 0], [2], [-1], [0, 1], []])
def test_choices_that_the_poll_does_not_take_are_refused(choices: list[int]) -> None:
    with pytest.raises(RefusedError) as refused:
        votes.check_choices(poll(), choices)
    assert refused.value.code is ErrorCode.BAD_CHOICE


def test_as_many_choices_as_the_poll_takes_are_fine() -> None:
    votes.check_choices(poll(kind="multiple", max_choices=2), [1, 0])
