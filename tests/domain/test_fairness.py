from __future__ import annotations

import pytest
from grandstand.domain import fairness
from grandstand.domain.fairness import TURN_MS, Authors


def test_who_was_just_shown_has_had_a_turn_that_fades_within_a_minute() -> None:
    authors = Authors()
    authors.note("ada", 1_000)
    assert authors.had("ada", 1_000) == 1.0
    assert authors.had("ada", 1_000 + TURN_MS // 2) == 0.5
    assert authors.had("ada", 1_000 + TURN_MS) == 0.0
    assert authors.had("ada", 1_000 + 2 * TURN_MS) == 0.0
    assert authors.had("bo", 1_000) == 0.0


def test_a_later_turn_replaces_the_one_before() -> None:
    authors = Authors()
    authors.note("ada", 0)
    authors.note("ada", 30_000)
    assert authors.had("ada", 30_000) == 1.0


def test_a_turn_told_of_ahead_of_time_is_one_turn() -> None:
    authors = Authors()
    authors.note("ada", 2_000)
    assert authors.had("ada", 0) == 1.0


def test_old_turns_and_too_many_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fairness, "REMEMBERED", 2)
    authors = Authors()
    for number, user in enumerate(("ada", "bo", "cy")):
        authors.note(user, number)
    assert [authors.had(user, 2) > 0 for user in ("ada", "bo", "cy")] == [False, True, True]
    authors.forget(1 + TURN_MS)
    assert list(authors._shown_ms) == ["cy"]
