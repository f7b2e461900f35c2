"""Checks what is published of a poll: its votes against tally, root and signature. Pure.

A file of it is lines of JSON: first the poll with its room and keys, then a line for each vote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET, Struct

from grandstand.domain.identity import MAX_WEIGHT
from grandstand.domain.polls.recount import (
    ALGORITHM,
    TAG_BYTES,
    LeafSorter,
    Recount,
    packed_vote,
    signed_message,
)
from grandstand.domain.signatures import is_signed
from grandstand.wire.audits import Audit, KeySet, PublicKey, PublishedVote
from grandstand.wire.messages import Poll

CHOICES_MAX = 20
"""Of one vote; a poll has no more options."""


class PublishedPoll(Struct, frozen=True):
    """The first line: a poll, the room that it was in, and the keys that its server lists."""

    room: str
    poll: Poll
    keys: KeySet


@dataclass(slots=True)
class Verdict:
    """What a recount found: nothing is wrong if there are no ``faults``."""

    tally: list[int]
    voters: int = 0
    root: str = ""
    key: str = ""
    faults: list[str] = field(default_factory=list)


def verify(
    published: PublishedPoll, votes: Iterable[PublishedVote], trusted: Sequence[PublicKey] | None
) -> Verdict:
    """Recount the votes; ``trusted`` keys are taken in place of those that were published with
    them."""
    poll = published.poll
    verdict = Verdict([0] * len(poll.options))
    checked = _Votes(poll)
    sorter = LeafSorter()
    sorter.add(checked.good(votes))
    recount = Recount(len(poll.options))
    for records in sorter.blocks():
        checked.see(records)
        recount.add(records)
    verdict.root = recount.finish().root.hex()
    verdict.tally, verdict.voters = recount.tally, recount.voters
    verdict.faults += checked.faults
    if isinstance(poll.audit, Audit):
        verdict.key = poll.audit.key
        verdict.faults += _differences(poll, poll.audit, verdict)
        keys = published.keys.keys if trusted is None else trusted
        verdict.faults += _signature_faults(published.room, poll, poll.audit, keys)
    else:
        verdict.faults.append(
            "the poll has no audit: its result isn't final or isn't public, or it was opened "
            "without one"
        )
    return verdict


class _Votes:
    """Looks at single votes; of many alike faults it names the first."""

    def __init__(self, poll: Poll) -> None:
        self._poll = poll
        self._lines = 0
        self._seen = 0
        self._before = b""
        self._impossible: list[str] = []
        self._doubled: list[str] = []

    def good(self, votes: Iterable[PublishedVote]) -> Iterator[bytes]:
        """Yield the leaves of the votes that the poll can have."""
        for vote in votes:
            self._lines += 1
            weight = None if vote.weight is UNSET else vote.weight
            if self._is_possible(vote.choices, weight):
                yield bytes.fromhex(vote.voter) + packed_vote(tuple(vote.choices), weight)
            else:
                self._impossible.append(vote.voter)

    def see(self, records: Sequence[bytes]) -> None:
        """Look for voters that come twice in the sorted leaves."""
        for tag in (record[:TAG_BYTES] for record in records):
            self._seen += 1
            if tag == self._before:
                self._doubled.append(tag.hex())
            self._before = tag

    def _is_possible(self, choices: Sequence[int], weight: int | None) -> bool:
        if (weight is not None) != self._poll.weights or (weight or 0) > MAX_WEIGHT:
            return False
        most = min(1 if self._poll.max_choices is UNSET else self._poll.max_choices, CHOICES_MAX)
        is_known = all(choice < len(self._poll.options) for choice in choices)
        return 1 <= len(set(choices)) == len(choices) <= most and is_known

    @property
    def faults(self) -> Iterator[str]:
        """Return what was found, once all were seen."""
        if self._impossible:
            yield _count(self._impossible, "can't be cast in this poll")
        repeated = self._lines - len(self._impossible) - self._seen
        if repeated:
            yield f"{repeated} votes are in the file more than once"
        if self._doubled:
            yield _count(self._doubled, "are by a voter who has another one")


def _differences(poll: Poll, audit: Audit, verdict: Verdict) -> Iterator[str]:
    if audit.algorithm != ALGORITHM:
        yield f"the algorithm {audit.algorithm} isn't known here, only {ALGORITHM}"
    if not poll.final:
        yield "the result isn't final"
    if verdict.tally != poll.tally:
        yield f"the votes add up to {verdict.tally}, and the result is {_shown(poll.tally)}"
    if verdict.voters != poll.voters:
        yield f"{verdict.voters} voters are in the file, and the result has {_shown(poll.voters)}"
    if verdict.voters != audit.leaves:
        yield f"{verdict.voters} voters are in the file, and the audit has {audit.leaves}"
    if verdict.root != audit.root:
        yield f"the votes have the root {verdict.root}, and the audit has {audit.root}"


def _signature_faults(
    room: str, poll: Poll, audit: Audit, keys: Sequence[PublicKey]
) -> Iterator[str]:
    key = next((each for each in keys if each.kid == audit.key), None)
    if key is None:
        yield f"no key {audit.key} is listed, so the signature can't be checked"
        return
    tally = [] if poll.tally is UNSET else poll.tally
    try:
        message = signed_message(room, poll.id, bytes.fromhex(audit.root), tally)
        if not is_signed(key, bytes.fromhex(audit.signature), message):
            yield "the signature isn't that key's over this room, poll, root and result"
    except ValueError as fault:
        yield f"the key {audit.key} can't be used: {fault}"
    except OverflowError:
        yield "the result has a number that no signature is made over"


def _count(voters: Sequence[str], what: str) -> str:
    return f"{len(voters)} votes {what}, the first by {voters[0]}"


def _shown(value: object) -> str:
    return "missing" if value is UNSET else str(value)
