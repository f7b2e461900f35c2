"""What proves a result: a poll's votes without names, a voter's path to the root, and the keys."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import msgspec
from msgspec import UNSET
from starlette.responses import Response, StreamingResponse

from grandstand.api.operations import Call, answer
from grandstand.api.polls import found
from grandstand.api.problems import NOT_AUDITED, UNKNOWN_VOTE, of_refusal
from grandstand.api.validation import NDJSON
from grandstand.domain.identity import user_id
from grandstand.domain.outcome import Refusal
from grandstand.domain.polls import views
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import Leaf, TreeIndex, leaves_of
from grandstand.store.errors import StoreUnavailable
from grandstand.wire.audits import PublishedVote, Receipt
from grandstand.wire.codes import ErrorCode, RefusedError

AT_ONCE = 16
"""Blocks that are read together, 2,000 votes. Lines are made of one block at a time."""

_encoder = msgspec.json.Encoder()


async def votes(call: Call) -> Response:
    """Return every vote of a final poll without its voter's name, as NDJSON: a line for each."""
    poll, store = await found(call), call.api.rooms.store
    if poll.audit == "none":
        raise of_refusal(NOT_AUDITED, "this poll was opened without an audit")
    if not poll.final or poll.status == "cancelled":
        raise of_refusal(Refusal.IMPOSSIBLE_STEP, "the poll has no final result")
    if poll.audited is None:
        raise RefusedError(ErrorCode.UNAVAILABLE, "the votes are being recounted: ask again", 1)
    index = await store.recounts.index(call.live.room, poll.id)
    if index is None:
        raise of_refusal(NOT_AUDITED, "the votes of this poll aren't kept any more")
    lines = _lines(call, poll, index)
    # What is wrong with the first lines is still answered by a problem document.
    first = await anext(lines, b"")
    return StreamingResponse(_with(first, lines), media_type=NDJSON)


async def receipt(call: Call) -> Response:
    """Return the caller's own vote, and the path that shows that it is in the signed root."""
    identity, live = call.known, call.live
    wait_ms = call.api.receipts.take(f"{live.room} {identity.sub}", time.monotonic() * 1000)
    if wait_ms:
        words = "you ask for receipts too often"
        raise RefusedError(ErrorCode.RATE_LIMITED, words, wait_ms / 1000)
    poll = await found(call)
    if poll.audit != "receipts":
        raise of_refusal(NOT_AUDITED, "this poll was opened without receipts")
    see = views.for_producers if identity.is_at_least("moderator") else views.for_viewers
    audit = see(poll).audit
    if audit is UNSET:
        words = "there is no receipt before the result is final, public and recounted"
        raise of_refusal(Refusal.IMPOSSIBLE_STEP, words)
    own = await call.api.trees.find(live.room, poll, user_id(identity.sub, live.salt))
    if own is None:
        raise of_refusal(UNKNOWN_VOTE, "you have no vote in this poll")
    leaf, path = own
    vote = _published(leaf)
    steps = [(side, other.hex()) for side, other in path]
    return answer(Receipt(vote.voter, vote.choices, vote.weight, path=steps, root=audit.root))


async def keys(call: Call) -> Response:
    """Return the keys by which results are signed, those of before among them (JWK set)."""
    known = await call.api.signing_keys.read()
    return answer(known, headers={"Cache-Control": "public, max-age=60"})


async def _lines(call: Call, poll: PollRecord, index: TreeIndex) -> AsyncIterator[bytes]:
    recounts, room = call.api.rooms.store.recounts, call.live.room
    for first in range(0, index.blocks, AT_ONCE):
        count = min(AT_ONCE, index.blocks - first)
        for block in await recounts.blocks(room, poll, first, count):
            if block is None:
                raise StoreUnavailable("some of the votes are lost")
            yield _encoder.encode_lines([_published(leaf) for leaf in leaves_of(block)])


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for each in rest:
        yield each


def _published(leaf: Leaf) -> PublishedVote:
    weight = UNSET if leaf.weight is None else leaf.weight
    return PublishedVote(leaf.tag.hex(), list(leaf.choices), weight)
