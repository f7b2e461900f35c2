"""Votes: one script per batch and shard. The shard's closed mark decides, then the voter's field.

A vote is recognised by its voter and id, so a batch may be sent again (invariants 3 to 5).
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from itertools import islice
from typing import Literal

import msgspec
import structlog
from msgspec import Struct

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import SALT_BYTES
from grandstand.domain.polls.registry import KINDS
from grandstand.domain.polls.votes import Ballot
from grandstand.store import keys
from grandstand.store.losses import Losses
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.stored_votes import stored_text
from grandstand.store.writer import Argument, Call, Writer

CHANGES_MAX = 32
"""How often a voter may change a vote: the ids of all its votes are kept while the poll exists."""

FASTEST_KEPT = 200
"""How many of a quiz' fastest each shard keeps, unless votes may change: then it keeps all whose
answer is right, since any of them may change it."""

KEPT_MARGIN_S = 3600
"""Votes are kept longer than ``keep_s`` by this. A result that was summed and not yet committed
when everything failed is summed again and must find them, however short the retention."""

Cast = Literal["counted", "repeated", "voted_already", "too_late", "lost"]
_ANSWERS: dict[int, Cast] = {
    ord("+"): "counted",
    ord("="): "repeated",
    ord("2"): "voted_already",
    ord("x"): "too_late",
    ord("g"): "lost",
}
_packed = msgspec.msgpack.Encoder().encode
_OPEN, _VOTE, _CLOSE = load("open"), load("vote"), load("close")
_SALT, _KEEP = load("salt"), load("keep")

log = structlog.get_logger(__name__)


class Fast(Struct, frozen=True):
    """One who answered a quiz rightly, and how long after its opening on their own playhead."""

    user: str
    name: str
    ms: int


def shard_of(voter: str, shards: int) -> int:
    """Return the shard that holds the voter's vote, the same on every node."""
    return zlib.crc32(voter.encode()) % shards


class Votes:
    """The votes of all polls."""

    def __init__(self, reader: Reader, writer: Writer, losses: Losses) -> None:
        self._reader = reader
        self._writer = writer
        self._losses = losses

    async def open(self, room: str, poll: PollRecord) -> None:
        """Open every shard; before that no vote counts. Repeating the call is safe.

        A shard that the store loses takes no votes from then on: nobody would sum them.
        """
        calls: list[Call] = [
            (_OPEN, [keys.tally(room, poll.id, shard)], []) for shard in range(poll.shards)
        ]
        if poll.audit != "none":
            calls.append((_SALT, [keys.salt(room, poll.id)], [secrets.token_bytes(SALT_BYTES)]))
        await self._writer.all(calls)

    async def cast(self, room: str, poll: PollRecord, ballots: Sequence[Ballot]) -> list[Cast]:
        """Cast votes in one poll; return one answer each, in order.

        Raises StoreUnavailable; then any of them may have been counted, and all may be sent again.
        """
        shards = [shard_of(ballot.voter, poll.shards) for ballot in ballots]
        by_shard: dict[int, list[Ballot]] = {}
        for shard, ballot in zip(shards, ballots, strict=True):
            by_shard.setdefault(shard, []).append(ballot)
        calls = [_vote_call(room, poll, shard, mine) for shard, mine in by_shard.items()]
        replies = await self._writer.all(calls)
        signs = {shard: iter(reply) for shard, reply in zip(by_shard, replies, strict=True)}
        return [_ANSWERS[next(signs[shard])] for shard in shards]

    async def close(self, room: str, poll: PollRecord, keep_s: int) -> tuple[list[int], int]:
        """Mark every shard closed, then return the final tally per option, and the voters.

        Everything is kept for ``keep_s`` and a margin from now on. Repeating the call is safe.
        """
        kept_s = keep_s + KEPT_MARGIN_S
        calls: list[Call] = [
            (_CLOSE, [key(room, poll.id, n) for key in keys.OF_A_SHARD], [kept_s])
            for n in range(poll.shards)
        ]
        keeping: Call = (_KEEP, [keys.salt(room, poll.id)], [kept_s])
        *replies, _ = await self._writer.all([*calls, keeping])
        shards = [dict(zip(reply[::2], reply[1::2], strict=True)) for reply in replies]
        lost = sum(b"o" not in fields for fields in shards)
        if lost:
            log.error("votes_lost", room=room, poll=poll.id, shards=lost, of=poll.shards)
            self._losses.count("votes")
        return _sum(poll, shards)

    async def fastest(self, room: str, poll: PollRecord) -> list[Fast]:
        """Return the voters of a quiz with the right answer, the fastest first.

        Those of the same ms stand in the order of their ids. At most ``FASTEST_KEPT``.
        """
        most = FASTEST_KEPT - 1
        shards = range(poll.shards)
        ranges = [("ZRANGE", keys.fastest(room, poll.id, n), 0, most, "WITHSCORES") for n in shards]
        found = sorted(
            (int(ms), voter, shard)
            for shard, reply in zip(shards, await self._reader.ask_all(ranges), strict=True)
            for voter, ms in reply
        )[:FASTEST_KEPT]
        by_shard: dict[int, list[bytes]] = {}
        for _, voter, shard in found:
            by_shard.setdefault(shard, []).append(voter)
        replies = await self._reader.ask_all(
            [("HMGET", keys.names(room, poll.id, n), *each) for n, each in by_shard.items()]
        )
        names: dict[bytes, bytes | None] = {}
        for voters, reply in zip(by_shard.values(), replies, strict=True):
            names.update(zip(voters, reply, strict=True))
        return [Fast(voter.decode(), (names[voter] or b"").decode(), ms) for ms, voter, _ in found]

    async def tally(self, room: str, poll: PollRecord) -> tuple[list[int], int]:
        """Return the votes so far per option, and the voters."""
        (tally,) = await self.tallies(room, [poll])
        return tally

    async def tallies(self, room: str, polls: Sequence[PollRecord]) -> list[tuple[list[int], int]]:
        """Return the tallies of several polls, as ``tally`` does, in one round trip."""
        replies = iter(
            await self._reader.ask_all(
                [
                    ("HGETALL", keys.tally(room, poll.id, shard))
                    for poll in polls
                    for shard in range(poll.shards)
                ]
            )
        )
        return [_sum(poll, [*islice(replies, poll.shards)]) for poll in polls]


def _vote_call(room: str, poll: PollRecord, shard: int, ballots: Sequence[Ballot]) -> Call:
    used = [keys.votes(room, poll.id, shard), keys.tally(room, poll.id, shard)]
    votes: list[str | int] = []
    race: list[Argument] = []
    if KINDS[poll.kind].has_leaderboard and poll.answer is not None:
        used += [keys.fastest(room, poll.id, shard), keys.names(room, poll.id, shard)]
        race = [poll.answer, FASTEST_KEPT]
    for each in ballots:
        votes += (each.voter, each.key, stored_text(each.choices, each.weight), each.in_window)
        if race:
            votes += (each.ms, each.name)
    # One argument: redis-py takes a microsecond for each.
    packed = _packed(votes)
    return _VOTE, used, ["1" if poll.change else "0", CHANGES_MAX, packed, *race]


def _sum(poll: PollRecord, shards: Sequence[dict[bytes, bytes]]) -> tuple[list[int], int]:
    tally = [0] * len(poll.options)
    voters = 0
    for fields in shards:
        voters += int(fields.get(b"v", 0))
        for option in range(len(tally)):
            tally[option] += int(fields.get(b"%d" % option, 0))
    return tally, voters
