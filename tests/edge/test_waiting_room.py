"""How viewers come in when many come at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from grandstand.edge.admission import Admission
from grandstand.edge.node import Node
from grandstand.edge.session import HELLO_WITHIN_S, ViewerSession
from grandstand.edge.transport.handshake import Handshake, Refusal
from grandstand.edge.transport.handshake_limit import LONGEST_S, HandshakeLimit
from grandstand.edge.waiting_room import LATER, LATER_BYTES, TELL_S, WaitingRoom, WaitingViewer
from grandstand.wire.codes import CloseCode
from structlog.testing import capture_logs

from tests.edge.harness import ByHand, FakeOutlet, Harness, harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


def encoded(**fields: str) -> bytes:
    return msgspec.msgpack.encode({"type": "hello"} | fields)


HELLO = encoded()


class House:
    """A node that lets two viewers in a second, by a clock that a test moves."""

    def __init__(self, hand: ByHand, node: Node, most: int = 6, seats: int = 0) -> None:
        self.hand = hand
        self.now_s = 100.0
        node.handshake_limit = HandshakeLimit(2, now=lambda: self.now_s)
        self.node = node
        self.room = WaitingRoom(node, most, seats, HandshakeLimit(100))
        self.admission = Admission(node, waiting_room=self.room)

    def asks(
        self, peer: str = "192.0.2.1", room: str = ""
    ) -> ViewerSession | WaitingViewer | Refusal:
        path = f"/v1/rooms/{room or self.hand.room}/live"
        return self.admission.admit(Handshake(path, "", None, peer, None))

    def comes(
        self, peer: str = "192.0.2.1", hello: bytes | None = HELLO, room: str = ""
    ) -> FakeOutlet:
        session = self.asks(peer, room)
        assert not isinstance(session, Refusal)
        outlet = Outlet(peer=peer, session=session)  # type: ignore[arg-type]
        session.opened(outlet)  # type: ignore[arg-type]
        if hello is not None:
            session.received(hello, False)
        return outlet

    def passes(self, seconds: float) -> None:
        """Time passes in rounds of a quarter of a second."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += 0.25
            self.room.step(self.now_s)


class Outlet(FakeOutlet):
    """Ends its session as a socket does."""

    def close(self, code: int, reason: str = "") -> None:
        if self.closed is None and self.session is not None:
            super().close(code, reason)
            self.session.ending()

    def goes(self) -> None:
        assert self.session is not None
        if self.closed is None:
            self.session.ending()
        self.session.lost()


def places(outlet: FakeOutlet) -> list[int]:
    return [notice["place"] for notice in outlet.of("notice")]


def is_in(outlet: FakeOutlet) -> bool:
    return bool(outlet.of("welcome"))


