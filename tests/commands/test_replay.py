"""A recorded chat is said again over real connections."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.conftest import MakeServer
from tests.server import SECRET, ServerProcess
from tests.viewer import viewing
from tests.waiting import PATIENCE_S, wait_until

XML = """<i>
<d p="60.0,1,25,16777215,0,0,ann,1">first</d>
<d p="60.2,5,36,255,0,0,bo,2">second &amp; last</d>
</i>"""

Told = tuple[int, Any, str]
Command = Callable[..., Told]


@pytest.fixture
def replay(run: Run, shared_server: ServerProcess, room: str, tmp_path: Path) -> Command:
    """Replays a text in a room of this test's own: exit code, summary, standard error."""
    shared_server.make_room(room)

    def command(text: str, *arguments: str) -> Told:
        file = tmp_path / "chat"
        file.write_text(text, "utf-8")
        where = ("--room", room, "--url", shared_server.url, "--json")
        code, out, err = run("replay", str(file), *where, *arguments)
        return code, json.loads(out) if out else None, err

    return command


def trace(*lines: tuple[int, str, str]) -> str:
    return "\n".join(json.dumps({"at": at, "user": who, "text": text}) for at, who, text in lines)


def record(server: ServerProcess, room: str, count: int) -> list[dict[str, Any]]:
    """The record, once it has so many comments: an ack comes a tick before."""
    path = f"/v1/rooms/{room}/comments?shown=all"
    comments: list[dict[str, Any]] = []

    def enough() -> bool:
        comments[:] = server.call("GET", path, None, server.producer_token).json["comments"]
        return len(comments) >= count

    wait_until(enough)
    return comments


async def test_it_is_said_by_its_authors_as_it_was(
    replay: Command, shared_server: ServerProcess, room: str
) -> None:
    async with viewing(shared_server.url, room) as watching:
        before = watching_now(shared_server, room)
        code, told, err = await asyncio.to_thread(replay, XML)
        first, second = await watching.seen("first"), await watching.seen("second & last")
        after = watching_now(shared_server, room)
    assert (code, err) == (0, "")
    assert (told["sent"], told["accepted"], told["authors"]) == (2, 2, 2)
    assert told["ack_p99_ms"] >= told["ack_p50_ms"] > 0
    assert (first["name"], second["name"]) == ("ann", "bo")
    assert (second["mode"], second["size"], second["color"]) == ("top", "large", 255)
    assert second["at"] - first["at"] == 200
    assert before - 1000 <= first["at"] <= after
    assert first["user"] != second["user"]


def watching_now(server: ServerProcess, room: str) -> int:
    return int(server.call("GET", f"/v1/rooms/{room}", None, server.producer_token).json["now"])


def test_a_replay_may_be_faster_and_have_fewer_seats_than_authors(
    replay: Command, shared_server: ServerProcess, room: str
) -> None:
    lines = [(number * 1000, f"u{number % 7}", f"word {number}") for number in range(21)]
    code, told, _ = replay(trace(*lines), "--speed", "50", "--viewers", "2", "--issue")
    assert code == 0
    assert (told["accepted"], told["authors"], told["viewers"]) == (21, 7, 2)
    said = record(shared_server, room, 21)
    assert [each["text"] for each in said] == [f"word {number}" for number in range(21)]
    assert said[-1]["at"] - said[0]["at"] == 400
    assert len({each["user"] for each in said}) == 7


def test_what_the_room_puts_off_is_sent_again_when_it_may_be(
    replay: Command, shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room, comment_interval=1, comment_burst=1)
    code, told, _ = replay(trace(*((number, "ann", f"word {number}") for number in range(3))))
    assert code == 0
    assert (told["accepted"], told["refused"]) == (3, {})
    assert told["put_off"]["rate_limited"] >= 2
    said = record(shared_server, room, 3)
    assert [each["text"] for each in said] == ["word 0", "word 1", "word 2"]


