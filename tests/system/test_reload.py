"""A new model for a running server: its files are replaced while viewers talk."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from contextlib import AsyncExitStack
from itertools import count, groupby
from pathlib import Path

from tests.conftest import MakeServer
from tests.moderation.installation import install, thresholds
from tests.server import SECRET, STOP_S, ServerProcess
from tests.system.record import whole_record
from tests.viewer import Viewer, viewing
from tests.waiting import until

VIEWERS = 5
SHOWS_ALL, REJECTS_ALL = thresholds(1, 1), thresholds(0, 0)


def metric(server: ServerProcess, name: str) -> float:
    """One sample; 0 if there is none."""
    told = server.call("GET", "/metrics").body.decode()
    found = re.search(rf"^{re.escape(name)} (.+)$", told, re.MULTILINE)
    return float(found[1]) if found else 0.0


def events(server: ServerProcess, event: str) -> list[str]:
    """The lines of the log about it."""
    return [line for line in server.log.splitlines() if f'"{event}"' in line]


async def test_models_change_under_a_talking_crowd_and_every_comment_is_answered_once(
    make_server: MakeServer, tmp_path: Path, room: str
) -> None:
    model = install(tmp_path, version="first", thresholds=SHOWS_ALL)
    server = make_server(environment={"GRANDSTAND_MODEL": str(model)}).start()
    server.make_room(room, moderation={"level": 2, "on_timeout": "hold"})
    answers: dict[str, list[tuple[str, str]]] = {}
    over = asyncio.Event()

    async def talk(viewer: Viewer) -> None:
        mine = answers.setdefault(viewer.name, [])
        for number in count():
            if over.is_set():
                return
            text = f"{viewer.name} says line {number}"
            answer = await viewer.comment(text)
            mine.append((text, str(answer.get("status") or answer.get("code"))))

    async def all_are_told(what: str) -> None:
        await until(lambda: all(said and said[-1][1] == what for said in answers.values()))

    async with AsyncExitStack() as stack:
        talking = []
        for number in range(VIEWERS):
            name = f"viewer {number}"
            viewer = viewing(server.url, room, server.token(name), name=name)
            talking.append(asyncio.create_task(talk(await stack.enter_async_context(viewer))))
        await until(lambda: len(answers) == VIEWERS)
        await all_are_told("accepted")
        install(tmp_path, version="second", thresholds=REJECTS_ALL)
        await all_are_told("rejected")
        model.write_bytes(b"half a model")
        os.kill(server.pid, signal.SIGHUP)
        await until(lambda: events(server, "model_refused"))
        os.kill(server.pid, signal.SIGHUP)
        install(tmp_path, version="third", thresholds=SHOWS_ALL)
        os.kill(server.pid, signal.SIGHUP)
        await all_are_told("accepted")
        over.set()
        await asyncio.gather(*talking)
    for said in answers.values():
        assert [each for each, _ in groupby(status for _, status in said)] == [
            "accepted",
            "rejected",
            "accepted",
        ]
    accepted = [text for said in answers.values() for text, status in said if status == "accepted"]
    fates = [
        f'grandstand_comments_total{{fate="{fate}"}}' for fate in ("shown", "overflow", "merged")
    ]
    await until(lambda: sum(metric(server, each) for each in fates) >= len(accepted))
    kept = await whole_record(server, room)
    assert sorted(comment["text"] for comment in kept) == sorted(accepted)
    assert metric(server, 'grandstand_model_info{model="scorer",version="third"}') == 1
    assert metric(server, 'grandstand_model_info{model="scorer",version="first"}') == 0
    assert metric(server, 'grandstand_model_reloads_total{model="scorer",outcome="ok"}') == 2
    assert metric(server, 'grandstand_model_reloads_total{model="scorer",outcome="failed"}') >= 1
    assert metric(server, 'grandstand_moderation_comments_total{how="late"}') == 0
    assert metric(server, "grandstand_scorer_batch_comments_count") > 0
    assert metric(server, "grandstand_scorer_seconds_count") > 0
    assert metric(server, "grandstand_scorer_queue_seconds_count") > 0
    assert [json.loads(line)["version"] for line in events(server, "model_reloaded")] == [
        "second",
        "third",
    ]
    refused = json.loads(events(server, "model_refused")[0])
    assert refused["version_in_use"] == "second"
    assert "is not the file that manifest.json was written for" in refused["why"]


def take_terminal() -> None:
    """In the process that is to have it, even if whoever runs the tests did so by nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_server_whose_terminal_is_closed_ends_and_one_that_is_asked_looks_at_its_model(
    tmp_path: Path,
) -> None:
    """SIGHUP means both; which it is, the terminal's being there tells."""
    terminal, inner = pty.openpty()
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "grandstand", "serve", "--port", "0"],
            cwd=tmp_path,
            env={
                **{name: value for name, value in os.environ.items() if "GRANDSTAND" not in name},
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "GRANDSTAND_JWT_SECRET": SECRET,
            },
            stdin=inner,
            stdout=file,
            stderr=file,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
    os.close(inner)
    try:
        asyncio.run(until(lambda: b'"serving"' in log.read_bytes()))
        os.kill(process.pid, signal.SIGHUP)
        asyncio.run(until(lambda: b'"model_unchanged"' in log.read_bytes()))
        assert process.poll() is None
        os.close(terminal)
        assert process.wait(STOP_S) == 0
        assert b'"stopping"' in log.read_bytes()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
