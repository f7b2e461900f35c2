"""The moderators' queue: a few viewers can't fill it, and it doesn't stay full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from grandstand.api import moderation
from grandstand.domain import events
from grandstand.domain.events import CommentEvent
from grandstand.edge.batch import HELD_PER_VIEWER
from grandstand.store.ingest import CommentRate, Item
from grandstand.wire.messages import HeldComment

from tests.api.harness import USER, Harness, harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER = "ZyXwVuTsRq9"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("held")) as told:
        yield told


async def held(harness: Harness, room: str) -> list[str]:
    answer = await harness.call("GET", f"/v1/rooms/{room}/held")
    return [comment["text"] for comment in answer.json()["comments"]]


async def decide(harness: Harness, room: str, status: int = 200, **body: object) -> int:
    answer = await harness.call("POST", f"/v1/rooms/{room}/held/decide", json=body)
    assert answer.status_code == status, answer.text
    return len(answer.json()["comments"]) if status == 200 else 0


async def test_every_node_knows_how_many_of_a_viewer_wait(on_stage: Harness) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    for number in range(HELD_PER_VIEWER):
        await on_stage.say(room, f"line {number}", held=True)
    assert live.replica.held_of(USER) == HELD_PER_VIEWER
    assert await decide(on_stage, room, decision="reject", user=USER) == HELD_PER_VIEWER
    assert live.replica.held_of(USER) == 0
    assert await held(on_stage, room) == []


async def test_many_are_decided_at_once_by_what_they_have_in_common(on_stage: Harness) -> None:
    room = await on_stage.room()
    for number, (text, user) in enumerate(
        [("buy NOW", USER), ("b u y  now!", OTHER), ("hello", OTHER), ("good evening", USER)]
    ):
        await on_stage.say(room, text, held=True, user=user, category="insult" if number else "ad")
    assert await decide(on_stage, room, decision="reject", text_like="Buy now") == 2
    assert await held(on_stage, room) == ["hello", "good evening"]
    assert await decide(on_stage, room, decision="approve", category="insult", user=OTHER) == 1
    live = await on_stage.live(room)
    await until(lambda: [each.text for each in live.replica.state.recent] == ["hello"])
    assert await decide(on_stage, room, decision="reject", before=1) == 0
    assert await decide(on_stage, room, decision="reject", before=live.now() + 1) == 1
    assert await decide(on_stage, room, decision="approve", ids=["nobody"]) == 0
    for body in ({}, {"decision": "reject"}, {"decision": "maybe", "user": USER}):
        await decide(on_stage, room, 422, **body)
    answer = await on_stage.call(
        "POST", f"/v1/rooms/{room}/held/decide", role="viewer", json={"decision": "reject"}
    )
    assert answer.status_code == 403


async def test_those_that_say_the_same_are_decided_and_not_those_that_contain_it(
    on_stage: Harness,
) -> None:
    room = await on_stage.room()
    for text in ("no", "I know", "NO!!", "\U0001f4a9"):
        await on_stage.say(room, text, held=True)
    assert await decide(on_stage, room, decision="reject", text="No") == 2
    assert await decide(on_stage, room, decision="reject", text="\U0001f4a9") == 1
    assert await held(on_stage, room) == ["I know"]
    await decide(on_stage, room, 422, decision="reject", text=" ")


async def test_others_have_their_turns_while_a_full_queue_is_looked_through(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_stage.room()
    for number in range(5):
        await on_stage.say(room, f"line {number}", held=True)
    looked_at: list[int] = []
    held_of = on_stage.store.rooms.held_of

    async def watched(room: str, ids: list[str]) -> list[HeldComment]:
        looked_at.append(len(ids))
        return await held_of(room, ids)

    monkeypatch.setattr(on_stage.store.rooms, "held_of", watched)
    monkeypatch.setattr(moderation, "FITTED_AT_ONCE", 2)
    assert await decide(on_stage, room, decision="reject", text_like="line") == 5
    assert looked_at == [2, 2, 1]


async def test_who_was_told_held_is_in_the_list_before_any_tick(on_stage: Harness) -> None:
    room = await on_stage.room(tick=2000)
    live = await on_stage.live(room)
    event = CommentEvent(USER, "Ada", live.now(), "wait", 1.0, 0.0, 0.0, 1, held=True)
    item = Item(USER, "m1", "h", events.encode(event))
    store = on_stage.store
    await store.ingest.append(room, [item], CommentRate(0, 1), store.now_ms())
    assert await held(on_stage, room) == ["wait"]
    await until(lambda: live.replica.held_of(USER) == 1)
    assert await held(on_stage, room) == ["wait"]


async def test_what_nobody_decides_is_given_up_and_never_shown(on_stage: Harness) -> None:
    room = await on_stage.room(held_for=10)
    live = await on_stage.live(room)
    await on_stage.say(room, "too late", held=True, at=live.now() - 9_500)
    await until(lambda: live.replica.held_of(USER) == 0)
    assert await held(on_stage, room) == []
    await asyncio.sleep(0)
    assert live.replica.state.recent == []
