from __future__ import annotations

import time
from dataclasses import replace

import pytest
from grandstand.api.operations import event_id, guest_buckets
from grandstand.api.routes import routes
from grandstand.domain.events import StaffCame
from grandstand.domain.identity import user_id
from grandstand.domain.limits import Buckets, Rate
from grandstand.tokens import Tokens
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_guest_gets_a_token_for_the_room_alone(on_stage: Harness) -> None:
    room = await on_stage.house()
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/guests", role=None)
    assert answer.status_code == 201
    told = answer.json()
    identity = on_stage.tokens.identify(told["token"])
    assert identity.rooms == {room}
    assert identity.guest
    assert identity.role == told["viewer"]["role"] == "viewer"
    assert identity.name == told["viewer"]["name"]
    assert told["viewer"]["name"].startswith("Guest ")
    live = await on_stage.live(room)
    assert told["viewer"]["id"] == user_id(identity.sub, live.salt)
    lifetime_ms = told["expires_at"] - time.time() * 1000
    assert abs(lifetime_ms - on_stage.api.guest_lifetime_s * 1000) < 10_000


@pytest.mark.parametrize(
    ("given", "name"), [("Ada", "Ada"), ("A\u202eda ", "Ada"), ("\u200b", "Guest "), ("", "Guest ")]
)
async def test_a_guest_may_choose_a_name(on_stage: Harness, given: str, name: str) -> None:
    room = await on_stage.house()
    answer = await on_stage.call(
        "POST", f"/v1/rooms/{room}/guests", role=None, json={"name": given}
    )
    assert answer.json()["viewer"]["name"].startswith(name)


async def test_an_expired_token_does_not_keep_a_guest_out(on_stage: Harness) -> None:
    room = await on_stage.house()
    token = on_stage.token("viewer", lifetime_s=-10)
    assert (await on_stage.call("POST", f"/v1/rooms/{room}/guests", token=token)).is_success


async def test_a_room_without_guests_gives_no_tokens(on_stage: Harness) -> None:
    room = await on_stage.room(guests="none")
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/guests", role=None)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def _statuses(
    harness: Harness, room: str, addresses: list[str], **changes: object
) -> list[int]:
    api = replace(harness.api, **changes)  # type: ignore[arg-type]
    app = Starlette(routes=routes(api))
    statuses = []
    for address in addresses:
        transport = ASGITransport(app=app, client=(address, 1))
        async with AsyncClient(transport=transport, base_url="http://grandstand.test") as client:
            answer = await client.post(f"/v1/rooms/{room}/guests")
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                assert answer.json()["code"] == "rate_limited"
                assert 1 <= int(answer.headers["retry-after"]) <= 60
    return statuses


async def test_an_address_gets_so_many_tokens_and_then_waits(on_stage: Harness) -> None:
    room = await on_stage.house()
    buckets = Buckets(Rate(interval_ms=60_000, burst=2))
    addresses = ["198.51.100.1"] * 3 + ["198.51.100.2"]
    assert await _statuses(on_stage, room, addresses, guests=buckets) == [201, 201, 429, 201]


async def test_a_household_has_one_address_in_ipv6(on_stage: Harness) -> None:
    room = await on_stage.house()
    buckets = Buckets(Rate(interval_ms=60_000, burst=1))
    addresses = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1", "here"]
    assert await _statuses(on_stage, room, addresses, guests=buckets) == [201, 429, 201, 201]


async def test_a_crowd_from_one_machine_is_let_in(on_stage: Harness) -> None:
    room = await on_stage.house()
    statuses = await _statuses(on_stage, room, ["127.0.0.1"] * 200, guests=guest_buckets())
    assert set(statuses) == {201}


async def test_without_a_secret_there_are_no_guests(on_stage: Harness) -> None:
    room = await on_stage.house()
    tokens = Tokens(None, "https://issuer.test/keys")
    assert await _statuses(on_stage, room, ["127.0.0.1"], tokens=tokens) == [403]


@pytest.mark.parametrize(
    "name", ["Moderator", "官方", "you idiot", "buy at t.me/x", "\ufdfa" * 10, "M0 Staff"]
)
async def test_a_guest_s_name_is_judged_at_the_door(on_stage: Harness, name: str) -> None:
    room = await on_stage.house()
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/guests", role=None, json={"name": name})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "rejected")
    assert problem["errors"][0]["path"] == "name"
    assert "choose" in problem["errors"][0]["message"]


async def test_a_guest_may_not_be_called_as_the_staff_is(on_stage: Harness) -> None:
    room = await on_stage.room(moderation={"level": 0})
    live = await on_stage.live(room)
    path, body = f"/v1/rooms/{room}/guests", {"name": "M0 Mill"}
    assert (await on_stage.call("POST", path, role=None, json=body)).status_code == 201
    await live.submit(StaffCame(event_id(), "m", "moderator", "Mo MiII"))
    assert (await on_stage.call("POST", path, role=None, json=body)).status_code == 422
