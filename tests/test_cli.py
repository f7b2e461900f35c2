"""The commands that end by themselves: tokens and scores."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from grandstand import __version__, cli

from tests.server import SECRET

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: exit code, standard output, standard error."""
    for name in [name for name in os.environ if name.startswith("GRANDSTAND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GRANDSTAND_JWT_SECRET", SECRET)

    def command(*arguments: str, lines: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["grandstand", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return command


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token.strip(), SECRET, algorithms=["HS256"])


def test_a_token_says_who_where_and_until_when(run: Run) -> None:
    code, out, _ = run(
        *("token", "--role", "moderator", "--room", "gala", "--room", "quiz"),
        *("--name", "Mo", "--sub", "m1", "--expires", "90m"),
    )
    assert code == 0
    told = claims(out)
    assert abs(told.pop("exp") - time.time() - 5400) < 60
    assert told == {"sub": "m1", "name": "Mo", "role": "moderator", "rooms": ["gala", "quiz"]}


def test_a_token_by_default_is_a_new_viewer_s_for_all_rooms(run: Run) -> None:
    one, other = (claims(run("token")[1]) for _ in range(2))
    assert (one["role"], one["rooms"]) == ("viewer", ["*"])
    assert one["sub"] != other["sub"]


@pytest.mark.parametrize(
    "arguments", [("--role", "king"), ("--expires", "soon"), ("--expires", "0h")]
)
def test_a_token_of_no_known_role_or_lifetime_is_refused(
    run: Run, arguments: tuple[str, str]
) -> None:
    code, out, err = run("token", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(f"grandstand: {arguments[0]} must be")


def test_a_token_takes_a_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRANDSTAND_JWT_SECRET")
    code, out, err = run("token")
    assert (code, out) == (1, "")
    assert "--new-secret" in err


def test_a_new_secret_is_long_enough_and_new(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {run("token", "--new-secret")[1].strip() for _ in range(2)}
    assert len(secrets) == 2
    monkeypatch.setenv("GRANDSTAND_JWT_SECRET", secrets.pop())
    assert run("token")[0] == 0


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


def test_the_version_is_told(run: Run) -> None:
    assert run("--version")[:2] == (0, f"grandstand {__version__}\n")


@pytest.mark.parametrize("command", ["serve", "demo", "token", "score"])
def test_every_command_is_explained_with_an_example(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "Example" in out
