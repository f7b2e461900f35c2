"""``grandstand demo``: one command, one process, one Ctrl-C, and all as it was the next time."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from grandstand.demo.mixer import STAGE_FILE
from grandstand.demo.stage import Stage
from grandstand.demo.stage_file import read
from grandstand.demo.titles import LIT_MS

from tests.demo.pictures import becomes_red_moon
from tests.processes import arguments, children, is_running
from tests.server import ServerProcess
from tests.valkey import valkey_of
from tests.viewer import viewing
from tests.waiting import PATIENCE_S, until, wait_until

PRODUCER = re.compile(r"(http://127\.0\.0\.1:\d+)/producer#token=(\S+)")


class Evening:
    """A demonstration in a folder, which keeps it from one start to the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"

    def start(self, *arguments: str, **besides: str) -> subprocess.Popen[bytes]:
        """Starts it and doesn't wait."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grandstand", "demo", "--port", "0", *arguments],
                cwd=self.folder,
                env={**self.environment(), **besides, "PYTHONFAULTHANDLER": "1"},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self.process

    def environment(self) -> dict[str, str]:
        """The environment of a terminal in the folder."""
        inherited = {key: value for key, value in os.environ.items() if "GRANDSTAND" not in key}
        return {**inherited, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

    def on_air(self) -> tuple[ServerProcess, str]:
        """Waits until it tells where to look; the server to call, and the producer's token."""

        def told() -> re.Match[str] | None:
            assert self.process.poll() is None, self.log.read_text()
            return PRODUCER.search(self.log.read_text())

        wait_until(told)
        found = told()
        assert found is not None
        return ServerProcess(self.folder, port=int(found[1].rpartition(":")[2])), found[2]

    def valkey(self) -> int | None:
        """The pid of the embedded store, if it runs."""
        return valkey_of(self.folder / ".grandstand")

    def ended(self) -> int:
        """The exit status, once it has ended by itself; nothing may be left, nor a traceback."""
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # it says where it stands
            self.process.wait(PATIENCE_S)
            pytest.fail(f"it doesn't end: {self.log.read_text()}")
        assert "Traceback" not in self.log.read_text()
        assert self.valkey() is None
        return code


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Evening]:
    evening = Evening(tmp_path)
    try:
        yield evening
    finally:
        evening.process.kill()
        evening.process.wait()
        if (pid := evening.valkey()) is not None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGKILL)


