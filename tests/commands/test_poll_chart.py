"""A poll in a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from grandstand.commands.poll_chart import Chart, cells, lines_of, padded
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_700_000_000_000
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


def local(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000):%H:%M:%S}"


def test_a_bar_is_as_long_as_its_share() -> None:
    head, ann, ming, foot = lines_of(POLL, 80, NOW)
    assert head == "Who wins?  [p1: closed, final]"
    assert ann.endswith("3  75%")
    assert ming.endswith("1  25%")
    assert 2.9 < ann.count("█") / ming.count("█") < 3.3
    assert foot == "  4 viewers voted"


def test_with_weights_a_share_is_of_all_weights() -> None:
    _, ann, _, foot = lines_of({**POLL, "tally": [300, 100], "voters": 3, "weights": True}, 80, NOW)
    assert ann.endswith("300  75%")
    assert foot == "  3 viewers voted"


def test_chinese_letters_take_two_columns_so_that_bars_stand_below_each_other() -> None:
    _, ann, ming, _ = lines_of(POLL, 80, NOW)
    assert cells(ann) == cells(ming) <= 80
    assert cells(ann[: ann.index("█")]) == cells(ming[: ming.index("█")])


def test_a_poll_without_votes_or_with_a_hidden_tally_has_empty_bars() -> None:
    hidden = {name: POLL[name] for name in POLL if name not in ("tally", "voters")}
    for poll in (POLL | {"tally": [0, 0], "voters": 0}, hidden):
        assert "█" not in "".join(lines_of(poll, 80, NOW))


def test_the_right_answer_is_marked() -> None:
    _, ann, ming, _ = lines_of(POLL | {"answer": 1}, 80, NOW)
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
    assert lines_of(POLL | {"kind": kind, **answer}, 80, NOW)[-1] == words


@pytest.mark.parametrize(
    ("status", "closes_at", "words"),
    [
        ("open", NOW + 1, f"open until {local(NOW)}"),
        ("open", NOW, f"counting late votes until {local(NOW + 5000)}"),
        ("closed", NOW, "closed, final"),
        ("revealed", NOW, "revealed"),
        ("cancelled", NOW, "cancelled"),
    ],
)
def test_the_head_says_where_the_poll_stands(status: str, closes_at: int, words: str) -> None:
    poll = POLL | {"status": status, "closes_at": closes_at, "grace": 5000}
    assert lines_of(poll, 80, NOW)[0] == f"Who wins?  [p1: {words}]"


@given(st.text(st.characters(exclude_categories=["C", "M"]), max_size=60), st.integers(2, 50))
def test_a_text_is_fitted_to_its_columns(text: str, width: int) -> None:
    assert cells(padded(text, width)) == width


def test_outside_a_terminal_polls_follow_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    chart = Chart()
    for voters in (4, 4, 8):
        chart.draw(POLL | {"voters": voters}, NOW)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.count("Who wins?") == 2
