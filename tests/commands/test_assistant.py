"""The switch of the assistant from the command line, on a real server."""

from __future__ import annotations

import json

from tests.commands.conftest import Run
from tests.server import ServerProcess


def test_one_command_switches_it_off_in_all_rooms_and_another_on(
    run: Run, shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    where = ("--url", shared_server.url)
    code, out, _ = run("assistant", "off", *where)
    assert (code, out.startswith("off in all rooms since ")) == (0, True)
    _, out, _ = run("assistant", "show", "--room", room, *where)
    assert out.startswith(
        "off (no endpoint: start the server with GRANDSTAND_ASSISTANT)\n0 characters"
    )
    assert "poll-questions  off  0 asked" in out
    _, out, _ = run("assistant", "show", "--room", room, "--json", *where)
    assert json.loads(out)["since"] > 0
    code, out, _ = run("assistant", "on", *where)
    assert (code, out) == (0, "on, where a server has a model and the room allows it\n")
