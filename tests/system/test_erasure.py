"""A viewer is erased on every node and in the archive, though the node that leads the room dies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from grandstand.archive.parts import unpack

from tests.conftest import MakeServer
from tests.system.test_segments import index, is_cut
from tests.valkey import valkey
from tests.viewer import viewing
from tests.waiting import until

SAID = "words that must go"


def contents(archive: Path) -> Iterator[bytes]:
    """All that the archive's files hold, packed anew as plain bytes."""
    for path in archive.rglob("[0-9]*.zst"):
        with suppress(FileNotFoundError):  # cut again meanwhile
            yield msgspec.msgpack.encode(unpack(path.read_bytes()))


async def test_an_erased_viewer_leaves_all_nodes_and_the_archive_though_a_leader_dies(
    make_server: MakeServer, tmp_path: Path, room: str
) -> None:
    def is_archived(text: str) -> bool:
        return any(text.encode() in content for content in contents(tmp_path / "archive"))

    async with valkey(tmp_path / "valkey") as url:
        archive = {"GRANDSTAND_ARCHIVE_URL": f"file://{tmp_path / 'archive'}"}
        nodes = [make_server(redis_url=url, environment=archive) for _ in range(2)]
        for node in nodes:
            await asyncio.to_thread(node.start)
        await asyncio.to_thread(nodes[0].make_room, room)
        await until(lambda: any('"event": "sequencing"' in node.log for node in nodes))
        leader = next(node for node in nodes if '"event": "sequencing"' in node.log)
        other = next(node for node in nodes if node is not leader)
        async with (
            viewing(other.url, room, other.token("ann")) as ann,
            viewing(other.url, room, other.token("bo")) as bo,
        ):
            await ann.insist({"type": "comment", "text": SAID})
            await bo.insist({"type": "comment", "text": "what stays"})
            cut = await is_cut(other, room, "what stays")
            await until(lambda: is_archived(SAID) and is_archived("what stays"))
            place = bo.offset

            path = f"/v1/rooms/{room}/viewers/{ann.user}/erase"
            answer = await other.ask("POST", path, token=other.producer_token)
            leader.kill()
            assert (answer.status, answer.json["status"]) == (202, "erasing")
            await bo.sees(
                lambda picture: [each["text"] for each in picture.recent] == ["what stays"]
            )
            await until(lambda: not is_archived(SAID))
            assert is_archived("what stays")
            bo.offset = place
            await bo.drop()
            await bo.returns()
            assert bo.welcome["recovered"] is False
            assert [each["text"] for each in bo.welcome["recent"]] == ["what stays"]

        async def is_served_without() -> bool:
            bodies = [
                (await other.ask("GET", entry["url"])).body
                for entry in (await index(other, room))["segments"]
            ]
            return not any(SAID.encode() in body for body in bodies)

        await until(is_served_without)
        (old,) = [name for name, body in cut.items() if SAID.encode() in body]
        answer = await other.ask("GET", old)
        assert answer.status == 307
        moved = await other.ask("GET", answer.headers["location"])
        assert (moved.status, SAID.encode() in moved.body) == (200, False)
        record = await other.produce("GET", f"/v1/rooms/{room}/comments?shown=all")
        assert [each["text"] for each in record["comments"]] == ["what stays"]
