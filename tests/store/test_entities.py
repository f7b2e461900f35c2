from __future__ import annotations

from grandstand.domain.envelope import Commit
from grandstand.domain.state import PrivateChanges, RoomState
from grandstand.store import entities
from grandstand.store.store import Store
from grandstand.store.timeline import Changes


async def test_what_commits_wrote_is_read_by_name_and_in_slices(store: Store) -> None:
    await store.rooms.create("r", "made")
    assert (await store.timeline.load("r")).has_entities is False
    assert await store.entities.of("r", ["a"]) == ({}, 0)
    rows = {f"e{n}": b"\xff%d" % n for n in range(3 * entities.SLICE)}
    head = (await store.timeline.load("r")).head
    commit = Commit(head.epoch, 1, 0, 1, [], PrivateChanges(entities=rows))
    nothing = Changes(frozenset(), (), (), (), (), ())
    await store.timeline.commit("r", head, None, commit, RoomState(), nothing)
    assert (await store.timeline.load("r")).has_entities is True
    assert await store.entities.of("r", ["e7", "x"]) == ({"e7": rows["e7"]}, len(rows))
    assert await store.entities.count("r") == len(rows)
    read: dict[str, bytes] = {}
    cursor = slices = 0
    while True:
        some, cursor = await store.entities.slice("r", cursor)
        read |= some
        slices += 1
        if not cursor:
            break
    assert read == rows
    assert slices > 2
