"""A poll in a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from grandstand.commands.poll_chart import cells, draw_poll, lines_of, padded
from hypothesis import given
from hypothesis import strategies as st

POLL: dict[str, Any] = {
    "id": "p1",
    "kind": "single",
    "question": "Who wins?",
    "options": [{"text": "Ann"}, {"text": "小明"}],
    "status": "closed",
    "final": True,
    "tally": [3, 1],
    "voters": 4,
}


def test_a_bar_is_as_long_as_its_share() -> None:
    head, ann, ming, foot = lines_of(POLL, 80)
    assert head == "Who wins?  [p1: closed, final]"
    assert ann.endswith("3  75%")
    assert ming.endswith("1  25%")
    assert 2.9 < ann.count("█") / ming.count("█") < 3.3
    assert foot == "  4 viewers voted"


def test_with_weights_a_share_is_of_all_weights() -> None:
    _, ann, _, foot = lines_of({**POLL, "tally": [300, 100], "voters": 3, "weights": True}, 80)
    assert ann.endswith("300  75%")
    assert foot == "  3 viewers voted"


def test_chinese_letters_take_two_columns_so_that_bars_stand_below_each_other() -> None:
    _, ann, ming, _ = lines_of(POLL, 80)
    assert cells(ann) == cells(ming) <= 80
    assert cells(ann[: ann.index("█")]) == cells(ming[: ming.index("█")])


def test_a_poll_without_votes_or_with_a_hidden_tally_has_empty_bars() -> None:
    hidden = {name: POLL[name] for name in POLL if name not in ("tally", "voters")}
    for poll in (POLL | {"tally": [0, 0], "voters": 0}, hidden):
        assert "█" not in "".join(lines_of(poll, 80))


def test_the_right_answer_is_marked() -> None:
    _, ann, ming, _ = lines_of(POLL | {"answer": 1}, 80)
    assert (ann[0], ming[0]) == (" ", "*")


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        ("rating", {}, "  4 viewers voted, mean 1.2 of 2"),
        ("prediction", {"answer": 0}, "  4 viewers voted, 75% were right"),
        ("prediction", {}, "  4 viewers voted"),
        ("of a newer server", {}, "  4 viewers voted"),
    ],
)
def test_the_foot_says_what_the_votes_come_to(
    kind: str, answer: dict[str, int], words: str
) -> None:
    assert lines_of(POLL | {"kind": kind, **answer}, 80)[-1] == words


@pytest.mark.parametrize(
    ("status", "final", "words"),
    [
        ("open", False, "open until "),
        ("closed", False, "late votes still count"),
        ("revealed", True, "p1: revealed]"),
        ("cancelled", True, "p1: cancelled]"),
    ],
)
def test_the_head_says_where_the_poll_stands(status: str, final: bool, words: str) -> None:
    poll = POLL | {"status": status, "final": final, "closes_at": 1_700_000_000_000}
    assert words in lines_of(poll, 80)[0]


@given(st.text(st.characters(exclude_categories=["C", "M"]), max_size=60), st.integers(2, 50))
def test_a_text_is_fitted_to_its_columns(text: str, width: int) -> None:
    assert cells(padded(text, width)) == width


def test_outside_a_terminal_polls_follow_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    draw_poll(POLL)(POLL | {"voters": 8})
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.count("Who wins?") == 2