def test_what_is_refused_is_counted_by_its_code_and_broken_lines_are_named(
    replay: Command, shared_server: ServerProcess, room: str
) -> None:
    text = trace((0, "ann", "fine"), (1, "bo", "x" * 101), (2, "cy", " "))
    code, told, err = replay(text + "\nbroken\n")
    assert code == 0
    assert (told["sent"], told["accepted"]) == (3, 1)
    assert told["refused"] == {"too_long": 1, "bad_message": 1}
    assert "chat:4: broken: " in err


def test_without_one_accepted_comment_it_failed(replay: Command) -> None:
    code, told, err = replay(trace((0, "ann", "x" * 101)))
    assert (code, told["refused"]) == (1, {"too_long": 1})
    assert "not one comment was accepted" in err


def test_who_is_turned_away_is_told_of(
    replay: Command, shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room, guests="watch")
    code, told, _ = replay(trace((0, "ann", "hi")))
    assert (code, told["refused"]) == (1, {"forbidden": 1})
    shared_server.make_room(room, guests="none")
    code, told, err = replay(trace((0, "ann", "hi")))
    assert (code, told) == (1, None)
    assert "--token" in err
    assert replay(trace((0, "ann", "hi")), "--issue")[1]["accepted"] == 1


def test_one_token_says_everything(
    replay: Command, shared_server: ServerProcess, room: str
) -> None:
    token = shared_server.token("cy", name="Cy")
    code, told, _ = replay(trace((0, "ann", "hi"), (10, "bo", "ho")), "--token", token)
    assert (code, told["authors"], told["viewers"]) == (0, 1, 1)
    assert {each["name"] for each in record(shared_server, room, 2)} == {"Cy"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--room", "nowhere"), "there is no room nowhere"),
        (("--token", "rubbish"), "give --token"),
        (("--viewers", "10000000"), "--viewers"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    replay: Command, arguments: tuple[str, str], words: str
) -> None:
    code, told, err = replay(trace((0, "ann", "hi")), *arguments)
    assert (code, told) == (1, None)
    assert words in err
    assert err.count("\n") == 1


def process(server: ServerProcess, url: str, room: str, file: Path) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    environment = {name: value for name, value in os.environ.items() if "GRANDSTAND" not in name}
    paths = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-m", "grandstand", "replay", str(file), "--issue", "--json"]
    return subprocess.Popen(
        [*command, "--room", room, "--url", url],
        env={**environment, "PYTHONPATH": paths, "GRANDSTAND_JWT_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


async def test_ctrl_c_ends_it_with_its_summary(
    shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    shared_server.make_room(room)
    file = tmp_path / "chat.ndjson"
    file.write_text(trace((0, "ann", "hi"), (600_000, "bo", "much later")))
    async with viewing(shared_server.url, room) as watching:
        running = process(shared_server, shared_server.url, room, file)
        await watching.seen("hi")
        running.send_signal(signal.SIGINT)
        out, err = await asyncio.to_thread(running.communicate, timeout=PATIENCE_S)
    assert json.loads(out)["accepted"] == 1
    assert "Traceback" not in err
    assert running.returncode not in (0, -signal.SIGINT)


async def test_a_lost_connection_loses_and_doubles_nothing(
    make_server: MakeServer, room: str, tmp_path: Path
) -> None:
    server = make_server().start()
    server.make_room(room)
    file = tmp_path / "chat.ndjson"
    texts = [f"word {number}" for number in range(60)]
    lines = ((number * 50, f"u{number % 5}", text) for number, text in enumerate(texts))
    file.write_text(trace(*lines))
    running = process(server, server.url, room, file)
    async with viewing(server.url, room) as watching:
        await watching.seen("word 10")
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    out, err = await asyncio.to_thread(running.communicate, timeout=PATIENCE_S)
    assert running.returncode == 0, err
    assert json.loads(out)["accepted"] == 60
    said = await asyncio.to_thread(record, server, room, 60)
    assert sorted(each["text"] for each in said) == sorted(texts)
