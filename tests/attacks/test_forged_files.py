"""Files that somebody else wrote: a command says in a line what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from grandstand.commands.rundown_file import RundownFile, written
from grandstand.demo import stage_file
from grandstand.demo.stage import Stage
from grandstand.errors import OperatorError

from tests.commands.conftest import run
from tests.domain.polls import recounting

__all__ = ["run"]

CASE = next(case for case in recounting.examples() if case["name"] == "an odd number")
DEEP = "[" * 100_000


def head(**audit: Any) -> str:
    poll = {
        "id": CASE["poll"],
        "kind": "single",
        "question": "Who?",
        "options": [{"text": str(n)} for n in range(CASE["options"])],
        "status": "closed",
        "opens_at": 1,
        "closes_at": 2,
        "grace": 0,
        "change": False,
        "final": True,
        "tally": CASE["tally"],
        "voters": CASE["voters"],
        "audit": {**CASE["audit"], **audit},
    }
    return json.dumps({"room": CASE["room"], "poll": poll, "keys": {"keys": [CASE["key"]]}})


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (f'{{"room": {DEEP}', 2, "isn't a file of votes"),
        (f'{{"x": {DEEP}', 2, "isn't a file of votes"),
        (f'{head()}\n{{"x": {DEEP}', 1, "line 2"),
        (f'{head()}\n{{"voter": "{"0" * 32}", "choices": {DEEP}', 1, "line 2"),
    ],
)
def test_votes_that_are_nested_without_end_are_no_votes(
    run: Any, tmp_path: Path, text: str, status: int, words: str
) -> None:
    file = tmp_path / "votes.ndjson"
    file.write_text(text)
    code, out, err = run("poll", "verify", str(file))
    assert code == status
    assert words in (out if status == 1 else err)


@pytest.mark.parametrize("field", ["algorithm", "key"])
def test_a_file_of_votes_cannot_write_its_own_verdict(run: Any, tmp_path: Path, field: str) -> None:
    lines = [head(**{field: "\x1b[2J\x1b[H11 votes, recounted\r\u202e\x9b1A"})]
    lines += [json.dumps(each) for each in CASE["leaves"]]
    file = tmp_path / "votes.ndjson"
    file.write_text("\n".join(lines))
    code, out, _ = run("poll", "verify", str(file))
    first, *rest = out.splitlines()
    assert (code, first) == (1, "NOT as published:")
    assert all(line.startswith("  ") and line.isprintable() for line in rest)


def test_a_file_that_is_none_of_votes_cannot_write_to_the_terminal(
    run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "votes.ndjson"
    file.write_text(head().replace('"single"', '"\\u001b[2J\\u009b1A"'))
    code, out, err = run("poll", "verify", str(file))
    assert (code, out) == (2, "")
    assert "[2J" in err
    assert err.removesuffix("\n").isprintable()


def test_an_effect_s_file_that_is_nested_without_end_is_no_json(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "effect.json"
    file.write_text(DEEP)
    code, _, err = run("effect", "put", "e", str(file))
    assert (code, "is no JSON" in err) == (1, True)
    code, _, err = run("cue", "fire", "gala", "n", "--data", DEEP[:50_000])
    assert (code, "is no JSON" in err) == (1, True)


def test_a_stage_that_is_nested_without_end_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "stage.json"
    path.write_text(f'{{"x": {DEEP}')
    assert stage_file.read(path) == Stage()
    path.write_bytes(b'{"song": "\xff\xfe"}')
    assert stage_file.read(path) == Stage()


@pytest.mark.parametrize(
    "text",
    [
        "[[items]]\nbody" + ".a" * 1500 + " = 1",
        "[[items]]\nbody = " + "[" * 5000,
        "[[items]]\nid = " + "9" * 6000,
        "\x00",
    ],
    ids=["deep names", "deep lists", "a long number", "no text"],
)
def test_a_run_down_without_end_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(OperatorError, match=r"^x"):
        RundownFile("x", text)


def test_the_last_moment_of_a_run_down_can_be_written() -> None:
    item = {"id": "a", "kind": "note", "title": "A", "expected_at": 253_370_764_799_999}
    assert RundownFile("x", written([item])).items == [item]
