"""Cards for followers alone, in a room that lets no guests in: nobody else ever sees them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest
from grandstand.wire.codes import CloseCode

from tests.server import ServerProcess
from tests.system.curl import curl
from tests.viewer import Viewer, viewing
from tests.waiting import until

SECRET = "zorglub"
TOPIC = "athlete:1"


def has_card(fan: Viewer) -> bool:
    return any(SECRET in str(message) for message in fan.received)


async def archived(
    server: ServerProcess, base: str, offset: int, token: str
) -> dict[str, bytes | Any]:
    """The list of the room's segments, the segments up to ``offset``, and the newest snapshot."""

    async def listed() -> Any:
        return (await server.ask("GET", f"{base}/segments", None, token)).json

    async def is_cut() -> bool:
        return any(each["offsets"][1] >= offset for each in (await listed())["segments"])

    await until(is_cut)
    told = await listed()
    urls = [each["url"] for each in told["segments"]] + [told["snapshot"]]
    answers = {url: await server.ask("GET", url, None, token) for url in urls}
    assert {answer.status for answer in answers.values()} == {200}
    return {"the list": told, **{url: answer.body for url, answer in answers.items()}}


async def test_a_card_for_followers_reaches_nobody_else_by_any_way(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    base = f"/v1/rooms/{server.make_room(room, tick=50, guests='none')}"
    tokens = {
        "a viewer": server.token("bo"),
        "who follows another": server.token("cy"),
        "a moderator": server.token("mod", role="moderator"),
        "a producer": server.producer_token,
    }
    async with AsyncExitStack() as stack:
        others = {
            who: await stack.enter_async_context(
                viewing(server.url, room, token, follow=["athlete:2"] * (who[:3] == "who"))
            )
            for who, token in tokens.items()
        }
        feed = await stack.enter_async_context(curl(server.url, room, "", tokens["a viewer"]))
        fan = await stack.enter_async_context(
            viewing(server.url, room, server.token("ann"), follow=[TOPIC])
        )
        values = {"word": SECRET}
        stats = {"entity": TOPIC, "name": "Ann", "audience": "followers", "values": values}
        await server.produce("POST", f"{base}/stats", stats)
        await until(lambda: has_card(fan))
        await server.produce("POST", f"{base}/cues", {"name": "over"})
        for viewer in others.values():
            await viewer.sees(lambda picture: picture.cues)
        await feed.has("cue")
        late = await stack.enter_async_context(viewing(server.url, room, tokens["a viewer"]))
        told: dict[str, Any] = {who: viewer.received for who, viewer in others.items()}
        told |= {"who came late": late.received, "the feed": feed.text, "the log": server.log}
        told |= await archived(server, base, late.offset, tokens["a viewer"])
        assert {who for who, what in told.items() if SECRET in str(what)} == set()

    for path in ("", "/segments", f"/entities/{TOPIC}", "/entities", "/program", "/highlights"):
        assert (await server.ask("GET", base + path)).status == 401, path
    guest = Viewer(server.url, room, follow=[TOPIC], comes_back=False)
    with pytest.raises(ConnectionError):
        await guest.come()
    assert [message["type"] for message in guest.received] == ["error", "bye"]
    assert guest.closes == [CloseCode.UNAUTHORIZED]
