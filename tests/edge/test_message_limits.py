from __future__ import annotations

from grandstand.edge.message_limits import (
    APPEALS,
    BAD_MESSAGES,
    BAD_MESSAGES_MS,
    FOLLOWS,
    LANGUAGES,
    MESSAGES,
    MessageLimits,
)
from grandstand.wire.messages import Appeal, AskTime, Follow, SetLang

ASK, FOLLOW = AskTime("1", 1), Follow("2", ["a"])


def test_a_connection_may_say_so_much_at_once_and_then_so_much_a_second() -> None:
    limits = MessageLimits()
    assert [limits.over(0.0, ASK) for _ in range(MESSAGES.burst)] == [None] * MESSAGES.burst
    refused = limits.over(0.0, ASK)
    assert refused is not None
    assert refused.code == "rate_limited"
    assert refused.retry_after == MESSAGES.interval_ms / 1000
    assert limits.over(MESSAGES.interval_ms, ASK) is None


def test_bad_messages_count_within_a_minute() -> None:
    limits = MessageLimits()
    assert not any(limits.has_too_many_bad(0.0) for _ in range(BAD_MESSAGES - 1))
    assert not limits.has_too_many_bad(BAD_MESSAGES_MS + 1.0)
    assert [limits.has_too_many_bad(BAD_MESSAGES_MS + 2.0) for _ in range(9)][-1]


def test_the_language_may_be_changed_so_often() -> None:
    limits, message = MessageLimits(), SetLang("1", "es")
    assert [limits.over(0.0, message) for _ in range(LANGUAGES.burst)] == [None] * LANGUAGES.burst
    refused = limits.over(0.0, message)
    assert refused is not None
    assert (refused.code, refused.retry_after) == ("rate_limited", LANGUAGES.interval_ms / 1000)
    assert limits.over(0.0, FOLLOW) is None
    assert limits.over(LANGUAGES.interval_ms, message) is None


def test_so_many_appeals_are_read() -> None:
    limits, message = MessageLimits(), Appeal("1", "m")
    assert [limits.over(0.0, message) for _ in range(APPEALS.burst)] == [None] * APPEALS.burst
    refused = limits.over(0.0, message)
    assert refused is not None
    assert (refused.code, refused.retry_after) == ("rate_limited", APPEALS.interval_ms / 1000)


def test_what_is_followed_may_be_changed_so_often() -> None:
    limits = MessageLimits()
    assert [limits.over(0.0, FOLLOW) for _ in range(FOLLOWS.burst)] == [None] * FOLLOWS.burst
    refused = limits.over(0.0, FOLLOW)
    assert refused is not None
    assert (refused.code, refused.retry_after) == ("rate_limited", FOLLOWS.interval_ms / 1000)
    assert limits.over(0.0, ASK) is None
    assert limits.over(FOLLOWS.interval_ms, FOLLOW) is None
