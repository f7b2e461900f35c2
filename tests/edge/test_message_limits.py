from __future__ import annotations

from grandstand.edge.message_limits import (
    BAD_MESSAGES,
    BAD_MESSAGES_MS,
    MESSAGES,
    MessageLimits,
)


def test_a_connection_may_say_so_much_at_once_and_then_so_much_a_second() -> None:
    limits = MessageLimits()
    assert [limits.over(0.0) for _ in range(MESSAGES.burst)] == [None] * MESSAGES.burst
    refused = limits.over(0.0)
    assert refused is not None
    assert refused.code == "rate_limited"
    assert refused.retry_after == MESSAGES.interval_ms / 1000
    assert limits.over(MESSAGES.interval_ms) is None


def test_bad_messages_count_within_a_minute() -> None:
    limits = MessageLimits()
    assert not any(limits.has_too_many_bad(0.0) for _ in range(BAD_MESSAGES - 1))
    assert not limits.has_too_many_bad(BAD_MESSAGES_MS + 1.0)
    assert [limits.has_too_many_bad(BAD_MESSAGES_MS + 2.0) for _ in range(9)][-1]
