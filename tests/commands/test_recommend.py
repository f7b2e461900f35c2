"""Recommendations from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Run

ROOMS = [
    {"room": "skating", "viewers": 90_000, "things": {"athlete:1": "Hanyu"}, "rise": 2},
    {"room": "curling", "title": "The final", "viewers": 800, "things": {"team:1": "Sweden"}},
    {"room": "luge", "viewers": 30, "highlight_age_s": 3},
]


@pytest.fixture
def rooms(tmp_path: Path) -> str:
    path = tmp_path / "rooms.ndjson"
    path.write_text("".join(f"{json.dumps(each)}\n\n" for each in ROOMS), "utf-8")
    return str(path)


def test_rooms_are_told_with_why(run: Run, rooms: str) -> None:
    code, out, err = run("recommend", rooms, "--follow", "team:1", "--limit", "2")
    assert (code, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "room": "curling",
            "title": "The final",
            "viewers": 800,
            "why": {"code": "follows", "text": "You follow Sweden"},
        },
        {
            "room": "luge",
            "title": "",
            "viewers": 30,
            "why": {"code": "highlight", "text": "A highlight has just begun"},
        },
    ]


def test_what_others_follow_counts_if_enough_do(run: Run, rooms: str, tmp_path: Path) -> None:
    people = tmp_path / "people.ndjson"
    for count, why in ((2, "lesser_known"), (3, "alike")):
        people.write_text('["sport:curling", "team:1"]\n' * count + '["athlete:1"]\n' * 9)
        asked = ("recommend", rooms, "--people", str(people), "--follow", "sport:curling")
        _, out, _ = run(*asked, "--lang", "zh")
        told = {row["room"]: row["why"] for row in map(json.loads, out.splitlines())}
        assert told["curling"]["code"] == why
    assert told["curling"]["text"] == "关注curling的人也在看"


def test_the_room_where_one_is_and_the_knob_are_heard(run: Run, rooms: str) -> None:
    _, out, _ = run("recommend", rooms, "--room", "luge", "--knob", "known")
    assert [json.loads(line)["room"] for line in out.splitlines()] == ["skating", "curling"]
    assert run("recommend", rooms, "--knob", "bold")[0] == 2


@pytest.mark.parametrize("line", ['{"viewers": 1}', '{"room": "a", "viewers": -1}', "hello"])
def test_a_line_that_is_wrong_is_named(run: Run, line: str) -> None:
    code, out, err = run("recommend", "-", lines=f'{{"room": "b"}}\n{line}\n')
    assert (code, out) == (1, "")
    assert "-, line 2: " in err


def test_a_title_may_have_any_letter_and_a_room_stands_there_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rooms.ndjson"
    row = json.dumps({"room": "a", "title": "one\u2028two"}, ensure_ascii=False)
    path.write_text(f"{row}\r\n", "utf-8")
    code, out, _ = run("recommend", str(path))
    assert (code, json.loads(out)["title"]) == (0, "one\u2028two")
    assert json.loads(out)["why"]["code"] == "lesser_known"  # nobody watches it
    path.write_text(f"{row}\n{row}\n", "utf-8")
    code, _, err = run("recommend", str(path))
    assert (code, "'a' is there twice" in err) == (1, True)
    assert run("recommend", str(path), "--lang", "xx")[0] == 2
