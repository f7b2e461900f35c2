"""Published votes, receipts and keys: who gets them, when, and what they prove."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from grandstand.api import trees
from grandstand.domain.identity import user_id
from grandstand.domain.limits import Buckets, Rate
from grandstand.domain.polls import merkle
from grandstand.domain.polls.recount import Leaf
from grandstand.domain.polls.verification import PublishedPoll, verify
from grandstand.domain.polls.votes import Ballot
from grandstand.store import keys
from grandstand.wire.audits import PublishedVote
from msgspec import convert

from tests.api.harness import Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOICES = {f"viewer-{n}": (n % 3,) for n in range(20)}
POLL = {
    "kind": "single",
    "question": "Who?",
    "options": ["A", "B", "C"],
    "duration": 60,
    "audit": "receipts",
}


class Voted:
    """A poll in which twenty viewers have voted."""

    def __init__(self, stage: Harness, room: str, poll: str) -> None:
        self.stage, self.room, self.poll = stage, room, poll
        self.path = f"/v1/rooms/{room}/polls/{poll}"

    async def close(self) -> None:
        await self.stage.call("POST", f"{self.path}/close", json={"grace": 0})
        live = await self.stage.live(self.room)
        await until(lambda: live.replica.state.polls[self.poll].final)

    async def audited(self) -> None:
        await self.close()
        live = await self.stage.live(self.room)
        await until(lambda: live.replica.state.polls[self.poll].audited is not None)

    async def shown(self) -> dict[str, Any]:
        answer = await self.stage.call("GET", self.path)
        shown: dict[str, Any] = answer.json()
        return shown

    def token(self, sub: str, role: Any = "viewer") -> str:
        return self.stage.tokens.issue(sub, sub, role, [self.room], 60)

    async def receipt(self, sub: str, role: Any = "viewer") -> httpx2.Response:
        return await self.stage.call("GET", f"{self.path}/receipt", token=self.token(sub, role))


async def voted(stage: Harness, **fields: Any) -> Voted:
    room = await stage.room()
    made = await stage.call("POST", f"/v1/rooms/{room}/polls", json={**POLL, **fields})
    live = await stage.live(room)
    poll = live.replica.state.polls[made.json()["id"]]
    ballots = [
        Ballot(user_id(sub, live.salt), uuid4().hex, choices, True)
        for sub, choices in CHOICES.items()
    ]
    assert set(await stage.store.votes.cast(room, poll, ballots)) == {"counted"}
    return Voted(stage, room, poll.id)


async def test_the_published_votes_are_what_the_audit_signs(on_stage: Harness) -> None:
    poll = await voted(on_stage)
    await poll.audited()
    answer = await on_stage.call("GET", f"{poll.path}/votes")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    listed = (await on_stage.call("GET", "/v1/keys", role=None)).json()
    head = {"room": poll.room, "poll": await poll.shown(), "keys": listed}
    verdict = verify(convert(head, PublishedPoll), convert(lines, list[PublishedVote]), None)
    assert verdict.faults == []
    assert verdict.tally == [7, 7, 6]
    live = await on_stage.live(poll.room)
    assert not any(user_id(sub, live.salt) in answer.text for sub in CHOICES)


async def test_each_voter_gets_its_own_receipt_and_no_other(on_stage: Harness) -> None:
    poll = await voted(on_stage)
    await poll.audited()
    audit = (await poll.shown())["audit"]
    tags = set()
    for sub, choices in CHOICES.items():
        receipt = (await poll.receipt(sub)).json()
        assert receipt["choices"] == [*choices]
        assert receipt["root"] == audit["root"]
        leaf = Leaf(bytes.fromhex(receipt["voter"]), tuple(receipt["choices"]))
        path = [(side, bytes.fromhex(other)) for side, other in receipt["path"]]
        assert merkle.climbed(leaf.hash, path).hex() == audit["root"]
        tags.add(receipt["voter"])
    assert len(tags) == len(CHOICES)
    stranger = await poll.receipt("somebody else")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown_vote")
    assert (await on_stage.call("GET", f"{poll.path}/receipt", role=None)).status_code == 401


async def test_before_the_result_is_final_there_is_neither(on_stage: Harness) -> None:
    poll = await voted(on_stage)
    for path in ("receipt", "votes"):
        early = await on_stage.call("GET", f"{poll.path}/{path}")
        assert (early.status_code, early.json()["code"]) == (409, "impossible_step")


async def test_a_hidden_result_has_no_receipts_until_it_is_shown(on_stage: Harness) -> None:
    poll = await voted(on_stage, show_tally="revealed")
    await poll.audited()
    assert (await poll.receipt("viewer-1")).status_code == 409
    assert (await poll.receipt("viewer-1", "producer")).status_code == 200  # who sees the tally
    assert "audit" in await poll.shown()
    await on_stage.call("POST", f"{poll.path}/reveal")
    assert (await poll.receipt("viewer-1")).status_code == 200


async def test_a_cancelled_poll_has_neither(on_stage: Harness) -> None:
    poll = await voted(on_stage)
    await poll.audited()
    await on_stage.call("POST", f"{poll.path}/cancel")
    assert (await poll.receipt("viewer-1")).status_code == 409
    assert (await on_stage.call("GET", f"{poll.path}/votes")).status_code == 409


@pytest.mark.parametrize(("audit", "votes"), [("tally", 200), ("none", 404)])
async def test_what_a_poll_was_opened_without_is_not_there(
    on_stage: Harness, audit: str, votes: int
) -> None:
    poll = await voted(on_stage, audit=audit)
    await (poll.close() if audit == "none" else poll.audited())
    refused = await poll.receipt("viewer-1")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_audited")
    assert (await on_stage.call("GET", f"{poll.path}/votes")).status_code == votes
    assert ("audit" in await poll.shown()) == (audit == "tally")


async def test_a_viewer_asks_so_often_and_no_more(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await voted(on_stage)
    await poll.audited()
    monkeypatch.setattr(on_stage.api, "receipts", Buckets(Rate(interval_ms=3_600_000, burst=2)))
    answers = [await poll.receipt("viewer-1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    assert (await poll.receipt("viewer-2")).status_code == 200


async def test_votes_whose_time_is_over_are_told_so(on_stage: Harness) -> None:
    poll = await voted(on_stage)
    await poll.audited()
    over = [("UNLINK", keys.leaves(poll.room, poll.poll, shard)) for shard in range(8)]
    await on_stage.store.rooms._reader.ask_all(over)
    assert (await on_stage.call("GET", f"{poll.path}/votes")).status_code == 404
    assert (await poll.receipt("viewer-1")).status_code == 404


async def test_all_have_the_same_keys_and_a_crowd_asks_the_store_once(on_stage: Harness) -> None:
    asked = [on_stage.call("GET", "/v1/keys", role=None) for _ in range(10)]
    answers = await asyncio.gather(*asked)
    assert len({answer.text for answer in answers}) == 1
    (key,) = answers[0].json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert set(key) == {"kty", "crv", "alg", "use", "x", "kid"}
    assert answers[0].headers["cache-control"] == "public, max-age=60"


async def test_a_node_keeps_the_trees_that_were_asked_for_last(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "KEPT", 1)
    monkeypatch.setattr(on_stage.api, "trees", trees.Trees(on_stage.store))
    polls = [await voted(on_stage), await voted(on_stage)]
    for poll in polls:
        await poll.audited()
    for poll in [*polls, *polls]:
        assert (await poll.receipt("viewer-3")).json()["choices"] == [0]
        assert len(on_stage.api.trees._known) == 1
