"""Feeds of which every line is wrong: nobody else may wait for them."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import msgspec
import pytest
import pytest_asyncio
from grandstand.api import validation
from grandstand.api.imports import MAX_COMMENTS
from grandstand.api.problems import MAX_FAULTS
from grandstand.api.stats import MAX_UPDATES

from tests.api.harness import Harness, harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_BYTES = validation.MAX_LINES_BYTES
TURN_S = 0.1
"""CPU time between two turns of everybody else; it was 1.4 s."""


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """A collection of the whole test session's garbage is nobody's feed."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    path: Path = tmp_path_factory.mktemp("bad-feed")
    async with harness(path) as told:
        yield told


@asynccontextmanager
async def turns() -> AsyncIterator[list[float]]:
    """The loop thread's CPU time, in s, between the turns of one who is always ready."""
    spent: list[float] = []

    async def wait_in_line() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            spent.append(now - before)
            before = now

    waiting = asyncio.create_task(wait_in_line())
    await asyncio.sleep(0)
    try:
        yield spent
        await asyncio.sleep(0)
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])


async def longest_turn(
    harness: Harness, path: str, content: bytes, method: str = "POST"
) -> tuple[httpx2.Response, float]:
    """The call's answer, and how much CPU time others had to wait for at once."""
    headers = {"Authorization": f"Bearer {harness.token()}"}
    base = "http://grandstand.test/v1/rooms/"
    async with (
        httpx2.AsyncClient(transport=harness.transport, base_url=base) as client,
        turns() as spent,
    ):
        answer = await client.request(method, path, content=content, headers=headers)
    return answer, max(spent)


async def test_wrong_lines_are_judged_up_to_the_hundredth_fault(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, judged, checked = await on_stage.house(), 0, validation.checked

    def counting(*arguments: object, **options: object) -> object:
        nonlocal judged
        judged += 1
        return checked(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(validation, "checked", counting)
    answer, spent_s = await longest_turn(on_stage, f"{room}/stats", b"{}\n" * MAX_UPDATES)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MAX_FAULTS
    assert judged <= MAX_FAULTS
    assert spent_s < TURN_S


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"{}\n" * (MOST_BYTES // 3), 413, id="lines"),
        pytest.param(b"\n" * MOST_BYTES, 413, id="blank lines"),
        pytest.param(b'{"entity":' + b"[" * 60_000, 400, id="one deep line"),
        pytest.param(b"[" + b"{}," * 20_000 + b"{}]", 422, id="a list"),
        pytest.param(b"{}\n[" + b"{}," * 300_000 + b"{}]", 413, id="a long line"),
        pytest.param(
            b"".join(
                b'{"entity":"a:%d","name":"%s","values":{}}\n' % (n, b"x" * 400)
                for n in range(2000)
            ),
            422,
            id="names too long",
        ),
        pytest.param(
            b"".join(
                b'{"entity":"a:1","name":"n","values":{"v":%d},"at":0}\n' % n for n in range(2000)
            ),
            422,
            id="good lines at a bad time",
        ),
        pytest.param(
            (b'{"' + b"k" * 20_000 + b'":1}\n') * 50, 422, id="long names of unknown fields"
        ),
    ],
)
async def test_no_feed_stops_anybody_and_no_answer_is_large(
    on_stage: Harness, content: bytes, status: int
) -> None:
    room = await on_stage.house()
    answer, spent_s = await longest_turn(on_stage, f"{room}/stats", content)
    assert answer.status_code == status, answer.text[:500]
    assert len(answer.content) < 65_536
    assert spent_s < TURN_S


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"{}\n" * (MOST_BYTES // 3), 413, id="lines"),
        pytest.param(b"{}\n" * MAX_COMMENTS, 200, id="as many as may be"),
        pytest.param(b"[" + b"{}," * (MAX_COMMENTS - 1) + b"{}]", 200, id="a list"),
        pytest.param(b"[" + b"{}," * 300_000 + b"{}]", 413, id="a long list"),
    ],
)
async def test_no_import_stops_anybody(on_stage: Harness, content: bytes, status: int) -> None:
    room = await on_stage.house()
    answer, spent_s = await longest_turn(on_stage, f"{room}/comments", content)
    assert answer.status_code == status, answer.text[:500]
    assert spent_s < TURN_S


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("polls", b'{"kind":"single","question":"?","options":[' + b"1," * 32_000 + b"1]}"),
        ("polls", b'{"kind":"single","question":"?","options":[' + b'{"x":{}},' * 7000 + b"1]}"),
        ("polls", b"{" + b",".join(b'"%d":1' % n for n in range(6500)) + b"}"),
        ("cues", b'{"name":"x","data":{"a":[' + b"[]," * 21_000 + b"1]}}"),
        (
            "cues",
            b'{"name":"x","data":{' + b",".join(b'"%d":1e99' % n for n in range(4500)) + b"}}",
        ),
    ],
)
async def test_no_long_body_stops_anybody(on_stage: Harness, path: str, content: bytes) -> None:
    room = await on_stage.house()
    assert len(content) <= validation.MAX_BODY_BYTES
    answer, spent_s = await longest_turn(on_stage, f"{room}/{path}", content)
    assert answer.status_code == 422
    assert len(answer.content) < 65_536
    assert spent_s < TURN_S


async def test_two_thousand_updates_of_entities_stop_nobody(on_stage: Harness) -> None:
    values = {f"value {n}": {"value": "x" * 60, "best": "y" * 8} for n in range(4)}
    update = {"name": "n", "audience": "followers", "values": values}
    content = b"".join(
        b"%s\n" % msgspec.json.encode({"entity": f"a:{n}", **update}) for n in range(MAX_UPDATES)
    )
    assert MOST_BYTES * 0.8 < len(content) <= MOST_BYTES
    room = await on_stage.room()
    answer, spent_s = await longest_turn(on_stage, f"{room}/stats", content)
    assert {each["status"] for each in answer.json()["stats"]} == {"taken"}
    assert spent_s < TURN_S


async def test_categories_without_end_are_refused_in_a_moment(on_stage: Harness) -> None:
    many = b",".join(b'"%d":"x"' % n for n in range(5500))
    answer, spent_s = await longest_turn(
        on_stage, "other", b'{"moderation":{"categories":{' + many + b"}}}", "PUT"
    )
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MAX_FAULTS
    assert spent_s < TURN_S
