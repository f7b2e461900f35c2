"""Effects from the command line, in a real server's room."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.server import ServerProcess
from tests.waiting import wait_until

CALL = {"kind": "http", "method": "POST", "url": "http://127.0.0.1:1/{winner}"}
EFFECT = {"on": {"event": "poll.closed", "winner": 1}, "then": [CALL], "title": "Next song"}

Effect = Callable[..., tuple[int, str, str]]


@pytest.fixture
def effect(run: Run, shared_server: ServerProcess, room: str) -> Effect:
    """Runs ``grandstand effect …`` in a room of this test's own."""
    shared_server.make_room(room)

    def command(*arguments: str) -> tuple[int, str, str]:
        return run("effect", *arguments, "--room", room, "--url", shared_server.url)

    return command


def written(folder: Path, what: Any) -> str:
    path = folder / "effect.json"
    path.write_text(json.dumps(what))
    return str(path)


def test_an_effect_is_put_listed_tried_and_removed(effect: Effect, tmp_path: Path) -> None:
    file = written(tmp_path, EFFECT)
    assert effect("put", "next-song", file) == (0, "next-song: poll.closed winner 1\n", "")
    off = written(tmp_path, {**EFFECT, "enabled": False, "after": 500})
    code, out, _ = effect("put", "off", off, "--json")
    assert (code, json.loads(out)["enabled"]) == (0, False)
    _, out, _ = effect("list")
    assert out.splitlines() == [
        "next-song  poll.closed winner 1: http  Next song",
        "off  poll.closed winner 1 after 500 ms: http  off  Next song",
    ]
    code, tested, _ = effect("test", "next-song")
    assert code == 0
    _, out, _ = effect("log")
    due, _, told = out.partition("  ")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", due)
    assert told.startswith("failed   next-song.0  test  1 attempt  127.0.0.1 leads to 127.0.0.1")
    assert tested == out  # this machine's addresses aren't allowed
    assert effect("remove", "next-song") == (0, "", "")
    code, _, err = effect("remove", "next-song")
    assert (code, "there is no effect next-song: grandstand effect list" in err) == (1, True)
    _, out, _ = effect("list", "--json")
    assert [each["id"] for each in json.loads(out)["effects"]] == ["off"]


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "is no JSON"), (None, "can't be read"), ('{"then": []}', "on: is missing")],
)
def test_a_file_that_is_no_effect_is_named(
    effect: Effect, tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "effect.json"
    if content is not None:
        path.write_text(content)
    code, _, err = effect("put", "e", str(path))
    assert (code, words in err) == (1, True), err


def test_as_many_firings_are_told_as_asked_for(effect: Effect, tmp_path: Path) -> None:
    action = {**CALL, "url": "http://127.0.0.1:1/"}
    put = written(tmp_path, {"on": {"event": "cue"}, "then": [action] * 10})
    assert effect("put", "many", put)[0] == 0
    for _ in range(11):
        code, out, _ = effect("test", "many", "--json")
        assert (code, len(json.loads(out)["firings"])) == (0, 10)

    def told(limit: int) -> list[str]:
        return effect("log", "many", "--limit", str(limit))[1].splitlines()

    wait_until(lambda: len(told(1000)) == 110)  # the API's pages have 100
    assert len(told(105)) == 105
    assert len(json.loads(effect("log", "--json")[1])["firings"]) == 100
