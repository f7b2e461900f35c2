from __future__ import annotations

from grandstand.assistant.breaker import FAILURES, PAUSE_MAX_S, Breaker


def test_single_failures_change_nothing() -> None:
    breaker = Breaker()
    for now_s in range(10):
        assert breaker.admits(now_s)
        breaker.failed(now_s)
        assert breaker.admits(now_s)
        breaker.succeeded()


def test_after_some_in_a_row_one_request_tries_it_when_the_pause_is_over() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.admits(10)
        breaker.failed(10)
    assert not breaker.admits(10.9)
    assert breaker.admits(11)
    assert not breaker.admits(11)  # while it is tried
    breaker.failed(11)
    assert not breaker.admits(12.9)  # the pause has doubled
    assert breaker.admits(13)
    breaker.succeeded()
    assert breaker.admits(13)
    assert breaker.admits(13)
    assert not breaker.is_open


def test_the_pause_has_a_bound() -> None:
    breaker = Breaker()
    now_s = 0.0
    for _ in range(30):
        assert breaker.admits(now_s)
        breaker.failed(now_s)
        now_s += PAUSE_MAX_S
    assert breaker.admits(now_s)


def test_requests_that_fail_together_are_one_pause() -> None:
    breaker = Breaker()
    for _ in range(40):
        assert breaker.admits(0)
    for _ in range(40):
        breaker.failed(0)
    assert breaker.admits(1)


def test_a_service_that_says_when_is_asked_then() -> None:
    breaker = Breaker()
    assert breaker.admits(0)
    breaker.failed(0, retry_after_s=30)
    assert not breaker.admits(29)
    assert breaker.admits(30)


def test_a_trial_of_which_nobody_heard_is_followed_by_another() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(0)
    assert breaker.admits(1)
    breaker.abandoned()
    assert breaker.admits(1)
