import pytest

from loadtest.users.service_levels import CPU, LAG, Row, levels, limit


def row(count: int, ms: float = 0.0) -> Row:
    return Row(count, lambda share: ms * share)


def judged(text: str | None, rows: dict[str, Row]) -> dict[str, bool]:
    told = [level.judge(rows) for level in levels(text)]
    return {words.partition(",")[0]: reached for reached, words in told}


def test_a_level_is_reached_below_its_bound_only() -> None:
    rows = {"comment to screen": row(9, 400)}
    assert judged("comment to screen p99 < 397", rows) == {"comment to screen p99 396 ms": True}
    assert judged("comment to screen p99 < 396", rows) == {"comment to screen p99 396 ms": False}
    assert judged("comment to screen max<401", rows) == {"comment to screen max 400 ms": True}


def test_counts_sum_all_rows_that_begin_so() -> None:
    rows = {"close 1006 broken": row(2), "close 1012 restart": row(3), "refused 503": row(1)}
    assert judged("closes < 6, closes < 5, refusals < 1, gaps < 1", rows) == {
        "closes 5": False,
        "refusals 1": False,
        "gaps 0": True,
    }


def test_what_was_asked_for_and_not_measured_is_missed() -> None:
    assert judged("vote to ack p50 < 100", {}) == {"vote to ack: nothing was measured": False}


def test_by_default_somebody_must_have_been_welcomed_and_the_rest_may_be_missing() -> None:
    told = judged(None, {})
    assert told["welcome: nothing was measured"] is False
    assert told["comment to screen: nothing was measured"] is True
    assert all(judged(None, {"welcome": row(5, 20)}).values())


@pytest.mark.parametrize("text", ["welcome", "welcome p98 < 3", "welcome < 3", "p99 > 3", ""])
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="--slo"):
        levels(text)


def test_a_late_loop_or_a_full_core_is_the_limit_and_is_said_so() -> None:
    assert limit({}) is None
    assert limit({LAG: row(9, 90), CPU: row(9, 100)}) is None
    assert "lagged 119 ms" in str(limit({LAG: row(9, 120), CPU: row(9, 50)}))
    assert "97 % of a core" in str(limit({LAG: row(9, 1), CPU: row(9, 107.5)}))
