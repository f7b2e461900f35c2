from __future__ import annotations

from typing import get_args

from grandstand.domain.polls.views import for_producers, for_viewers
from grandstand.wire.messages import PollStatus
from msgspec import UNSET
from msgspec.structs import replace

from tests.domain.polls.examples import poll

STATUSES: tuple[PollStatus, ...] = get_args(PollStatus)


def test_what_viewers_see_hides_what_the_producer_hides() -> None:
    told = {"tally": [2, 1], "voters": 3}
    assert for_viewers(poll(**told)).tally == [2, 1]
    for show in ("voted", "revealed"):
        hidden = poll(show_tally=show, **told)
        assert for_viewers(hidden).tally is UNSET
        assert for_viewers(hidden).voters is UNSET
        assert for_producers(hidden).tally == [2, 1]
        assert for_viewers(replace(hidden, status="revealed")).tally == [2, 1]
    assert for_viewers(poll(status="cancelled", **told)).tally is UNSET


def test_the_answer_is_shown_once_revealed_and_never_before() -> None:
    for status in STATUSES:
        answer = for_viewers(poll(kind="quiz", answer=1, status=status)).answer
        assert answer == (1 if status == "revealed" else UNSET)


def test_viewers_know_whether_votes_have_weights() -> None:
    assert for_viewers(poll(weights=True)).weights
    assert not for_viewers(poll()).weights


def test_producers_alone_are_told_the_tag() -> None:
    assert for_viewers(poll(tag="encore", status="revealed")).tag is UNSET
    assert for_producers(poll(tag="encore")).tag == "encore"
    assert for_producers(poll()).tag is UNSET


def test_only_polls_of_several_choices_tell_how_many() -> None:
    assert for_viewers(poll()).max_choices is UNSET
    assert for_viewers(poll(kind="multiple", max_choices=2)).max_choices == 2
