from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from grandstand.domain.state import PrivateChanges, Sanction
from grandstand.edge.node import Limits
from grandstand.edge.program import ProgramFeeds
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.wire.codes import ErrorCode, RefusedError
from starlette.requests import Request
from starlette.responses import Response

from tests.edge.harness import ByHand, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")
PEER = "192.0.2.7"


@dataclass
class FakeConnection:
    """An HTTP connection whose peer may have left."""

    is_open: bool = True
    session: Any = None
    is_chunked: bool | None = None

    def write_at_once(self) -> None:
        pass

    def become(self, session: Any, peer: str, is_chunked: bool) -> bool:
        assert peer == PEER
        self.session, self.is_chunked = session, is_chunked
        return self.is_open


def asked(method: str = "GET", version: str = "1.1", **headers: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": method,
            "http_version": version,
            "path": "/program",
            "client": (PEER, 1),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "state": {"connection": FakeConnection()},
        }
    )


@pytest.fixture
def feeds(on_still_harness: Harness) -> Iterator[ProgramFeeds]:
    """Those of a node that is as it was, afterwards."""
    node = on_still_harness.node
    before = node.limits, node.handshake_limit
    yield ProgramFeeds(node)
    node.limits, node.handshake_limit = before
    node.draining = False
    node._addresses.clear()


async def answered(response: Response, request: Request) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await response(request.scope, request.receive, send)
    return sent


async def is_refused(
    harness: Harness, feeds: ProgramFeeds, room: ByHand, token: str | None = None
) -> ErrorCode:
    identity = None if token is None else harness.tokens.identify(token)
    before = dict(harness.node._addresses)
    with pytest.raises(RefusedError) as refused:
        feeds.open(asked(), room.live, identity)
    assert harness.node._addresses == before
    return refused.value.code


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_the_head_is_written_and_the_connection_is_taken(
    on_still_harness: Harness, feeds: ProgramFeeds, version: str
) -> None:
    room, request = await on_still_harness.by_hand(), asked(version=version)
    (start,) = await answered(feeds.open(request, room.live, None), request)
    headers = dict(start["headers"])
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert headers[b"cache-control"] == b"no-store"
    assert b"content-length" not in headers
    assert request.state.connection.is_chunked is (version == "1.1")
    assert on_still_harness.node._addresses == {PEER: 1}


async def test_who_left_meanwhile_is_not_counted(
    on_still_harness: Harness, feeds: ProgramFeeds
) -> None:
    room, request = await on_still_harness.by_hand(), asked()
    request.state.connection.is_open = False
    await answered(feeds.open(request, room.live, None), request)
    assert not on_still_harness.node._addresses


async def test_a_question_for_the_head_alone_takes_nothing(
    on_still_harness: Harness, feeds: ProgramFeeds
) -> None:
    room, request = await on_still_harness.by_hand(), asked("HEAD")
    start, body = await answered(feeds.open(request, room.live, None), request)
    assert b"content-length" not in dict(start["headers"])
    assert body["body"] == b""
    assert request.state.connection.session is None
    assert not on_still_harness.node._addresses


async def test_an_address_has_no_more_feeds_and_sockets_than_it_may(
    on_still_harness: Harness, feeds: ProgramFeeds
) -> None:
    room = await on_still_harness.by_hand()
    on_still_harness.node.limits = Limits(per_address=2)
    assert on_still_harness.node.arrived(PEER)  # a viewer's socket
    feeds.open(asked(), room.live, None)
    assert await is_refused(on_still_harness, feeds, room) is ErrorCode.RATE_LIMITED


async def test_a_viewer_has_no_more_feeds_and_sockets_than_it_may(
    on_still_harness: Harness, feeds: ProgramFeeds
) -> None:
    room, token = await on_still_harness.by_hand(), on_still_harness.token("ada")
    on_still_harness.node.limits = Limits(per_viewer=1)
    on_still_harness.seat(room.room, token=token)
    assert await is_refused(on_still_harness, feeds, room, token) is ErrorCode.RATE_LIMITED
    feeds.open(asked(), room.live, None)


async def test_feeds_take_their_share_of_the_handshakes_of_a_second(
    on_still_harness: Harness, feeds: ProgramFeeds
) -> None:
    room = await on_still_harness.by_hand()
    on_still_harness.node.handshake_limit = HandshakeLimit(per_s=1, now=lambda: 1.0)
    feeds.open(asked(), room.live, None)
    assert await is_refused(on_still_harness, feeds, room) is ErrorCode.OVERLOADED


async def test_a_node_that_goes_away_and_a_banned_viewer_get_none(
    on_still_harness: Harness, feeds: ProgramFeeds
) -> None:
    room, token = await on_still_harness.by_hand(), on_still_harness.token("eve")
    banned: dict[str, Sanction | None] = {on_still_harness.user(room.live, "eve"): Sanction("ban")}
    await room.commit("hi", private=PrivateChanges(sanctions=banned))
    assert await is_refused(on_still_harness, feeds, room, token) is ErrorCode.FORBIDDEN
    on_still_harness.node.draining = True
    assert await is_refused(on_still_harness, feeds, room) is ErrorCode.UNAVAILABLE