@pytest_asyncio.fixture(loop_scope="module")
async def house(on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    node = on_still_harness.node
    monkeypatch.setattr(node, "connections", 0)
    monkeypatch.setattr(node, "closing", set())
    monkeypatch.setattr(node, "handshake_limit", None)
    yield House(await on_still_harness.by_hand(), node)


async def test_those_who_come_too_early_wait_and_come_in_one_after_the_other(house: House) -> None:
    first, second, third, fourth = [house.comes() for _ in range(4)]
    assert [is_in(each) for each in (first, second, third, fourth)] == [True, True, False, False]
    assert first.messages[0]["type"] == "welcome"
    (notice,) = fourth.messages
    assert (notice["code"], notice["place"], notice["after"]) == ("waiting", 2, 1000)
    house.passes(0.5)
    assert [is_in(third), is_in(fourth)] == [True, False]
    house.passes(0.5)
    assert is_in(fourth)
    assert isinstance(fourth.session, ViewerSession)
    assert len(house.room) == 0


async def test_a_newcomer_does_not_pass_those_who_wait(house: House) -> None:
    for _ in range(3):
        house.comes()
    house.now_s += 10
    late = house.comes("192.0.2.2")
    assert (is_in(late), places(late)) == (False, [2])


async def test_who_has_not_said_hello_when_its_turn_comes_says_it_then(house: House) -> None:
    for _ in range(2):
        house.comes()
    silent = house.comes(hello=None)
    house.passes(1)
    assert not is_in(silent)
    assert isinstance(silent.session, ViewerSession)
    silent.session.received(HELLO, False)
    assert is_in(silent)


async def test_places_are_told_again_and_get_better(house: House) -> None:
    house.room.most = 6
    waiting = [house.comes() for _ in range(8)][2:]
    last = waiting[-1]
    house.node.handshake_limit.pace(1)
    house.passes(2 * TELL_S)
    told = places(last)
    assert told[0] == 6
    assert told == sorted(told, reverse=True)
    assert 2 <= len(told) <= 4
    assert is_in(last) or last.of("notice")[-1]["after"] <= 6000


async def test_who_goes_leaves_the_line(house: House) -> None:
    gone, rest = [house.comes() for _ in range(4)][2:]
    assert isinstance(gone, Outlet)
    gone.goes()
    assert len(house.room) == 1
    house.passes(0.5)
    assert (is_in(gone), is_in(rest)) == (False, True)
    assert house.node.connections == 3


async def test_a_stranger_who_fills_the_line_gives_way_to_others(house: House) -> None:
    flood = [house.comes("192.0.2.66") for _ in range(8)][2:]
    assert isinstance(house.asks("192.0.2.66"), Refusal)
    honest = [house.comes(f"192.0.2.{number}") for number in range(1, 4)]
    assert [each.closed and each.closed[0] for each in flood] == [None] * 3 + [1013] * 3
    assert flood[-1].of("bye")[0]["reconnect"]
    assert [places(each) for each in honest] == [[2], [3], [4]]
    house.passes(2)
    assert [is_in(each) for each in honest] == [True] * 3
    assert len(house.room) == 2


async def test_a_full_line_is_refused_with_when_to_try_again(house: House) -> None:
    for number in range(9):  # the third comes in by the reserve for new addresses
        house.comes(f"192.0.2.{number}")
    assert len(house.room) == house.room.most
    before = house.node.connections
    refusal = house.asks("192.0.2.99")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 503
    assert ("Retry-After", str(LONGEST_S)) in refusal.headers
    assert house.node.connections == before


async def test_what_comes_after_hello_waits_too_and_is_answered_inside(house: House) -> None:
    waiting = [house.comes() for _ in range(3)][2]
    assert waiting.session is not None
    waiting.session.received(msgspec.msgpack.encode({"type": "time", "id": "t", "sent": 1}), False)
    assert (waiting.closed, waiting.of("time")) == (None, [])
    house.passes(0.5)
    assert [each["type"] for each in waiting.messages if each["type"] != "notice"][:1] == [
        "welcome"
    ]
    assert [each["id"] for each in waiting.of("time")] == ["t"]


@pytest.mark.parametrize("more", [[b"x"] * (LATER + 1), [b"x" * LATER_BYTES, b"x"]])
async def test_what_is_kept_of_one_who_waits_is_bounded(house: House, more: list[bytes]) -> None:
    waiting = [house.comes() for _ in range(3)][2]
    assert waiting.session is not None
    for payload in more:
        assert waiting.closed is None
        waiting.session.received(payload, False)
    assert waiting.closed == (CloseCode.TRY_AGAIN_LATER, "too much before the welcome")
    assert len(house.room) == 0


async def test_closing_sockets_take_no_seats(house: House) -> None:
    house.room.seats = 2
    seated = [house.comes(), house.comes()][0]
    waiting = house.comes("192.0.2.99")
    for _ in range(2):
        rude = house.comes("198.51.100.1", hello=b"no hello")  # its peer never answers the close
        assert rude.closed is not None
    assert (len(house.node.closing), house.room.free) == (2, 0)
    assert isinstance(seated, Outlet)
    seated.goes()
    house.passes(1)
    assert is_in(waiting)
    assert isinstance(rude, Outlet)
    rude.goes()
    assert (len(house.node.closing), house.room.free) == (1, 0)


async def test_who_took_a_seat_and_is_sent_away_has_none_while_its_socket_closes(
    house: House,
) -> None:
    house.room.seats = 1
    rude = house.comes("198.51.100.1", hello=b"no hello")
    assert isinstance(rude.session, ViewerSession)
    assert rude.closed is not None
    assert is_in(house.comes())
    assert isinstance(rude, Outlet)
    rude.goes()
    assert (len(house.node.closing), house.room.free) == (0, 0)


async def test_who_may_not_come_in_is_told_at_once_and_holds_no_place(house: House) -> None:
    elsewhere = house.hand.harness.token(rooms=["elsewhere"])
    for _ in range(2):
        house.comes()
    for hello, code, then in (
        (b"garbage", "bad_message", CloseCode.PROTOCOL_ERROR),
        (encoded(token="no token"), "unauthorized", CloseCode.UNAUTHORIZED),
        (encoded(token=elsewhere), "forbidden", CloseCode.FORBIDDEN),
    ):
        waiting = house.comes(hello=hello)
        assert (waiting.of("error")[0]["code"], waiting.closed and waiting.closed[0]) == (
            code,
            then,
        )
        assert len(house.room) == 0


async def test_nobody_waits_for_a_room_that_does_not_exist(house: House) -> None:
    here, there = [house.comes() for _ in range(3)][2], house.comes(room="nowhere")
    await until(lambda: there.closed)
    assert there.of("error")[0]["code"] == "unknown_room"
    assert (here.closed, len(house.room)) == (None, 1)


async def test_a_token_may_expire_in_the_line(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [house.comes(hello=encoded(token=house.hand.harness.token())) for _ in range(3)][2]
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    house.passes(1)
    assert is_in(waiting)


async def test_a_token_that_is_revoked_in_the_line_does_not_get_in(house: House) -> None:
    harness = house.hand.harness
    token = harness.token("mallory")
    waiting = [house.comes(hello=encoded(token=token)) for _ in range(3)][2]
    revoked = harness.rooms.revocations.known
    await harness.store.revocations.put("sub", "mallory", int(harness.store.now_ms()) + 60_000)
    await until(lambda: "mallory" in revoked.subs)
    house.passes(1)
    assert waiting.closed is not None
    assert waiting.closed[0] == CloseCode.UNAUTHORIZED


async def test_one_who_waits_must_have_said_hello_in_time(house: House) -> None:
    silent, greeted = [house.comes(hello=hello) for hello in (HELLO, HELLO, None, HELLO)][2:]
    for _ in range(HELLO_WITHIN_S + 1):
        house.node.keepalive.sweep()
    assert silent.closed == (CloseCode.NO_HELLO, "no hello in time")
    assert greeted.closed is None
    assert len(house.room) == 1


async def test_who_finds_no_seat_waits_until_one_is_free(house: House) -> None:
    house.room.seats = 1
    seated, waiting = house.comes(), house.comes()
    house.passes(5)
    assert (is_in(seated), is_in(waiting)) == (True, False)
    assert waiting.of("notice")[0]["after"] > 60_000
    assert isinstance(seated, Outlet)
    seated.goes()
    house.passes(0.25)
    assert is_in(waiting)


async def test_without_a_line_a_full_house_refuses(house: House) -> None:
    house.room = WaitingRoom(house.node, seats=1)
    house.admission = Admission(house.node, waiting_room=house.room)
    assert house.admission.handshake_limit is house.node.handshake_limit
    assert is_in(house.comes())
    assert isinstance(house.asks(), Refusal)


async def test_nobody_comes_in_while_the_node_stops_and_those_who_wait_are_sent_elsewhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [house.comes() for _ in range(3)][2]
    monkeypatch.setattr(house.node, "draining", True)
    house.passes(5)
    assert not is_in(waiting)
    assert waiting.session is not None
    waiting.session.drain()
    assert waiting.closed is not None
    assert waiting.closed[0] == CloseCode.RESTART
    assert len(house.room) == 0


async def test_one_whose_entry_fails_does_not_stop_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, after = [house.comes() for _ in range(4)][2:]

    def fail(_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(broken, "hand_over", fail)
    with capture_logs() as logs:
        house.passes(1)
    assert [entry["event"] for entry in logs] == ["waiting_viewer_failed"]
    assert is_in(after)


async def test_by_real_sockets_the_notice_comes_before_the_welcome(tmp_path: Path) -> None:
    rooms: list[WaitingRoom] = []

    def waiting_room(node: Node) -> WaitingRoom:
        rooms.append(WaitingRoom(node, 10, seats=1, openings=HandshakeLimit(100)))
        return rooms[-1]

    async with harness(tmp_path, waiting_room=waiting_room) as here:
        live = await here.room()
        async with here.viewer(live.room) as first, here.connected(live.room, "json") as second:
            await second.send({"type": "hello", "lang": "en"})
            assert (await second.first("notice"))["place"] == 1
            async with here.connected(live.room) as third:
                await third.first("notice")
            await first.leave()

            def is_welcomed() -> bool:
                rooms[0].step(0)
                return bool(second.of("welcome"))

            await until(is_welcomed)
            kinds = [each["type"] for each in second.received]
            assert kinds[kinds.index("notice") : kinds.index("welcome")] == ["notice"]
            assert (await second.ask("time", sent=1))["type"] == "time"
        assert here.node.connections == 0
