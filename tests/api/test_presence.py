from __future__ import annotations

import time

import pytest
from grandstand.api.routes import routes
from grandstand.domain.lurkers import PER_HOUSEHOLD
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


def counted(harness: Harness, room: str) -> int:
    return harness.api.lurkers.counts(time.monotonic() * 1000).get(room, 0)


async def test_who_may_watch_may_say_that_it_is_present(on_stage: Harness) -> None:
    room, closed = await on_stage.house(), await on_stage.room(guests="none")
    assert (await on_stage.call("POST", f"/v1/rooms/{room}/present", role=None)).status_code == 204
    refused = await on_stage.call("POST", f"/v1/rooms/{closed}/present", role=None)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    viewer = await on_stage.call("POST", f"/v1/rooms/{closed}/present", role="viewer")
    assert viewer.status_code == 204
    assert (await on_stage.call("POST", "/v1/rooms/nowhere/present")).status_code == 404
    assert (counted(on_stage, room), counted(on_stage, closed)) == (1, 1)


async def test_an_address_is_counted_so_often_and_then_waits(on_stage: Harness) -> None:
    room = await on_stage.room()
    app = Starlette(routes=routes(on_stage.api))
    household = [f"2001:db8:7:7::{n}" for n in range(PER_HOUSEHOLD.burst + 1)]
    statuses = []
    for address in [*household, "2001:db8:7:8::1"]:
        transport = ASGITransport(app=app, client=(address, 1))
        async with AsyncClient(transport=transport, base_url="http://grandstand.test") as client:
            answer = await client.post(f"/v1/rooms/{room}/present")
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                assert answer.json()["code"] == "rate_limited"
                assert 1 <= int(answer.headers["retry-after"]) <= 6
    assert statuses == [*[204] * PER_HOUSEHOLD.burst, 429, 204]
    assert counted(on_stage, room) == PER_HOUSEHOLD.burst + 1
