"""A run-down from the command line, in a real server's room."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.test_rundown_file import SHOW
from tests.server import ServerProcess

Rundown = Callable[..., tuple[int, str, str]]


@pytest.fixture
def rundown(run: Run, shared_server: ServerProcess, room: str) -> Rundown:
    """Runs ``grandstand rundown …`` in a room of this test's own."""
    shared_server.make_room(room, tick=50)

    def command(*arguments: str, lines: str = "") -> tuple[int, str, str]:
        words = ("rundown", *arguments, "--room", room, "--url", shared_server.url)
        return run(*words, lines=lines)

    return command


def test_a_show_is_imported_gone_through_and_begun_again(
    rundown: Rundown, tmp_path: Path, room: str
) -> None:
    show = SHOW.replace("opens_at = 2026-02-16T12:00:00Z", "duration = 60")
    told = f"3 items are in {room}'s run-down: 1 note, 1 poll, 1 card\n"
    assert rundown("import", "-", lines="\ufeff" + show) == (0, told, "")
    _, out, _ = rundown("show")
    assert [line.split()[0] for line in out.splitlines()] == ["next", "waiting", "waiting"]
    assert rundown("go")[0] == 0
    code, out, _ = rundown("go", "who")
    assert code == 0
    assert [" ".join(line.split()[:2]) for line in out.splitlines()][1] == "ON AIR"
    assert "  poll " in out.splitlines()[1]
    assert rundown("go", "who")[1] == out
    _, out, _ = rundown("go", "--json")
    assert [item["status"] for item in json.loads(out)["items"]] == ["done", "done", "on_air"]
    code, _, err = rundown("go")
    assert (code, "grandstand rundown reset" in err) == (1, True)
    code, _, err = rundown("go", "nobody")
    assert (code, "there is no item nobody: grandstand rundown show" in err) == (1, True)
    _, out, _ = rundown("reset", "who", "--json")
    assert [item["status"] for item in json.loads(out)["items"]] == ["done", "waiting", "on_air"]
    _, out, _ = rundown("reset")
    assert [line.split()[0] for line in out.splitlines()] == ["next", "waiting", "waiting"]

    file = tmp_path / "show.toml"
    assert rundown("export", "-o", str(file)) == (0, "", "")
    before = json.loads(rundown("show", "--json")[1])
    after = json.loads(rundown("import", str(file), "--json")[1])
    assert after["items"] == before["items"]
    assert rundown("export")[1] == file.read_text()
    code, _, err = rundown("export", "-o", str(tmp_path))
    assert (code, "can't be written" in err) == (1, True)


def test_a_room_without_a_rundown_says_how_to_get_one(rundown: Rundown, room: str) -> None:
    told = f"{room} has no run-down: grandstand rundown import FILE brings one\n"
    assert rundown("show") == (0, told, "")
    assert rundown("export") == (1, "", f"grandstand: {told}")
    for command in ("show", "export"):
        code, out, _ = rundown(command, "--json")
        assert (code, json.loads(out)["items"]) == (0, [])


def test_a_file_that_is_no_rundown_is_refused_by_line_item_and_field(
    rundown: Rundown, tmp_path: Path
) -> None:
    def refused(content: str | bytes) -> str:
        file = tmp_path / "bad.toml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        code, _, err = rundown("import", str(file))
        assert code == 1
        return err.replace(str(file), "bad.toml")

    wrong = SHOW.replace('["A", "B"]', '["A", "A"]').replace('id = "red"', 'id = "who"')
    assert refused(wrong) == (
        "grandstand: bad.toml, line 20: item 3 (who): id is that of another item, too\n"
    )
    other = wrong.replace('id = "who"', 'id = "x"', 1)
    assert refused(other) == (
        "grandstand: bad.toml, line 10: item 2 (x): body.options[1] says the same as options[0]; "
        "bad.toml, line 10: item 2 (x): body.closes_at is missing\n"
    )
    assert "isn't UTF-8" in refused(b"\xff")
    many = "".join(f'[[items]]\nid="i{n}"\nkind="note"\ntitle="N"\n' for n in range(10_000))
    assert "items: expected `array` of length <= 1000" in refused(many)
    code, _, err = rundown("import", str(tmp_path / "nothing"))
    assert (code, "can't be read" in err) == (1, True)
    assert json.loads(rundown("show", "--json")[1])["items"] == []
