"""Segments of real servers: the same bytes from every node, and from the archive after a kill."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from grandstand.archive.parts import unpack
from grandstand.archive.storage import Folder
from grandstand.domain.segments import Name, runs
from grandstand.wire.segments import encode_segment

from tests.conftest import MakeServer
from tests.server import Answer, ServerProcess
from tests.valkey import valkey
from tests.viewer import viewing
from tests.waiting import until


async def index(server: ServerProcess, room: str, query: str = "") -> Any:
    answer = await server.ask("GET", f"/v1/rooms/{room}/segments{query}")
    assert answer.status == 200, answer.body
    assert answer.headers["cache-control"] == "public, max-age=1"
    return answer.json


def texts(answer: Answer) -> list[str]:
    frames = msgspec.msgpack.decode(answer.body)["frames"]
    return [comment["text"] for frame in frames for comment in frame.get("comments", ())]


async def is_cut(server: ServerProcess, room: str, text: str) -> dict[str, bytes]:
    """The segments that the index lists, once one of them has the comment."""
    found: dict[str, bytes] = {}

    async def has_it() -> bool:
        for entry in (await index(server, room))["segments"]:
            if entry["url"] not in found:
                answer = await server.ask("GET", entry["url"])
                assert answer.status == 200
                assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
                found[entry["url"]] = answer.body
                if text in texts(answer):
                    return True
        return False

    await until(has_it)
    return found


async def test_segments_are_the_same_everywhere_and_survive_any_kill(
    make_server: MakeServer, tmp_path: Path, room: str
) -> None:
    async with valkey(tmp_path / "valkey") as url:
        archive = {"GRANDSTAND_ARCHIVE_URL": f"file://{tmp_path / 'archive'}"}
        nodes = [make_server(redis_url=url, environment=archive) for _ in range(2)]
        for node in nodes:
            await asyncio.to_thread(node.start)
        one, two = nodes
        await asyncio.to_thread(one.make_room, room)
        async with viewing(two.url, room, two.token("ann")) as ann:
            await ann.insist({"type": "comment", "text": "before the kill"})
            found = await is_cut(one, room, "before the kill")
            snapshot = (await index(two, room))["snapshot"]
            state = msgspec.msgpack.decode((await two.ask("GET", snapshot)).body)
            assert (state["room"], state["epoch"]) == (room, ann.epoch)
            for path, body in found.items():
                assert (await two.ask("GET", path)).body == body
            leader = next(node for node in nodes if '"event": "sequencing"' in node.log)
        # Whoever led it dies before it has archived what was cut.
        other = next(node for node in nodes if node is not leader)
        leader.kill()
        async with viewing(other.url, room, other.token("bo")) as bo:
            await bo.insist({"type": "comment", "text": "after the kill"})
            found |= await is_cut(other, room, "after the kill")
        last = max(int(path.rpartition("/")[2].partition(".")[0]) for path in found)

        def archived() -> list[str]:
            return sorted(each.name for each in tmp_path.glob(f"archive/{room}/*/*"))

        await until(lambda: any(int(name[13:25]) > last for name in archived()))
        listed = (await index(other, room))["segments"]
        await asyncio.to_thread(other.stop)

        # What the archive has is the same, without a hole, and a node that comes later serves it.
        (epoch,) = {path.split("/")[5] for path in found}
        storage = Folder(tmp_path / "archive")
        folder = f"{room}/{epoch}"
        parts = [unpack(storage.read(f"{folder}/{each}")) for each in storage.names(folder)]
        assert len(runs((part.since, part.until) for part in parts)) == 1
        for path, body in found.items():
            n = Name.read(path.rpartition("/")[2])
            assert n is not None
            segments = [part.segment(n.n) for part in parts]
            (segment,) = [each for each in segments if each is not None]
            after = path.replace(str(n), str(Name(n.n + 1)))
            assert encode_segment(segment.start, segment.end, segment.frames, after, "msgpack") == (
                body
            )
        third = make_server(redis_url=url, environment=archive)
        await asyncio.to_thread(third.start)
        for path, body in found.items():
            assert (await third.ask("GET", path)).body == body
        past = await index(third, room, f"?at={listed[-1]['from'] - 60_000}")
        assert (await third.ask("GET", past["snapshot"])).status == 200
