"""The trees of recounted polls, as far as this process keeps them: their upper levels.

That is 620 KB for a million voters. A voter's block, 2.5 KB, comes from the store at each call.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from grandstand.domain.polls.merkle import Path
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import Leaf, TreeIndex, tagger
from grandstand.store.store import Store

KEPT = 8
"""Trees that are kept: those that were asked for last."""


@dataclass(frozen=True, slots=True)
class _Tree:
    tag: Callable[[bytes], bytes]
    index: TreeIndex


class Trees:
    """The trees of the polls that were asked for last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[tuple[str, str], _Tree] = OrderedDict()

    async def find(self, room: str, poll: PollRecord, voter: str) -> tuple[Leaf, Path] | None:
        """Return the voter's leaf and its path to the root of an audited poll.

        None without a vote, or when the votes aren't kept any more. Raises StoreUnavailable.
        """
        tree = await self._tree(room, poll)
        if tree is None:
            return None
        tag = tree.tag(voter.encode())
        number = tree.index.block_of(tag)
        if number is None:
            return None
        block = await self._store.recounts.block(room, poll, number)
        return None if block is None else tree.index.path(tag, number, block)

    async def _tree(self, room: str, poll: PollRecord) -> _Tree | None:
        known = self._known.get((room, poll.id))
        if known is None:
            salt = await self._store.recounts.salt(room, poll.id)
            index = await self._store.recounts.index(room, poll.id)
            if salt is None or index is None:
                return None
            known = self._known[room, poll.id] = _Tree(tagger(salt), index)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end((room, poll.id))
        return known