def viewers_of(server: ServerProcess, room: str) -> int:
    return int(server.call("GET", f"/v1/rooms/{room}").json["viewers"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_of_it_well(show: Evening, number: signal.Signals) -> None:
    show.start("--crowd", "20")
    server, _ = show.on_air()
    for room, viewers in (("gala", 14), ("match", 4), ("race", 2)):
        wait_until(lambda at=room, n=viewers: n == viewers_of(server, at))  # type: ignore[misc]
    assert show.valkey() is not None
    show.process.send_signal(number)
    assert show.ended() == 0


def test_it_stops_by_itself_when_its_time_is_over(show: Evening) -> None:
    show.start("--crowd", "5", "--for", "0.5")
    assert show.ended() == 0


def test_the_room_and_the_tokens_are_there_the_next_time(show: Evening) -> None:
    show.start("--crowd", "0")
    server, token = show.on_air()
    made = server.call("GET", "/v1/rooms/gala").json
    assert made["settings"]["guests"] == "vote"
    server.call("PATCH", "/v1/rooms/gala", {"title": "Ours"}, token)
    poll = {"kind": "single", "question": "?", "options": [{"text": "a"}, {"text": "b"}]}
    server.call("POST", "/v1/rooms/gala/polls", {**poll, "duration": 600}, token)
    show.process.send_signal(signal.SIGINT)
    assert show.ended() == 0

    show.start("--crowd", "0")
    server, _ = show.on_air()
    again = server.call("GET", "/v1/rooms/gala").json
    assert again["settings"]["title"] == "Ours"
    assert again["epoch"] == made["epoch"]
    polls = server.call("GET", "/v1/rooms/gala/polls", token=token)
    assert [each["question"] for each in polls.json["polls"]] == ["?"]
    show.process.send_signal(signal.SIGINT)
    assert show.ended() == 0


def test_the_command_that_it_prints_can_be_pasted(show: Evening) -> None:
    show.start("--crowd", "0")
    server, token = show.on_air()
    (line,) = re.findall(r"^ +(\S.* poll open .+)$", show.log.read_text(), re.MULTILINE)
    subprocess.run(shlex.split(line), cwd=show.folder, env=show.environment(), check=True)
    polls = server.call("GET", "/v1/rooms/gala/polls", token=token).json["polls"]
    assert [each["question"] for each in polls] == ["Which song next?"]
    show.process.send_signal(signal.SIGINT)
    assert show.ended() == 0


def test_its_secret_is_for_its_user_alone(show: Evening) -> None:
    show.start("--crowd", "0", "--for", "0")
    assert show.ended() == 0
    assert (show.folder / ".grandstand" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_trace_reaches_the_record(show: Evening, tmp_path: Path) -> None:
    trace = tmp_path / "chat.ndjson"
    trace.write_text('{"at": 0, "user": "ann", "text": "from the trace"}\n')
    show.start("--crowd", "5", "--trace", str(trace))
    server, _ = show.on_air()
    wait_until(lambda: _texts(server))
    assert _texts(server) == {"from the trace"}
    show.process.send_signal(signal.SIGINT)
    assert show.ended() == 0


def _texts(server: ServerProcess) -> set[str]:
    return {each["text"] for each in server.call("GET", "/v1/rooms/gala/comments").json["comments"]}


def picture(show: subprocess.Popen[bytes]) -> list[int]:
    """The processes of a show that paint and encode its picture."""
    painters = [pid for pid in children(show.pid) if "grandstand.demo.broadcast" in arguments(pid)]
    return painters + [encoder for painter in painters for encoder in children(painter)]


def stream_of(server: ServerProcess) -> str:
    return str(server.call("GET", "/v1/rooms/gala").json["settings"]["stream"])


def stage_of(show: Evening) -> Stage:
    """What the audience has decided."""
    return read(show.folder / ".grandstand" / STAGE_FILE)


async def test_the_picture_becomes_what_the_audience_chose_at_its_moment_and_not_before(
    show: Evening,
) -> None:
    show.start("--crowd", "0")
    server, token = show.on_air()
    poll = {"kind": "single", "tag": "next-song", "question": "Which song next?"}
    options = ["Paper Boats · 纸船", "Red Moon · 红月亮"]
    times = {"duration": 3, "grace": 0}
    path = "/v1/rooms/gala/polls"
    asked = server.call("POST", path, {**poll, **times, "options": options}, token).json
    await until(lambda: stage_of(show).choices == tuple(options))
    guest = server.call("POST", "/v1/rooms/gala/guests", {"name": "Ann"}).json["token"]
    async with viewing(server.url, "gala", guest) as viewer:
        await viewer.knows(asked["id"])
        assert (await viewer.vote(asked["id"], 1))["type"] == "ack"
        await until(lambda: stage_of(show).song)
    stage = stage_of(show)
    assert (stage.song, stage.votes, stage.percent) == (options[1], 1, 100)
    assert stage.since >= asked["closes_at"]
    fired = server.call("GET", "/v1/rooms/gala/firings", token=token).json["firings"]
    assert {each["effect"] for each in fired} == {"next-song-call", "next-song-2"}

    folder = show.folder / ".grandstand" / "stream"
    assert await asyncio.to_thread(becomes_red_moon, folder) >= stage.since + LIT_MS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_its_picture_is_the_rooms_and_ends_with_it(show: Evening, number: signal.Signals) -> None:
    show.start("--crowd", "0", "--data-dir", str(show.folder / ".grandstand"))
    server, _ = show.on_air()
    assert stream_of(server) == "/stream/live.m3u8"
    with urlopen(server.url + stream_of(server), timeout=PATIENCE_S) as answer:
        assert b"#EXT-X-PROGRAM-DATE-TIME" in answer.read()
    pids = picture(show.process)
    assert len(pids) == 2
    show.process.send_signal(number)
    show.process.wait(PATIENCE_S)
    wait_until(lambda: not any(map(is_running, pids)))


def test_another_picture_takes_the_place_of_its_own(show: Evening) -> None:
    folder = str(show.folder / ".grandstand")
    show.start("--crowd", "0", "--data-dir", folder, "--stream", "https://cdn.example/a.m3u8")
    server, _ = show.on_air()
    assert stream_of(server) == "https://cdn.example/a.m3u8"
    assert not picture(show.process)


def test_what_can_be_no_stream_is_refused_before_anything_starts(show: Evening) -> None:
    show.start("--stream", "ftp://cdn.example/a b")
    assert show.ended() == 1
    assert "--stream must be the URL" in show.log.read_text()


def test_without_an_encoder_the_show_goes_on_without_a_picture(show: Evening) -> None:
    show.start("--crowd", "0", IMAGEIO_FFMPEG_EXE=str(show.folder / "no-ffmpeg"))
    server, token = show.on_air()
    assert stream_of(server) == ""
    server.call("POST", "/v1/rooms/gala/effects/next-song-1/test", {}, token)
    wait_until(lambda: stage_of(show).song == "Yes")  # what tests make up
    assert show.log.read_text().count("no_picture") == 1
    assert "Traceback" not in show.log.read_text()
