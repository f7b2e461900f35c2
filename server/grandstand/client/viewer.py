"""One viewer who isn't a person: what it says, and what it makes of what it sees.

Its ``Connection`` keeps the contract's side of a client. It knows nothing of the server but its
address and its messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Protocol
from uuid import uuid4

from msgspec import UNSET
from msgspec.structs import asdict

from grandstand.client.connection import Connection
from grandstand.client.effects import Effect, Ended, Gap, Lost, Received
from grandstand.client.figures import Figures
from grandstand.client.live_socket import LiveSocket
from grandstand.client.pending import Pending
from grandstand.domain.utterance import PLAIN
from grandstand.wire.messages import (
    Ack,
    Error,
    Frame,
    Look,
    Poll,
    PostComment,
    Vote,
    Welcome,
)

FORGET_S = 20.0
"""A comment that isn't on the screen by then was merged or left out."""


class Watcher(Protocol):
    """Whom a viewer tells what it sees."""

    def saw_frame(self, epoch: str, offset: int, frame: Frame) -> None:
        """A numbered frame, in its order."""

    def saw_poll(self, viewer: Attendee, poll: Poll) -> None:
        """A poll that this viewer sees for the first time."""


class Attendee:
    """A viewer; ``stay`` is its life. ``token`` is asked for at first, and when one was refused.

    Its picture is ``delay_ms`` behind the programme clock. ``pending`` keeps what it has said; a
    ``left`` that isn't empty says why it doesn't come back. ``follow`` are topics.
    """

    def __init__(
        self,
        address: str,
        token: Callable[[], Awaitable[str]],
        watcher: Watcher,
        figures: Figures,
        random: Random,
        delay_ms: float,
        pending: Pending | None = None,
        follow: Sequence[str] = (),
    ) -> None:
        self.delay_ms = delay_ms
        self.left = ""
        self._core = Connection(
            address, random, asks=True, pending=pending, delay_ms=delay_ms, follow=follow
        )
        self._socket = LiveSocket(self._core, address, token, self._take)
        self._watcher = watcher
        self._figures = figures
        self._loop = asyncio.get_running_loop()
        self._epoch = ""
        self._polls: set[str] = set()
        self._sent_s: dict[str, float] = {}
        self._awaited: dict[str, float] = {}

    @property
    def is_live(self) -> bool:
        """Whether it is in the room."""
        return self._core.is_live

    @property
    def playhead_ms(self) -> int:
        """The programme time of the picture that this viewer sees."""
        return int(self._core.clock.read(self._loop.time()) - self.delay_ms)

    @property
    def unanswered(self) -> int:
        """How many of its messages wait for their answer."""
        return len(self._core.pending)

    async def stay(self) -> None:
        """Watches until it is cancelled or not wanted any more."""
        await self._socket.stay()

    # --- what it does ----------------------------------------------------------------------------

    async def say(
        self,
        text: str,
        at: int | None = None,
        look: Look = PLAIN,
    ) -> None:
        """Comments on what it sees now, or saw ``at``; once it is connected, if it isn't yet."""
        self._figures.sent += 1
        if at is None and self.is_live:
            at = self.playhead_ms
        moment = UNSET if at is None else at
        await self._send(PostComment(uuid4().hex, text, moment, **asdict(look)))

    async def vote(self, poll: Poll, choices: list[int]) -> None:
        """Votes, if its picture is still inside the window."""
        if self.is_live and poll.opens_at <= self.playhead_ms <= poll.closes_at:
            self._figures.votes += 1
            await self._send(
                Vote(id=uuid4().hex, poll=poll.id, choices=choices, at=self.playhead_ms)
            )

    async def _send(self, message: PostComment | Vote) -> None:
        self._sent_s[message.id] = self._loop.time()
        self._socket.submit(message)
        await self._socket.paced()

    # --- what it hears ---------------------------------------------------------------------------

    def _take(self, effect: Effect) -> None:
        match effect:
            case Received(Frame() as frame):
                self._frame(frame)
            case Received(Welcome() as welcome):
                self._epoch = welcome.epoch
                for poll in welcome.polls:
                    self._see(poll)
            case Received(Ack() as ack):
                self._acked(ack)
            case Received(Error() as error):
                self._refused(error)
            case Gap():
                self._figures.gaps += 1
            case Lost():
                self._figures.returns += 1
            case Ended(end):
                self.left = str(end)

    def _frame(self, frame: Frame) -> None:
        if frame.offset is UNSET:
            return
        self._watcher.saw_frame(self._epoch, frame.offset, frame)
        if frame.comments is not UNSET and self._awaited:
            for comment in frame.comments:
                sent_s = self._awaited.pop(comment.id, None)
                if sent_s is not None:
                    self._figures.screen_ms.append((self._loop.time() - sent_s) * 1000)
        for poll in () if frame.polls is UNSET else frame.polls:
            self._see(poll)

    def _see(self, poll: Poll) -> None:
        if poll.status == "open" and poll.id not in self._polls:
            self._polls.add(poll.id)
            self._watcher.saw_poll(self, poll)

    def _acked(self, ack: Ack) -> None:
        sent_s = self._sent_s.pop(ack.id, None)
        if sent_s is None:
            return
        self._figures.acked += 1
        self._figures.ack_ms.append((self._loop.time() - sent_s) * 1000)
        if ack.status == "held":
            self._figures.held += 1
        elif ack.comment is not UNSET:
            known = self._awaited.items()
            self._awaited = {id_: at for id_, at in known if sent_s - at < FORGET_S}
            self._awaited[ack.comment] = sent_s

    def _refused(self, error: Error) -> None:
        if error.id is not UNSET and error.id in self._core.pending:
            self._figures.put_off[error.code.value] += 1
        elif error.id is UNSET or self._sent_s.pop(error.id, None) is not None:
            self._figures.refused[error.code.value] += 1
