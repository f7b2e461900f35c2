"""Cues from the command line, in a real server's room."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.server import ServerProcess
from tests.viewer import viewing


@pytest.fixture
def fire(run: Run, shared_server: ServerProcess, room: str) -> Any:
    """Runs ``grandstand cue fire`` in a room of this test's own."""
    shared_server.make_room(room)

    def command(*arguments: str) -> tuple[int, str, str]:
        return run("cue", "fire", room, *arguments, "--url", shared_server.url)

    return command


async def test_a_cue_reaches_viewers_with_its_data(
    fire: Any, shared_server: ServerProcess, room: str
) -> None:
    async with viewing(shared_server.url, room) as viewer:
        _, out, _ = fire("goal", "--data", '{"team": "主队"}', "--json")
        fired = json.loads(out)
        await viewer.sees(lambda picture: fired["id"] in picture.cues)
        assert viewer.picture.cues[fired["id"]] == fired
    assert (fired["name"], fired["data"]) == ("goal", {"team": "主队"})


def test_its_moment_is_programme_time_or_so_many_seconds_ahead(
    fire: Any, shared_server: ServerProcess, room: str
) -> None:
    now = shared_server.call("GET", f"/v1/rooms/{room}").json["now"]
    _, out, _ = fire("goal", "--at", str(now + 5000), "--json")
    assert json.loads(out)["at"] == now + 5000
    _, out, _ = fire("goal", "--at", "+600.5")
    name, _, told = out.partition("  [")
    at = int(told.rstrip("]\n").rpartition(" ")[2])
    assert (name, 600_500 <= at - now < 660_500) == ("goal", True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("goal", "--at", "soon"), "--at must be ms or +SECONDS, not 'soon'"),
        (("goal", "--at", "+inf"), "--at must be ms or +SECONDS"),
        (("goal", "--at", "+4000"), "must lie between"),
        (("goal", "--data", "{"), "--data is no JSON"),
        (("goal", "--data", "[1]"), "--data must be a JSON object"),
        ((" ",), "name"),
    ],
)
def test_what_is_no_cue_is_refused(fire: Any, arguments: tuple[str, ...], words: str) -> None:
    code, _, err = fire(*arguments)
    assert (code, words in err) == (1, True), err
