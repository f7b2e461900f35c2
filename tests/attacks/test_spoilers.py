"""A viewer reads its own wire: it must not find there what the producer has set for later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.domain.polls.examples import CASES, Case
from tests.server import ServerProcess
from tests.viewer import viewing


def said(messages: Any) -> str:
    return json.dumps(messages)


async def test_a_poll_and_a_cue_set_for_later_are_on_no_viewers_wire(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, tick=50)
    staff = server.token("mod", role="moderator")
    async with (
        viewing(server.url, room, server.token("ann")) as viewer,
        viewing(server.url, room, staff) as moderator,
    ):
        now = viewer.welcome["now"]
        poll = {
            "kind": "quiz",
            "question": "Who is behind the curtain?",
            "options": ["the tenor", "nobody"],
            "answer": 0,
            "opens_at": now + 3_600_000,
            "closes_at": now + 3_660_000,
        }
        cue = {"name": "curtain", "at": now + 3_500_000, "data": {"secret": "the tenor"}}
        opened = await server.produce("POST", f"/v1/rooms/{room}/polls", poll)
        await server.produce("POST", f"/v1/rooms/{room}/cues", cue)
        soon = await server.produce(
            "POST",
            f"/v1/rooms/{room}/polls",
            {**poll, "question": "Now?", "opens_at": now + 4_000, "closes_at": now + 900_000},
        )
        await moderator.knows(opened["id"])
        await moderator.sees(lambda seen: "curtain" in said(seen.cues))
        await viewer.sees(lambda seen: soon["id"] in seen.polls)  # its time is near
        told = next(
            frame
            for frame in viewer.received
            if any(each["id"] == soon["id"] for each in frame.get("polls", ()))
        )
        assert soon["opens_at"] - 2_000 <= told["now"]
        assert "offset" in told
        assert "curtain" not in said(viewer.received)
        async with viewing(server.url, room, server.token("late")) as late:
            assert "curtain" not in said(late.received)
            assert late.welcome["polls"][0]["id"] == soon["id"]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_no_viewers_wire_has_a_hidden_result(
    shared_server: ServerProcess, room: str, case: Case
) -> None:
    server = shared_server
    server.make_room(room, tick=50)
    path = f"/v1/rooms/{room}/polls"
    body = {"kind": case.kind, "question": "?", "duration": 600, "grace": 0, **case.own}
    hidden = {"show_tally": "revealed", "tag": "for the band"}
    poll = (await server.produce("POST", path, {**body, **hidden}))["id"]
    secrets = ('"tally"', '"tallies"', '"voters"', '"answer"', "for the band")
    async with viewing(server.url, room, server.token("ann")) as ann:
        await ann.knows(poll)
        assert (await ann.vote(poll, 1))["type"] == "ack"
        await server.produce("POST", f"{path}/{poll}/close", {})
        await ann.sees(lambda seen: seen.polls[poll]["final"])
        async with viewing(server.url, room, server.token("late")) as late:
            for secret in secrets:
                assert secret not in said([ann.welcome, *ann.received])
                assert secret not in said([late.welcome, *late.received])
            chosen = {"answer": case.answer} if case.revealed_by == "resolve" else {}
            await server.produce("POST", f"{path}/{poll}/{case.revealed_by}", chosen)
            for viewer in (ann, late):
                await viewer.sees(lambda seen: seen.polls[poll]["status"] == "revealed")
                shown = viewer.picture.polls[poll]
                assert (shown["tally"], shown["voters"]) == ([0, 1, 0], 1)
                assert shown.get("answer") == case.answer
                assert "for the band" not in said(viewer.received)
