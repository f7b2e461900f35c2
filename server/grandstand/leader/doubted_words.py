"""Words of a highlight that were said in a comment which was taken back.

Theory of operation: such words leave the highlight unless others say them, too. Only a moderator
takes comments back, or an erasure does. A word stays if so many other people say it at that moment,
in comments that viewers were shown or in copies of such: a thousand who cheer keep the word that
one of them used to insult somebody. An erased comment has no text any more, so then all words of
its moment are looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.record import Row
from grandstand.leader.room import LeaderRoom
from grandstand.overlays.highlights import SURE_AFTER_MS
from grandstand.overlays.rising_words import term_of, terms_of
from grandstand.wire.highlights import Highlight

SAID_BY = 3
"""People who must say a word besides, as many as make it a rising word at all."""

LOOKED_AT = 20_000
"""Rows of the record that are looked at for one highlight, 0.4 s of CPU in pieces of 10 ms: a word
that so many don't say three times leaves."""

MOST_COPIES = 1000
"""Copies of one word that are looked at."""

WORDS_MS = 40_000
"""A highlight's words are from so long before it was noticed, at most."""


TOLD_MS = 400_000
"""A word is told so long after it was said, at most: 40 s, four minutes of a highlight that lasts
long, and what half of the audience is behind."""

UNSEEN_MS = 1_800_000
"""If it isn't known which comments were taken back, the words of so long are looked at."""


class Doubt(NamedTuple):
    """Words that were taken back, said from ``first`` to ``last`` (programme ms): ``terms``, or
    with None any."""

    first: int
    last: int
    terms: frozenset[str] | None


def doubt_of(row: Row) -> Doubt:
    """Return the doubt that a comment leaves which was taken back; an erased one has no author."""
    terms = frozenset(terms_of(row.text)) if row.user else None
    return Doubt(row.at, row.at, terms)


def unseen(now: int) -> Doubt:
    """Return the doubt where it isn't known at ``now`` (programme ms) what was taken back."""
    return Doubt(now - UNSEEN_MS, now + AHEAD_MS, None)


def first_of(doubt: Doubt) -> int:
    """Return when the first of its words was said."""
    return doubt.first


def last_of(doubt: Doubt) -> int:
    """Return when the last of its words was said."""
    return doubt.last


def said_in(highlight: Highlight) -> tuple[int, int]:
    """Return from when to when a highlight's words were said, both included (programme ms)."""
    return highlight.noticed - WORDS_MS, highlight.until + SURE_AFTER_MS


async def without_doubted(
    room: LeaderRoom, highlight: Highlight, doubts: Collection[Doubt]
) -> Highlight:
    """Return a highlight without the words that were taken back, unless others say them.

    Raises StoreUnavailable.
    """
    first, last = said_in(highlight)
    near = [each for each in doubts if each.first <= last and each.last >= first]
    words = {
        word: term
        for word, term in ((word, term_of(word)) for word in highlight.words)
        if any(each.terms is None or term in each.terms for each in near)
    }
    if not words:
        return highlight
    stay = await _said(room, set(words.values()), first, last)
    return highlight.without_words({word for word, term in words.items() if term not in stay})


async def _said(room: LeaderRoom, terms: set[str], first: int, last: int) -> set[str]:
    """Return those of the terms that enough people said from ``first`` to ``last``."""
    record = room.store.record
    shown: dict[str, set[str]] = {term: set() for term in terms}
    copies: dict[str, set[tuple[str, str]]] = {term: set() for term in terms}
    looked_at = 0
    async for row in record.rows(room.id, first, last + 1, shown_only=False):
        looked_at += 1
        if looked_at > LOOKED_AT or all(len(each) >= SAID_BY for each in shown.values()):
            break
        if not (row.shown or row.merged_into) or room.is_sanctioned(row.user):
            continue
        for term in terms & terms_of(row.text).keys():
            if row.shown:
                shown[term].add(row.user)
            elif len(copies[term]) < MOST_COPIES:
                copies[term].add((row.user, row.merged_into))
    originals = {original for each in copies.values() for _, original in each}
    gone = await record.retracted_of(room.id, sorted(originals))
    for term, said in copies.items():
        shown[term] |= {user for user, original in said if original not in gone}
    return {term for term, users in shown.items() if len(users) >= SAID_BY}
