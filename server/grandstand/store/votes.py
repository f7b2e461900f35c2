"""Votes: one script per batch and shard. The shard's closed mark decides, then the voter's field.

A vote is recognised by its voter and id, so a batch may be sent again (invariants 3 to 5).
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import structlog

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import SALT_BYTES
from grandstand.store import keys
from grandstand.store.losses import Losses
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Call, Writer, load

CHANGES_MAX = 32
"""How often a voter may change a vote: the ids of all its votes are kept while the poll exists."""

KEPT_MARGIN_S = 3600
"""Votes are kept longer than ``keep_s`` by this. A result that was summed and not yet committed
when everything failed is summed again and must find them, however short the retention."""

Cast = Literal["counted", "repeated", "voted_already", "too_late", "lost"]
_ANSWERS: dict[str, Cast] = {
    "+": "counted",
    "=": "repeated",
    "2": "voted_already",
    "x": "too_late",
    "g": "lost",
}
_OPEN, _VOTE, _CLOSE = load("open"), load("vote"), load("close")
_SALT, _KEEP = load("salt"), load("keep")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote; with ``in_window`` false it only asks whether the vote was counted before."""

    voter: str
    message_id: str
    choices: tuple[int, ...]
    in_window: bool

    @property
    def key(self) -> str:
        """Return the message's short name among the voter's own: 64 bits, hexadecimal."""
        return hashlib.blake2b(self.message_id.encode(), digest_size=8).hexdigest()


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
        by_shard: dict[int, list[int]] = {}
        for index, ballot in enumerate(ballots):
            by_shard.setdefault(shard_of(ballot.voter, poll.shards), []).append(index)
        calls = [
            _vote_call(room, poll, shard, [ballots[index] for index in indexes])
            for shard, indexes in by_shard.items()
        ]
        replies = await self._writer.all(calls)
        answers: dict[int, Cast] = {}
        for indexes, reply in zip(by_shard.values(), replies, strict=True):
            answers.update(
                (index, _ANSWERS[sign]) for index, sign in zip(indexes, reply.decode(), strict=True)
            )
        return [answers[index] for index in range(len(ballots))]

    async def close(self, room: str, poll: PollRecord, keep_s: int) -> tuple[list[int], int]:
        """Mark every shard closed, then return the final tally per option, and the voters.

        Everything is kept for ``keep_s`` and a margin from now on. Repeating the call is safe.
        """
        kept_s = keep_s + KEPT_MARGIN_S
        calls: list[Call] = [
            (_CLOSE, [keys.votes(room, poll.id, n), keys.tally(room, poll.id, n)], [kept_s])
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


def stored_vote(value: bytes) -> tuple[tuple[int, ...], int]:
    """Return the choices of a voter's field, as sent, and the weight. Raises ValueError."""
    choices, _, weight = value.split(b"|", 2)[1].partition(b"*")
    return tuple(map(int, choices.split(b","))), int(weight or 1)


def _vote_call(room: str, poll: PollRecord, shard: int, ballots: Sequence[Ballot]) -> Call:
    values: list[Argument] = ["1" if poll.change else "0", CHANGES_MAX]
    for ballot in ballots:
        choices = ",".join(map(str, ballot.choices))
        values += (ballot.voter, ballot.key, choices, "1" if ballot.in_window else "0")
    return _VOTE, [keys.votes(room, poll.id, shard), keys.tally(room, poll.id, shard)], values


def _sum(poll: PollRecord, shards: Sequence[dict[bytes, bytes]]) -> tuple[list[int], int]:
    tally = [0] * len(poll.options)
    voters = 0
    for fields in shards:
        voters += int(fields.get(b"v", 0))
        for option in range(len(tally)):
            tally[option] += int(fields.get(b"%d" % option, 0))
    return tally, voters
