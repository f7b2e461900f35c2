"""What was said and not answered: sent again, given up, and at which pace."""

from __future__ import annotations

import pytest
from grandstand.client.pending import PACE, REMEMBERED_S, Pending, Request
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import Error, PostComment, Vote
from msgspec import UNSET


def comment(name: str) -> PostComment:
    return PostComment(name, "hello")


def ids(taken: tuple[list[Request], list[str]]) -> list[str]:
    sent, forgotten = taken
    assert not forgotten
    return [message.id for message in sent]


def sent(pending: Pending, *names: str, now_s: float = 0) -> Pending:
    for name in names:
        pending.add(comment(name))
        pending.plan(name, now_s)
    assert ids(pending.take(now_s)) == list(names)
    return pending


def refusal(name: str, code: ErrorCode, retry_after: float | None = 2) -> Error:
    return Error(code, "no", id=name, retry_after=UNSET if retry_after is None else retry_after)


@pytest.mark.parametrize("after_s", [float("inf"), float("nan"), -5.0])
def test_one_that_is_put_off_by_no_number_keeps_no_other_back(after_s: float) -> None:
    pending = sent(Pending(), "a", "b")
    pending.refused(10, refusal("a", ErrorCode.UNAVAILABLE, after_s), 0)
    pending.refused(10, refusal("b", ErrorCode.UNAVAILABLE, 1), 0)
    assert 10 <= pending.due_s <= 11
    assert ids(pending.take(11))[-1] == "b"


def test_each_is_sent_once_and_again_after_a_loss_in_its_order() -> None:
    pending = sent(Pending(), "a", "b", "c")
    assert ids(pending.take(1)) == []
    pending.settle("b")
    pending.pause()
    pending.add(comment("d"))
    assert (pending.due_s, ids(pending.take(5))) == (float("inf"), [])
    pending.resume(6)
    assert pending.due_s == 6
    assert ids(pending.take(6)) == ["a", "c", "d"]


def test_a_refusal_settles_it() -> None:
    pending = sent(Pending(), "a", "b")
    pending.refused(1, refusal("a", ErrorCode.REJECTED), 0)
    pending.refused(1, Error(ErrorCode.REJECTED, "of nothing"), 0)
    pending.refused(1, refusal("unknown", ErrorCode.OVERLOADED), 0)
    assert "a" not in pending
    assert (len(pending), pending.due_s) == (1, float("inf"))


@pytest.mark.parametrize("code", [ErrorCode.OVERLOADED, ErrorCode.UNAVAILABLE])
@pytest.mark.parametrize(("after_s", "due_s"), [(2, 13), (None, 11.5)])
def test_what_the_server_could_not_take_is_sent_again_when_it_asks(
    code: ErrorCode, after_s: float | None, due_s: float
) -> None:
    pending = sent(Pending(), "a")
    pending.refused(10, refusal("a", code, after_s), 0.5)
    assert pending.due_s == due_s
    assert ids(pending.take(due_s - 0.1)) == []
    assert ids(pending.take(due_s)) == ["a"]


def test_a_comment_that_is_one_too_many_is_given_up_and_a_vote_never() -> None:
    pending = sent(Pending(frozenset({ErrorCode.RATE_LIMITED})), "a", "b", "c")
    pending.add(Vote("v", "poll", [0]))
    pending.resume(1)  # even if it was sent again: the server has looked whether it knows it
    pending.take(1)
    for name in "av":
        pending.refused(1, refusal(name, ErrorCode.OVERLOADED, 10), 0)
    pending.refused(1, refusal("b", ErrorCode.OVERLOADED, 9.9), 0)
    pending.refused(1, refusal("c", ErrorCode.UNAVAILABLE, 10), 0)
    assert "a" not in pending
    assert ids(pending.take(11)) == ["b", "v", "c"]


def test_too_fast_is_an_answer_but_not_to_what_was_sent_again() -> None:
    pending = sent(Pending(), "a", "b")
    pending.refused(1, refusal("a", ErrorCode.RATE_LIMITED), 0)
    assert "a" not in pending
    pending.resume(2)
    pending.take(2)
    pending.refused(3, refusal("b", ErrorCode.RATE_LIMITED), 0)
    assert pending.due_s == 5


def test_one_that_insists_sends_again_one_after_the_other() -> None:
    pending = sent(Pending(frozenset({ErrorCode.RATE_LIMITED}), spacing_s=4), "a", "b", "c")
    for name in "abc":
        pending.refused(10, refusal(name, ErrorCode.RATE_LIMITED), 0)
    assert [ids(pending.take(now_s)) for now_s in (11.9, 12, 16, 20)] == [[], ["a"], ["b"], ["c"]]


def test_a_comment_whose_id_may_be_forgotten_is_given_up_and_a_vote_is_not() -> None:
    pending = sent(Pending(), "a")
    pending.add(Vote("v", "poll", [0]))
    pending.plan("v", 0)
    pending.take(0)
    pending.add(comment("never sent"))
    pending.resume(REMEMBERED_S + 1)
    messages, forgotten = pending.take(REMEMBERED_S + 1)
    assert forgotten == ["a"]
    assert [message.id for message in messages] == ["v", "never sent"]
    assert "a" not in pending


def test_a_comment_is_as_old_as_its_first_sending() -> None:
    pending = sent(Pending(), "a")
    pending.resume(REMEMBERED_S - 1)
    assert ids(pending.take(REMEMBERED_S - 1)) == ["a"]
    pending.resume(REMEMBERED_S + 1)
    assert pending.take(REMEMBERED_S + 1) == ([], ["a"])


def test_what_is_put_off_twice_is_sent_once_and_nothing_is_while_there_is_no_connection() -> None:
    pending = sent(Pending(), "a")
    pending.refused(10, refusal("a", ErrorCode.OVERLOADED), 0)
    pending.refused(12, refusal("a", ErrorCode.OVERLOADED), 0)
    assert [ids(pending.take(now_s)) for now_s in (12, 14, 20)] == [[], ["a"], []]
    pending.refused(20, refusal("a", ErrorCode.OVERLOADED), 0)
    pending.pause()
    assert (pending.due_s, ids(pending.take(30))) == (float("inf"), [])


def test_no_more_is_sent_than_a_connection_may_send() -> None:
    pending = Pending()
    for number in range(PACE.burst + 2):
        pending.add(comment(str(number)))
    pending.resume(100)
    assert len(ids(pending.take(100))) == PACE.burst
    assert pending.wait_s(100) == pytest.approx(PACE.interval_ms / 1000)
    assert ids(pending.take(100.01)) == []
    assert ids(pending.take(pending.due_s)) == [str(PACE.burst)]
    assert ids(pending.take(200)) == [str(PACE.burst + 1)]
    assert (pending.wait_s(200), pending.due_s) == (0, float("inf"))


def test_what_was_answered_while_it_waited_is_not_sent() -> None:
    pending = sent(Pending(), "a", "b")
    for name in "ab":
        pending.refused(0, refusal(name, ErrorCode.OVERLOADED), 0)
    pending.settle("a")
    assert ids(pending.take(9)) == ["b"]
    assert pending.due_s == float("inf")
