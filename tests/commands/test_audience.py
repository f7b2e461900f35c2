"""A room's audience goes into a file that forecasts read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from grandstand.app.past_shows import past_shows
from grandstand.crowd.curve_file import read_items, read_show

from tests.commands.conftest import Run
from tests.server import ServerProcess
from tests.waiting import until

Told = tuple[int, str, str]


@pytest.fixture
def command(run: Run, shared_server: ServerProcess) -> Callable[..., Told]:
    return lambda *arguments: run(*arguments, "--url", shared_server.url)


async def test_what_a_server_counted_is_a_past_show(
    command: Callable[..., Told], run: Run, shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    shared_server.make_room(room)
    token, path = shared_server.producer_token, f"/v1/rooms/{room}"
    folder = tmp_path / room
    folder.mkdir()
    file = folder / "one.csv"
    now = int(shared_server.call("GET", path, None, token).json["now"])
    items = [
        {"id": "a", "kind": "note", "title": "Races", "expected_at": now, "body": "x"},
        {"id": "b", "kind": "note", "title": "No time", "body": "x"},
        {"id": "c", "kind": "break", "title": "Later", "expected_at": now + 9_000_000},
    ]
    answer = shared_server.call("PUT", f"{path}/rundown", {"version": 0, "items": items}, token)
    assert answer.status == 200, answer.json
    await until(lambda: command("audience", room)[0] == 0)
    code, out, err = command("audience", room, "-o", str(file))
    show = read_show(str(file), file.read_text(), [])
    assert (code, out) == (0, "")
    assert err.startswith(f"{len(show.viewers)} minutes of {room} are in {file}")
    assert show.viewers[-1] == 0
    found = [item.title for item in read_items("r", (folder / "one.rundown.csv").read_text())]
    assert found == ["Races"]
    assert len(past_shows(tmp_path)[room].shows) == 1
    code, out, _ = run("forecast", str(file), "--history", str(file))
    assert (code, json.loads(out)["t"]) == (0, (show.begin + len(show.viewers) - 1) * 60)


def test_a_time_of_which_nothing_is_kept_is_said(
    command: Callable[..., Told], shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    code, out, err = command("audience", room, "--to", "2020-01-01T00:00:00Z")
    assert (code, out) == (1, "")
    assert err == f"grandstand: nobody counted the audience of {room} then: a server keeps a week\n"
