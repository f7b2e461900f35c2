"""How often one viewer may comment: one limit over all its connections, on every node."""

from __future__ import annotations

import asyncio

from tests.server import ServerProcess
from tests.viewer import Message, viewing
from tests.waiting import until

Pair = tuple[ServerProcess, ServerProcess]


async def test_one_viewer_has_one_rate_over_two_processes(pair: Pair, room: str) -> None:
    one, other = pair
    one.make_room(room, comment_interval=3600, comment_burst=3)
    ann = one.token("ann")
    async with (
        viewing(one.url, room, ann) as here,
        viewing(other.url, room, ann) as there,
        viewing(other.url, room, other.token("bo")) as bo,
    ):
        answers = await asyncio.gather(
            *(
                viewer.comment(f"{n} of {name}")
                for n in range(3)
                for name, viewer in (("here", here), ("there", there))
            )
        )
        accepted = [answer for answer in answers if answer["type"] == "ack"]
        limited = [answer for answer in answers if answer.get("code") == "rate_limited"]
        assert (len(accepted), len(limited)) == (3, 3)
        assert all(0 < answer["retry_after"] <= 3600 for answer in limited)
        assert (await bo.comment("I said nothing yet"))["type"] == "ack"
        assert (await there.comment("too soon again"))["code"] == "rate_limited"


async def test_one_who_waits_as_long_as_it_is_told_may_speak_again(pair: Pair, room: str) -> None:
    one, other = pair
    one.make_room(room, comment_interval=1, comment_burst=1)
    ann = one.token("ann")
    async with viewing(one.url, room, ann) as here, viewing(other.url, room, ann) as there:
        answer = await here.comment("the first")
        while answer["type"] == "ack":  # on a slow machine each may come a second after another
            answer = await here.comment("one of many")
        assert answer["code"] == "rate_limited"
        assert 0 < answer["retry_after"] <= 1
        await asyncio.sleep(answer["retry_after"])
        assert (await there.comment("after the pause"))["type"] == "ack"


async def test_a_limited_comment_counts_once_when_it_is_sent_again_in_time(
    pair: Pair, room: str
) -> None:
    one, other = pair
    one.make_room(room, comment_interval=3600, comment_burst=1)
    async with (
        viewing(one.url, room, one.token("ann")) as here,
        viewing(other.url, room, other.token("ann")) as there,
    ):
        assert (await here.comment("first"))["type"] == "ack"
        comment = {"type": "comment", "id": "second", "text": "second"}
        assert (await there.ask(comment))["code"] == "rate_limited"
        await one.produce("PATCH", f"/v1/rooms/{room}", {"comment_interval": 0})
        once: Message = {}

        async def is_taken() -> bool:
            once.update(await there.ask(comment))
            return bool(once["type"] == "ack")

        await until(is_taken)  # once the other server knows of it
        again = await here.ask(comment)
        assert {name: once[name] for name in again} == again
        assert once["type"] == "ack"


async def test_a_burst_is_as_large_as_the_room_says(pair: Pair, room: str) -> None:
    one, _ = pair
    one.make_room(room, comment_interval=3600, comment_burst=5)
    async with viewing(one.url, room, one.token("ann")) as ann:
        answers = [await ann.comment(f"number {n}") for n in range(6)]
        assert [answer["type"] for answer in answers] == ["ack"] * 5 + ["error"]
        assert answers[-1]["retry_after"] > 3590


async def test_a_connection_that_sends_too_much_is_told_to_wait_and_stays(
    pair: Pair, room: str
) -> None:
    one, _ = pair
    one.make_room(room)
    async with viewing(one.url, room, one.token("ann")) as ann:
        asked = [ann.ask({"type": "time", "sent": n}) for n in range(100)]
        answers = await asyncio.gather(*asked)
        limited = [answer for answer in answers if answer["type"] == "error"]
        assert {answer["code"] for answer in limited} == {"rate_limited"}
        assert all(answer["retry_after"] > 0 for answer in limited)
        assert 60 <= 100 - len(limited) < 100
        assert (await ann.insist({"type": "comment", "text": "still here"}))["type"] == "ack"
        assert ann.connections == 1


async def test_viewers_on_two_processes_see_the_same_frames_under_the_same_offsets(
    pair: Pair, room: str
) -> None:
    one, other = pair
    one.make_room(room)
    async with (
        viewing(one.url, room, one.token("ann")) as ann,
        viewing(other.url, room, other.token("bo")) as bo,
    ):
        # No two alike: what was shown a tick before would stand for what comes now.
        said = [(ann, bo)[n % 2].comment(f"number {n}") for n in range(20)]
        ids = {answer["comment"] for answer in await asyncio.gather(*said)}
        for viewer in (ann, bo):
            await viewer.sees(lambda picture: picture.shown.keys() == ids)
        assert len(ids) == 20
        both = ann.frames.keys() & bo.frames.keys()
        assert {place: ann.frames[place] for place in both} == {
            place: bo.frames[place] for place in both
        }
        assert len(both) >= 1
        await ann.sees(lambda picture: picture.viewers == 2)
