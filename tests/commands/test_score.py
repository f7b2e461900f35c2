"""Comments judged from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.conftest import Run


def test_lines_are_judged_in_order_and_blank_ones_left_out(run: Run) -> None:
    code, out, _ = run("score", lines="what a lovely night\n\n  \nshut up you idiot\n")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["text"] for row in rows] == ["what a lovely night", "shut up you idiot"]
    assert [row["verdict"] for row in rows] == ["show", "reject"]
    assert rows[1]["category"] == "insult"
    assert all(0 <= row["weight"] <= 10 and -1 <= row["mood"] <= 1 for row in rows)
    assert "probabilities" not in rows[0]


def test_a_score_can_be_explained(run: Run) -> None:
    _, out, _ = run("score", "--explain", lines="shut up you idiot\n")
    row = json.loads(out)
    assert ["insult", "you idiot"] in row["rules"]
    assert all(0 <= value <= 1 for value in row["probabilities"].values())
    assert "insult" in row["probabilities"]


def test_at_level_0_everything_is_shown(run: Run) -> None:
    _, out, _ = run("score", "--level", "0", lines="shut up you idiot\n")
    assert json.loads(out)["verdict"] == "show"


def test_a_file_is_read_beyond_one_batch(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "comments.txt"
    path.write_text("".join(f"line {number}\n" for number in range(600)), "utf-8")
    _, out, _ = run("score", str(path))
    texts = [json.loads(line)["text"] for line in out.splitlines()]
    assert texts == [f"line {number}" for number in range(600)]
