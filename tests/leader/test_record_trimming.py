"""The job that forgets: the record keeps what the room's settings say, and the cursor follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.events import SettingsPut
from grandstand.leader import commits
from grandstand.leader import record_trimming as module
from grandstand.leader.record_trimming import RecordTrimming
from grandstand.store.highlights import MINUTE_MS
from grandstand.wire.highlights import Highlight

from tests.edge.harness import Harness
from tests.leader.test_supervisor import Following, is_done, say
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sequenced]:
    monkeypatch.setattr(module, "TRIM_S", 0.01)
    made = Sequenced(await node.by_hand())
    yield made
    await made.stop()


async def texts(room: Sequenced) -> list[str]:
    rows = room.node.store.record.rows(room.live.room, 0, 2**53, shown_only=False)
    return [row.text async for row in rows]


async def test_what_is_older_than_the_room_keeps_it_is_forgotten(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.start(RecordTrimming())
    await say(room, "old")
    assert await texts(room) == ["old"]
    monkeypatch.setattr(module, "LEEWAY_MS", -(10**12))  # as if much time had passed
    await say(room, "new")
    await until(lambda: is_done(room))
    assert await texts(room) == []


async def test_a_room_in_which_only_time_passed_forgets_when_it_wakes(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.start(RecordTrimming())
    await room.append(SettingsPut(uuid4().hex, {"title": "x"}, merge=True))
    await say(room, "old")
    await until(lambda: is_done(room))
    await room.stop()
    monkeypatch.setattr(module, "LEEWAY_MS", -(10**12))
    room.start(RecordTrimming())

    async def is_empty() -> bool:
        return await texts(room) == []

    await until(is_empty)


async def test_highlights_go_with_the_record_of_a_room_in_which_only_time_passed(
    room: Sequenced,
) -> None:
    name, kept = room.live.room, room.node.store.highlights
    old = room.live.now() - room.live.replica.state.settings.record_retention * 1000 - MINUTE_MS
    found = Highlight(4.0, ["goal"], [], old, old, old, id="highlight-old")
    await kept.keep(name, 0, b"", {old: 4.0}, [found], 0)
    assert await kept.has_any(name)
    room.start(RecordTrimming())

    async def is_empty() -> bool:
        return not await kept.has_any(name)

    await until(is_empty)


async def test_what_came_while_it_slept_is_done_with_at_once_however_much_it_is(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRIM_S", 10**6)
    monkeypatch.setattr(commits, "TOGETHER", 2)
    room.start(Following())
    await say(room, *map(str, range(5)))
    await room.stop()
    room.start(RecordTrimming())
    cursor = room.works[0][0]._cursors["record trimming"]
    await until(lambda: cursor.at is not None and is_done(room))
