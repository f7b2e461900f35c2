"""Votes as the store has them: a voter's field is ``id|vote``, then the ids of earlier votes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from grandstand.domain.polls.recount import Vote

_VOTE = re.compile(rb"(\d+(?:,\d+)*)(?:\*(\d+))?")


@lru_cache(maxsize=1024)
def stored_text(choices: tuple[int, ...], weight: int) -> str:
    """Return a vote as it is stored."""
    text = ",".join(map(str, choices))
    return text if weight == 1 else f"{text}*{weight}"


def votes_of(fields: Mapping[bytes, bytes]) -> list[tuple[bytes, Vote]]:
    """Return the vote of each voter: choices, in the order sent, and weight.

    Raises ValueError for what is none.
    """
    try:
        return [(voter, _vote(field.split(b"|", 2)[1])) for voter, field in fields.items()]
    except IndexError:
        raise ValueError("no vote: a field without a bar") from None


@lru_cache(4096)
def _vote(text: bytes) -> Vote:
    found = _VOTE.fullmatch(text)
    if found is None:
        raise ValueError(f"no vote: {text!r}")
    return tuple(map(int, found[1].split(b","))), int(found[2] or 1)
