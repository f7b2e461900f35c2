from __future__ import annotations

import pytest
from grandstand.edge import revocations
from grandstand.wire.messages import Hello

from tests.edge.harness import FakeOutlet, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Failing(FakeOutlet):
    """One that can't be closed."""

    def close(self, code: int, reason: str = "") -> None:
        raise ZeroDivisionError


async def test_connections_of_revoked_tokens_end_with_3000_and_others_stay(
    on_stage: Harness,
) -> None:
    live = await on_stage.room()
    later = int(on_stage.store.now_ms()) + 60_000
    token, other = (on_stage.token(sub) for sub in ("ada", "bo"))
    async with (
        on_stage.viewer(live.room, token) as ada,
        on_stage.viewer(live.room, token, "json") as again,
        on_stage.viewer(live.room, other) as bo,
        on_stage.viewer(live.room) as nobody,
    ):
        await on_stage.store.revocations.put("sub", "ada", later)
        for client in (ada, again):
            assert await client.closed() == 3000
            (bye,) = client.of("bye")
            assert (bye["code"], bye["reconnect"]) == (3000, True)
        assert (await bo.ask("comment", text="still here"))["type"] == "ack"
        assert not nobody.of("bye")
    async with on_stage.connected(live.room) as client:
        await client.send({"type": "hello", "token": token})
        assert await client.closed() == 3000
        assert client.received[0]["code"] == "unauthorized"
        assert "revoked" in client.received[0]["message"]


async def test_one_token_is_revoked_and_the_next_is_good(on_stage: Harness) -> None:
    live = await on_stage.room()
    token, next_token = on_stage.token("cy"), on_stage.token("cy")
    token_id = on_stage.tokens.identify(token).token_id
    async with on_stage.viewer(live.room, token) as cy:
        await on_stage.store.revocations.put("jti", token_id, int(on_stage.store.now_ms()) + 60_000)
        assert await cy.closed() == 3000
    async with on_stage.viewer(live.room, next_token):
        pass


async def test_a_token_revoked_while_its_room_is_loaded_does_not_get_in(on_stage: Harness) -> None:
    live = await on_stage.room()
    outlet = FakeOutlet()
    session = on_stage.admit(live.room, outlet)
    session.identity = on_stage.tokens.identify(on_stage.token("dee"))
    await on_stage.store.revocations.put("sub", "dee", int(on_stage.store.now_ms()) + 60_000)
    await until(lambda: "dee" in on_stage.rooms.revocations.known.subs)
    session._enter(live, Hello())
    assert outlet.closed is not None
    assert outlet.closed[0] == 3000


async def test_a_crowd_is_looked_through_in_slices(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "SLICE", 2)
    live = await on_stage.room()
    outlets = [on_stage.seat(live.room, token=on_stage.token("eve")) for _ in range(5)]
    await on_stage.store.revocations.put("sub", "eve", int(on_stage.store.now_ms()) + 60_000)
    await until(lambda: all(outlet.closed for outlet in outlets))
    assert {outlet.closed and outlet.closed[0] for outlet in outlets} == {3000}


async def test_one_that_cannot_be_ended_keeps_no_other_there(on_stage: Harness) -> None:
    live = await on_stage.room()
    later = int(on_stage.store.now_ms()) + 60_000
    for sub in ("fay", "gil"):  # the one who looks goes on afterwards
        token = on_stage.token(sub)
        outlets = [
            on_stage.seat(live.room, outlet, token=token)
            for outlet in (FakeOutlet(), Failing(), FakeOutlet(), Failing(), FakeOutlet())
        ]
        await on_stage.store.revocations.put("sub", sub, later)
        good = [outlet for outlet in outlets if not isinstance(outlet, Failing)]
        await until(lambda: all(outlet.closed for outlet in good))  # noqa: B023


async def test_a_deleted_room_sends_all_away_though_one_cannot_be(on_stage: Harness) -> None:
    live = await on_stage.room()
    outlets = [
        on_stage.seat(live.room, outlet)
        for outlet in (FakeOutlet(), Failing(), FakeOutlet(), Failing())
    ]
    room = on_stage.node.room(live)
    await on_stage.store.deletions.end(live.room)
    await until(lambda: not len(room))
    assert [outlet.closed and outlet.closed[0] for outlet in outlets] == [4004, None, 4004, None]
