"""The stream that the demonstration makes and serves."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from grandstand.demo import timecode
from grandstand.demo.playlist import Segment, following
from grandstand.demo.stream import PATH, Stream, missing
from starlette.applications import Starlette
from structlog.testing import capture_logs

from tests.demo.pictures import codes
from tests.processes import arguments, children
from tests.waiting import until

STAGE = Path("no-stage.json")


def now_ms() -> float:
    return time.time() * 1000


def browser(stream: Stream) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(Starlette(routes=stream.routes()))
    return httpx2.AsyncClient(transport=transport, base_url="http://show")


@asynccontextmanager
async def on_air(stream: Stream) -> AsyncIterator[httpx2.AsyncClient]:
    sending = asyncio.create_task(stream.run())
    async with browser(stream) as client:
        yield client
    sending.cancel()
    await asyncio.wait([sending])
    assert sending.cancelled()
    assert not painters()


def painters() -> list[int]:
    """Those that this process has started."""
    return [pid for pid in children() if "grandstand.demo.broadcast" in arguments(pid)]


async def test_the_date_of_a_segment_is_the_time_in_its_first_frame(tmp_path: Path) -> None:
    async with on_air(Stream(tmp_path, STAGE, now_ms)) as client:
        listed: list[tuple[str, str]] = []

        async def has_three() -> bool:
            answer = await client.get(PATH)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
            assert answer.headers["cache-control"] == "no-store"
            listed[:] = re.findall(r"DATE-TIME:(\S+)\n#EXTINF:1.000000,\n(\S+)", answer.text)
            return len(listed) >= 3

        await until(has_three)
        for date, name in listed:
            segment = await client.get(f"/stream/{name}")
            assert segment.headers["content-type"] == "video/mp2t"
            assert segment.headers["cache-control"] == "max-age=60"
            (tmp_path / "seen").write_bytes(segment.content)
            at_ms = round(datetime.fromisoformat(date).timestamp() * 1000)
            assert codes(tmp_path / "seen")[0] == at_ms % timecode.MODULUS_MS
            assert abs(now_ms() - at_ms) < 20_000


async def test_programme_time_may_be_another_than_this_machines(tmp_path: Path) -> None:
    async with on_air(Stream(tmp_path, STAGE, lambda: now_ms() + 3_600_000)) as client:
        date = re.findall(r"DATE-TIME:(\S+)", (await client.get(PATH)).text)[0]
    ahead_ms = datetime.fromisoformat(date).timestamp() * 1000 - now_ms()
    assert abs(ahead_ms - 3_600_000) < 20_000


async def test_a_picture_that_was_lost_comes_back_and_is_told(tmp_path: Path) -> None:
    stream = Stream(tmp_path, STAGE, now_ms)
    with capture_logs() as logs:
        async with on_air(stream) as client:
            await client.get(PATH)
            for _ in range(2):
                await until(painters)
                for pid in painters():
                    os.kill(pid, signal.SIGKILL)
                await until(lambda: not painters())
            listed = ""

            async def goes_on() -> bool:
                nonlocal listed
                listed = (await client.get(PATH)).text
                return "#EXT-X-DISCONTINUITY\n" in listed

            await until(goes_on)
    dates = re.findall(r"DATE-TIME:(\S+)", listed)
    assert dates == sorted(set(dates))
    assert [each["event"] for each in logs][:2] == ["picture_lost"] * 2


async def test_only_a_process_that_showed_nothing_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.demo.stream.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("grandstand.demo.stream.MOST_WAIT_S", 0.03)
    shown = [True, False, False, False, True, True, False]

    class Scripted(Stream):
        """Its processes end at once, some of them after a segment that ended 8 s ago."""

        async def _send(self) -> str:
            if not shown:
                await asyncio.Event().wait()
            if shown.pop(0):
                first = following(self._segments(), 90)
                (tmp_path / first.name).touch()
            return "the clock is 5.0 s off"

    with capture_logs() as logs:
        async with on_air(Scripted(tmp_path, STAGE, lambda: 99_000)):
            await until(lambda: len(logs) == 7)
    waits = [each["again_in_s"] for each in logs]
    assert waits == [0, 0.01, 0.02, 0.03, 0, 0, 0.01]
    assert {(each["event"], each["why"]) for each in logs} == {
        ("picture_lost", "the clock is 5.0 s off")
    }
    assert [each["for_s"] for each in logs] == [8] * 7


async def test_a_painter_that_hears_nothing_is_killed_when_the_show_ends(tmp_path: Path) -> None:
    async with on_air(Stream(tmp_path, STAGE, now_ms)) as client:
        await client.get(PATH)
        (painter,) = painters()
        os.kill(painter, signal.SIGSTOP)


@pytest.mark.parametrize("name", ["1-0-0.ts", "encoder.m3u8", "..%2Fsecret", "secret.ts"])
async def test_nothing_but_segments_is_served(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").touch()
    folder = tmp_path / "stream"
    folder.mkdir()
    for other in ("encoder.m3u8", "secret.ts"):
        (folder / other).touch()
    async with browser(Stream(folder, STAGE, now_ms)) as client:
        assert (await client.get(f"/stream/{name}")).status_code == 404


async def test_ten_minutes_of_picture_are_listed_in_few_bytes(tmp_path: Path) -> None:
    for serial in range(700):
        (tmp_path / Segment(serial, 0, 0).name).touch()
    async with browser(Stream(tmp_path, STAGE, now_ms)) as client:
        answer = await client.get(PATH)
    assert re.findall(r"\n(\d+)-0-0.ts", answer.text) == [str(each) for each in range(100, 700)]
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 10_000


async def test_a_playlist_is_waited_for_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    class Watched(Stream):
        def _segments(self) -> list[Segment]:
            nonlocal looks
            looks += 1
            return super()._segments()

    async with browser(Watched(tmp_path, STAGE, now_ms)) as client:
        asking = asyncio.create_task(client.get(PATH))
        await until(lambda: looks > 2)
        assert not asking.done()
        (tmp_path / Segment(0, 0, 0).name).touch()
        assert (await asking).status_code == 200
        (tmp_path / Segment(0, 0, 0).name).unlink()
        monkeypatch.setattr("grandstand.demo.stream.PATIENCE_S", 0.2)
        answer = await client.get(PATH)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_an_encoder_that_runs_is_not_missing() -> None:
    assert await missing() is None


@pytest.mark.parametrize(
    ("script", "why"),
    [(None, "No such file"), ("exit 3", "ended with 3"), ("sleep 60", "doesn't answer")],
)
async def test_why_there_is_no_encoder_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, why: str
) -> None:
    path = tmp_path / "ffmpeg"
    if script is not None:
        path.write_text(
            f"#!/bin/sh\nexec {script}\n" if "sleep" in script else f"#!/bin/sh\n{script}\n"
        )
        path.chmod(0o700)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))
    monkeypatch.setattr("grandstand.demo.stream.CHECK_S", 0.5)
    assert why in (await missing() or "")
