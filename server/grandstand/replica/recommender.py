"""The board of live rooms as this process knows it: it listens to the bulletins of the process that
gathers them, and makes a board where somebody asks.

Theory of operation: a bulletin comes each second, and is kept packed. A board is made from the
latest one in a thread, at most once a bulletin, when somebody asks. Until it is there the one
before answers, if that is fresh. So a process that nobody asks does no work. Answers to those
without a token are kept until the next board.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from grandstand.recommendations import bulletin
from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.board import Board
from grandstand.recommendations.bulletin import Listed, watched
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store
from grandstand.timeouts import timeout

STALE_S = 10.0
"""For so long a bulletin counts while no other comes: a takeover takes three seconds."""

FRESH_S = 1.5
"""A board of a bulletin that is older doesn't answer while the next one is made."""

FIRST_S = 2.0
"""How long the first question waits for a first bulletin."""

MOST_ANSWERS = 1000
"""Of one board that are kept, some 2 KB each."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Present:
    """What is live: a board, what is told of its rooms, and the names of things.

    ``closed`` are the rooms that let no guests in, ``open_names`` the names that the others tell.
    ``answers`` are the caller's own, of this board.
    """

    board: Board
    rooms: dict[str, Listed]
    names: dict[str, str]
    open_names: dict[str, str]
    closed: frozenset[str]
    answers: dict[object, bytes] = field(default_factory=dict)

    def keep(self, question: object, answer: bytes) -> None:
        """Keep an answer, unless there are too many."""
        if len(self.answers) < MOST_ANSWERS:
            self.answers[question] = answer


NOBODY = Present(Board(Alikeness(), []), {}, {}, {}, frozenset())
"""Nothing is live, as far as is known."""


class Recommender:
    """The board that this process answers from."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bus = store.bus(self._heard, lambda: None)
        self._payload = b""
        self._heard_s = float("-inf")
        self._first = asyncio.Event()
        self._made_of = b""
        self._made_of_s = float("-inf")
        self._present = NOBODY
        self._making: asyncio.Task[None] | None = None
        self._alikeness = ("", Alikeness())

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._bus.subscribe(keys.RECOMMENDATIONS)
        await self._bus.run()

    def _heard(self, _: str, payload: bytes) -> None:
        self._payload, self._heard_s = payload, asyncio.get_running_loop().time()
        self._first.set()

    async def present(self) -> Present:
        """Return what is live; nothing, if that hasn't been known for a while."""
        if not self._first.is_set():
            try:
                async with timeout(FIRST_S):
                    await self._first.wait()
            except TimeoutError:
                return NOBODY
        now_s = asyncio.get_running_loop().time()
        if now_s - self._heard_s > STALE_S:
            return NOBODY
        if self._made_of is not self._payload and self._making is None:
            self._making = asyncio.create_task(self._make(), name="board")
        if self._making is not None and now_s - self._made_of_s > FRESH_S:
            # One caller who goes mustn't end what others wait for.
            await asyncio.shield(self._making)
        return self._present

    async def _make(self) -> None:
        payload, heard_s = self._payload, self._heard_s
        try:
            told = await asyncio.to_thread(bulletin.unpacked, payload)
            alikeness = await self._known(told.alikeness)
            self._present = await asyncio.to_thread(present, told, alikeness)
        except ValueError as fault:  # another version's
            log.warning("bulletin_unreadable", reason=str(fault))
        except Exception:  # the board before goes on until it is stale
            log.exception("board_failed")
        finally:
            self._made_of, self._made_of_s, self._making = payload, heard_s, None

    async def _known(self, name: str) -> Alikeness:
        """Return the alikeness of this name, or the one before while it can't be read."""
        if name and name != self._alikeness[0]:
            try:
                payload = await self._store.recommendations.alikeness(name)
            except StoreUnavailable as away:
                log.info("alikeness_away", reason=away.reason)
                payload = None
            if payload is not None:
                self._alikeness = (
                    name,
                    await asyncio.to_thread(bulletin.unpacked_alikeness, payload),
                )
        return self._alikeness[1]


def present(told: bulletin.Bulletin, alikeness: Alikeness) -> Present:
    """Return what is live by a bulletin."""
    rooms = {each.room: each for each in told.rooms}
    open_names = {
        thing: told.names[thing] for each in told.rooms if each.is_open for thing in each.things
    }
    return Present(
        Board(alikeness, [each.live() for each in told.rooms]),
        rooms,
        told.names | {watched(each.room): each.title for each in told.rooms},
        open_names | {watched(each.room): each.title for each in told.rooms if each.is_open},
        frozenset(each.room for each in told.rooms if not each.is_open),
    )
