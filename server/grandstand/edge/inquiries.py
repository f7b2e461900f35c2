"""What a viewer follows who is connected to another node: asked and answered by a channel.

A call may reach any node, and what its viewer follows is known to the one that has its socket. So a
node that doesn't know the viewer asks all others. Questions of some milliseconds go together, and
each node answers all of them at once, so few messages pass however many ask. The channel keeps
nothing, and neither does anybody who hears it. A viewer of whom nobody says anything in time
follows nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import structlog
from msgspec import Struct

from grandstand.domain.identity import Identity
from grandstand.edge.follows import Following, Follows
from grandstand.recommendations.alikeness import MAX_FOLLOWS
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store
from grandstand.tasks import cancel_all
from grandstand.timeouts import timeout

GATHER_S = 0.01
ANSWER_S = 0.3
"""How long questions wait for others, and then for their answers."""

MOST_ASKED = 1000
"""Questions of one message; of a viewer beyond them only what is known here counts."""

MOST_WAITING = 64
"""Messages that wait for their answers: a node that is asked much more than others answer asks no
further."""

ANSWERED_AT_ONCE = 20
"""Questions that are answered in one go: 4 ms, if all are about a hundred rooms."""

ALONE_S = 1.0
"""For so long a node that nobody else has heard asks nobody."""

log = structlog.get_logger(__name__)


class Question(Struct, frozen=True, array_like=True):
    """A viewer, by its token's ``sub`` and rooms."""

    sub: str
    rooms: tuple[str, ...]


class Asked(Struct, frozen=True, array_like=True, tag=True):
    """A node's questions; ``id`` is a name for them."""

    id: str
    node: str
    questions: list[Question]


class Answered(Struct, frozen=True, array_like=True, tag=True):
    """What another knows of them: by the question's place, topics and rooms. It names nobody."""

    id: str
    found: dict[int, tuple[list[str], list[str]]]


Message: TypeAlias = Asked | Answered

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Message).decode


@dataclass(slots=True)
class _Round:
    """Questions that go together, and what is known of them."""

    questions: dict[Question, int] = field(default_factory=dict)
    """Each once, with its place: one viewer may ask a hundred times."""

    found: dict[int, Following] = field(default_factory=dict)
    missing: int = 1
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    asking: asyncio.Task[None] | None = None


class Inquiries:
    """The questions of one node, and its answers to those of others."""

    def __init__(self, store: Store, follows: Follows) -> None:
        self._store = store
        self._follows = follows
        self._bus = store.bus(self._heard, lambda: None)
        self._next = _Round()
        self._rounds: dict[str, _Round] = {}
        self._alone_s = float("-inf")
        self._at_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer others until cancelled."""
        await self._bus.subscribe(keys.INQUIRIES)
        try:
            await self._bus.run()
        finally:
            await cancel_all(self._at_work)

    async def of(self, identity: Identity) -> Following:
        """Return what a viewer follows, here or else at another node."""
        own = self._follows.of(identity.sub, identity.rooms)
        now_s = asyncio.get_running_loop().time()
        is_alone = now_s - self._alone_s < ALONE_S
        gathering = self._next
        if own.rooms or is_alone or len(gathering.questions) >= MOST_ASKED:
            return own
        if gathering.asking is None:
            if len(self._rounds) >= MOST_WAITING:
                return own
            gathering.asking = self._start(self._ask())
        question = Question(identity.sub, tuple(sorted(identity.rooms)))
        place = gathering.questions.setdefault(question, len(gathering.questions))
        await gathering.is_over.wait()
        return gathering.found.get(place, own)

    async def _ask(self) -> None:
        name = secrets.token_hex(8)
        await asyncio.sleep(GATHER_S)
        asking, self._next = self._next, _Round()
        self._rounds[name] = asking
        try:
            message = _encode(Asked(name, self._store.node, [*asking.questions]))
            heard_by = await self._store.recommendations.publish(keys.INQUIRIES, message)
            asking.missing += heard_by - 2  # this node hears itself, and began with one
            if heard_by <= 1:
                self._alone_s = asyncio.get_running_loop().time()
            elif asking.missing > 0:
                with contextlib.suppress(TimeoutError):
                    async with timeout(ANSWER_S):
                        await asking.is_over.wait()
        except StoreUnavailable as away:
            log.info("inquiry_lost", reason=away.reason)
        finally:
            del self._rounds[name]
            asking.is_over.set()

    def _heard(self, _: str, payload: bytes) -> None:
        try:
            message = _decode(payload)
        except msgspec.MsgspecError as fault:  # a newer version's
            log.warning("inquiry_unreadable", reason=str(fault))
            return
        if isinstance(message, Asked):
            if message.node != self._store.node and len(self._at_work) < MOST_WAITING:
                self._start(self._answer(message))
        elif (asking := self._rounds.get(message.id)) is not None:
            for place, (topics, rooms) in message.found.items():
                asking.found.setdefault(place, Following(topics, rooms))
            asking.missing -= 1
            if asking.missing <= 0:
                asking.is_over.set()

    async def _answer(self, asked: Asked) -> None:
        found = {}
        for place, each in enumerate(asked.questions[:MOST_ASKED]):
            following = self._follows.of(each.sub, frozenset(each.rooms))
            if following.rooms:
                found[place] = (following.topics[-MAX_FOLLOWS:], following.rooms)
            if place % ANSWERED_AT_ONCE == ANSWERED_AT_ONCE - 1:
                await asyncio.sleep(0)
        answer = _encode(Answered(asked.id, found))
        try:
            await self._store.recommendations.publish(keys.INQUIRIES, answer)
        except StoreUnavailable as away:
            log.info("inquiry_unanswered", reason=away.reason)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="inquiry")
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return task
