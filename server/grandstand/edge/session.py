"""One viewer's conversation: hello, then messages in, answers and frames out.

It must not know the store or the transport. Every method is plain and called on the loop; what
takes time (a room's first load, a batch) calls back.

Theory of operation: until ``hello`` nothing else is taken. From the ``welcome`` on the session is
in its room's audience, which writes to its socket directly. When the socket pauses, frames pass it
by; once it has drained, it gets those it missed from the ring, or a new welcome if they are gone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import UNSET

from grandstand.edge.forms import Forms
from grandstand.edge.inbox import Answer, CommentIn, VoteIn
from grandstand.edge.welcome import greeting
from grandstand.moderation import clean
from grandstand.rules import polls
from grandstand.rules.clock import check_at
from grandstand.rules.identity import Action, Identity, check_may, user_id
from grandstand.rules.limits import Bucket, Rate, Window
from grandstand.store.connection import StoreUnavailable
from grandstand.store.timeline import UnknownRoomError
from grandstand.wire.codec import BadMessageError, Codec, decode, encode
from grandstand.wire.codes import (
    RECONNECT,
    WITH_RETRY_AFTER,
    CloseCode,
    ErrorCode,
    RefusedError,
)
from grandstand.wire.messages import (
    Ack,
    AskTime,
    Bye,
    ClientMessage,
    Error,
    Follow,
    Hello,
    Notice,
    PostComment,
    Resume,
    ServerMessage,
    TellTime,
    Viewer,
    Vote,
)

if TYPE_CHECKING:
    from grandstand.edge.gate import Gate
    from grandstand.edge.keepalive import Deadline
    from grandstand.edge.room import EdgeRoom
    from grandstand.edge.socket import ViewerSocket
    from grandstand.replica.room import LiveRoom

HELLO_WITHIN_S = 5
BEHIND_S = 20
"""A viewer whose socket stays full for so long is cut (3008): its ring is about to run out."""

BAD_MESSAGES = 10
BAD_MESSAGES_MS = 60_000
MESSAGES = Rate(interval_ms=50, burst=60)
"""Of one connection: 20 a second, 60 at once. A page sends less than one."""


class ViewerSession:
    """A viewer, from the handshake to the end of its connection."""

    __slots__ = (
        "_bad",
        "_bucket",
        "_deadline",
        "_gate",
        "_given",
        "_identity",
        "_lost",
        "_missed_from",
        "_resume",
        "_room",
        "_room_id",
        "_waiting",
        "outlet",
        "user",
    )

    outlet: ViewerSocket

    def __init__(self, gate: Gate, room: str) -> None:
        self.user = ""
        self._gate = gate
        self._room_id = room
        self._room: EdgeRoom | None = None
        self._identity: Identity | None = None
        self._waiting: list[tuple[bytes, bool]] | None = None
        self._bad: Window | None = None
        self._bucket = Bucket()
        self._deadline: Deadline | None = None
        self._missed_from: tuple[str, int] | None = None
        self._given: int | None = None
        self._resume: Resume | None = None
        self._lost = False

    @property
    def is_staff(self) -> bool:
        """Whether it is told of held comments."""
        return self._identity is not None and self._identity.is_at_least("moderator")

    # --- from the socket -------------------------------------------------------------------------

    def opened(self, socket: ViewerSocket) -> None:
        """The handshake is done; ``hello`` has five seconds."""
        self.outlet = socket
        self._gate.metrics.connections.labels(self._codec).inc()
        self._deadline = self._gate.keepalive.after(HELLO_WITHIN_S, self._no_hello)

    def received(self, payload: bytes, is_text: bool) -> None:
        """One whole message."""
        if self._waiting is not None:  # the room is being loaded
            if len(self._waiting) < MESSAGES.burst:
                self._waiting.append((payload, is_text))
            return
        if self._room is None:
            self._hello(payload, is_text)
            return
        try:
            message = self._decoded(payload, is_text)
            self._take(message, self._room)
        except BadMessageError as fault:
            self._refuse(self._by_identity(fault), fault.message_id)
            self._count_bad()

    def behind(self) -> None:
        """The peer doesn't read: frames pass it by until it does."""
        if self._room is None or self._missed_from is not None:
            return
        given = self._room.sent_offset if self._given is None else self._given
        self._missed_from = (self._room.live.replica.epoch, given)
        self._gate.metrics.viewers_behind.inc()
        self._set_deadline(BEHIND_S, self._too_slow)

    def caught_up(self) -> None:
        """The peer has read everything: it gets what it missed."""
        if self._missed_from is None or self._room is None:
            return
        (epoch, offset), self._missed_from = self._missed_from, None
        self._gate.metrics.viewers_behind.dec()
        self._drop_deadline()
        replica = self._room.live.replica
        missed = replica.after(offset) if epoch == replica.epoch else None
        if missed is None:
            self.welcome_again()
        else:
            self._give(missed, offset)

    def lost(self) -> None:
        """The connection is over."""
        self._lost = True
        self._drop_deadline()
        self._gate.metrics.connections.labels(self._codec).dec()
        self._gate.left(self.outlet.peer)
        if self._missed_from is not None:
            self._gate.metrics.viewers_behind.dec()
        if self._room is not None:
            self._room.leave(self)

    def drain(self) -> None:
        """The process is going away: the viewer comes back elsewhere, at a moment of its own."""
        self._bye(CloseCode.RESTART, "this node is going away", spread_ms=self._gate.drain_ms)

    # --- from the room ---------------------------------------------------------------------------

    def tell(self, notice: Notice) -> None:
        """A notice to this viewer alone."""
        self._send(notice)

    def banned(self) -> None:
        """A moderator banned the viewer."""
        self._bye(CloseCode.BANNED, "you are banned from this room")

    def welcome_again(self) -> None:
        """The viewer lost its place: all of the state once more."""
        behind = self._missed_from is not None  # then it's told once it has caught up
        if self._room is not None and not self._lost and not behind:
            self._welcome(self._room, "again")

    # --- hello -----------------------------------------------------------------------------------

    def _hello(self, payload: bytes, is_text: bool) -> None:
        self._drop_deadline()
        try:
            message = self._decoded(payload, is_text)
            if not isinstance(message, Hello):
                raise BadMessageError("the first message must be `hello`")
            if message.token is not UNSET:
                self._identity = self._gate.tokens.identify(message.token)
        except RefusedError as refused:
            self._refuse(refused)
            is_token = refused.code is ErrorCode.UNAUTHORIZED
            code = CloseCode.UNAUTHORIZED if is_token else CloseCode.PROTOCOL_ERROR
            self._bye(code, refused.message)
            return
        self._resume = None if message.resume is UNSET else message.resume
        live = self._gate.rooms.peek(self._room_id)
        if live is not None:
            self._enter(live)
        else:
            self._waiting = []
            loading = asyncio.ensure_future(self._gate.rooms.get(self._room_id))
            loading.add_done_callback(self._loaded)

    def _loaded(self, loading: asyncio.Future[LiveRoom]) -> None:
        waiting, self._waiting = self._waiting or [], None
        error = None if loading.cancelled() else loading.exception()
        if self._lost:
            return
        if loading.cancelled() or isinstance(error, StoreUnavailable):
            self._refuse(RefusedError(ErrorCode.UNAVAILABLE, "the store is away", 2.0))
            self._bye(CloseCode.TRY_AGAIN_LATER, "the store is away", spread_ms=2000)
        elif isinstance(error, UnknownRoomError):
            self._refuse(RefusedError(ErrorCode.UNKNOWN_ROOM, f"no room {self._room_id!r}"))
            self._bye(CloseCode.NO_SUCH_ROOM, "no such room")
        elif error is not None:
            raise error
        else:
            self._enter(loading.result())
            for payload, is_text in waiting:
                if not self._lost and self._room is not None:
                    self.received(payload, is_text)

    def _enter(self, live: LiveRoom) -> None:
        identity = self._identity
        state = live.replica.state
        try:
            if identity is not None and not identity.may_enter(self._room_id):
                raise RefusedError(ErrorCode.FORBIDDEN, "the token is for another room")
            check_may(identity, "watch", state.settings)
        except RefusedError as refused:
            self._refuse(refused)
            is_token = refused.code is ErrorCode.UNAUTHORIZED
            code = CloseCode.UNAUTHORIZED if is_token else CloseCode.FORBIDDEN
            self._bye(code, refused.message)
            return
        room = self._gate.room(live)
        if identity is not None:
            self.user = user_id(identity.sub, live.salt)
            bar = state.bar(self.user, live.now())
            if bar is not None and bar.kind == "ban":
                self._refuse(RefusedError(ErrorCode.FORBIDDEN, "you are banned from this room"))
                self.banned()
                return
            if room.connections(self.user) >= self._gate.limits.per_viewer:
                self._refuse(RefusedError(ErrorCode.RATE_LIMITED, "too many connections", 5.0))
                self._bye(CloseCode.TOO_MANY_CONNECTIONS, "too many connections of this viewer")
                return
        self._room = room
        self._welcome(room, "fresh")
        if not self._lost:
            room.enter(self)

    def _welcome(self, room: EdgeRoom, kind: str) -> None:
        live = room.live
        identity = self._identity
        viewer = (
            Viewer("viewer")
            if identity is None
            else Viewer(identity.role, self.user, identity.name)
        )
        messages, missed = greeting(
            self._room_id,
            live.replica,
            viewer,
            live.now(),
            max(live.viewers, len(room), 1),
            self._gate.rooms.store.durability.promise,
            self._resume,
        )
        recovered = self._resume is not None and getattr(messages[0], "recovered", False)
        self._gate.metrics.welcomes.labels("recovered" if recovered else kind).inc()
        self._given = live.replica.offset - len(missed)
        for message in messages:
            self._send(message)
        self._resume = None
        self._give(missed, live.replica.offset - len(missed))

    def _give(self, missed: list[bytes], after: int) -> None:
        """Writes numbered frames that follow ``after``, for as long as the socket takes them."""
        self._given = after
        for payload in missed:
            if self.outlet.paused:
                break
            self._given += 1
            self.outlet.write(Forms(payload).ready(self.outlet.is_text, self.outlet.deflates))
        self._given = None

    # --- messages --------------------------------------------------------------------------------

    def _take(self, message: ClientMessage, room: EdgeRoom) -> None:
        self._gate.metrics.messages.labels(type(message).__name__).inc()
        if isinstance(message, Hello):
            raise BadMessageError("`hello` comes once")
        try:
            if isinstance(message, Follow | AskTime):
                self._check_rate()
                self._answer_now(message, room)
            elif isinstance(message, PostComment):
                self._comment(message, room)
            else:
                self._vote(message, room)
        except BadMessageError as fault:
            fault.message_id = message.id
            raise
        except RefusedError as refused:
            self._refuse(refused, message.id)

    def _answer_now(self, message: Follow | AskTime, room: EdgeRoom) -> None:
        if isinstance(message, AskTime):
            self._send(TellTime(message.id, message.sent, room.live.now()))
        else:
            self._send(Ack(message.id))

    def _comment(self, message: PostComment, room: EdgeRoom) -> None:
        live, settings = room.live, room.live.replica.state.settings
        identity = self._identified("comment", room)
        text = clean(message.text)
        if not text:
            raise BadMessageError("comment: `text` is blank")
        if len(text) > settings.max_text:
            raise RefusedError(
                ErrorCode.TOO_LONG,
                f"{len(text)} characters; this room takes {settings.max_text}",
            )
        now = live.now()
        at = now if message.at is UNSET else message.at
        self._check_rate()
        room.inbox.put(
            CommentIn(
                message_id=message.id,
                user=self.user,
                name=identity.name,
                text=text,
                at=at,
                mode=message.mode,
                size=message.size,
                color=None if message.color is UNSET else message.color,
                answer=self._answering(message.id),
                instead=self._obstacle(room, identity, at, now),
            )
        )

    def _obstacle(
        self, room: EdgeRoom, identity: Identity, at: int, now: int
    ) -> RefusedError | None:
        """Why a comment has no effect now. It still gets the answer of before, if it had one."""
        state = room.live.replica.state
        try:
            check_at(at, now, state.settings.max_latency)
        except RefusedError as refused:
            return refused
        bar = state.bar(self.user, now)
        if bar is not None:
            wait_s = 3600.0 if bar.until is None else (bar.until - now) / 1000
            return RefusedError(ErrorCode.MUTED, "a moderator muted you", wait_s)
        if state.settings.shield and not identity.is_at_least("moderator"):
            return RefusedError(ErrorCode.SHIELDED, "only moderators comment at the moment")
        return None

    def _vote(self, message: Vote, room: EdgeRoom) -> None:
        self._identified("vote", room)
        live = room.live
        poll = live.replica.state.polls.get(message.poll)
        if poll is None:
            raise RefusedError(ErrorCode.UNKNOWN_POLL, "there is no such poll")
        polls.check_choices(poll, message.choices)
        self._check_rate()
        now = live.now()
        at = now if message.at is UNSET else message.at
        answering = self._answering(message.id)

        def answer(told: Ack | RefusedError) -> None:
            if isinstance(told, Ack) and not self._lost:
                room.voted(self, poll.id)
            answering(told)

        room.inbox.put(
            VoteIn(
                message_id=message.id,
                user=self.user,
                poll=poll,
                choices=tuple(message.choices),
                in_window=polls.counts(poll, at, now),
                answer=answer,
            )
        )

    def _identified(self, action: Action, room: EdgeRoom) -> Identity:
        check_may(self._identity, action, room.live.replica.state.settings)
        assert self._identity is not None
        return self._identity

    def _check_rate(self) -> None:
        wait_ms = self._bucket.take(asyncio.get_running_loop().time() * 1000, MESSAGES)
        if wait_ms > 0:
            raise RefusedError(
                ErrorCode.RATE_LIMITED, "too many messages on one connection", wait_ms / 1000
            )

    # --- answers ---------------------------------------------------------------------------------

    def _answering(self, message_id: str) -> Answer:
        seconds = self._gate.metrics.answer_seconds
        begun_s = asyncio.get_running_loop().time()

        def answer(told: Ack | RefusedError) -> None:
            seconds.observe(asyncio.get_running_loop().time() - begun_s)
            if self._lost:
                return
            if isinstance(told, Ack):
                self._send(told)
            else:
                self._refuse(told, message_id)

        return answer

    def _refuse(self, refused: RefusedError, message_id: str | None = None) -> None:
        self._gate.metrics.errors.labels(refused.code.value).inc()
        retry_after = refused.retry_after if refused.code in WITH_RETRY_AFTER else None
        self._send(
            Error(
                code=refused.code,
                message=refused.message,
                id=UNSET if message_id is None else message_id,
                retry_after=UNSET if retry_after is None else round(max(retry_after, 0.001), 3),
            )
        )

    def _by_identity(self, fault: BadMessageError) -> RefusedError:
        """A fault of identity comes before one of a field."""
        room = self._room
        if room is not None and fault.kind in ("comment", "vote"):
            action: Action = "comment" if fault.kind == "comment" else "vote"
            try:
                self._identified(action, room)
            except RefusedError as refused:
                return refused
        return fault

    def _count_bad(self) -> None:
        if self._bad is None:
            self._bad = Window(BAD_MESSAGES_MS)
        if self._bad.add(asyncio.get_running_loop().time() * 1000) >= BAD_MESSAGES:
            self._bye(CloseCode.PROTOCOL_ERROR, "too many bad messages")

    def _no_hello(self) -> None:
        self._bye(CloseCode.NO_HELLO, "no hello in time")

    def _too_slow(self) -> None:
        self._bye(CloseCode.TOO_SLOW, "too slow")

    def _bye(self, code: CloseCode, reason: str, spread_ms: int = 0) -> None:
        self._gate.metrics.closes.labels(str(int(code))).inc()
        reconnect = code in RECONNECT
        after_ms = random.randint(0, spread_ms) if spread_ms else 0
        self._send(Bye(int(code), reason, reconnect, after_ms))
        self.outlet.close(code, reason)

    def _send(self, message: ServerMessage) -> None:
        self.outlet.send(encode(message, self._codec))

    @property
    def _codec(self) -> Codec:
        return "json" if self.outlet.is_text else "msgpack"

    def _decoded(self, payload: bytes, is_text: bool) -> ClientMessage:
        if is_text != self.outlet.is_text:
            kind = "text" if self.outlet.is_text else "binary"
            raise BadMessageError(f"this socket takes {kind} frames")
        return decode(payload, self._codec)

    def _set_deadline(self, after_s: int, call: Callable[[], None]) -> None:
        self._drop_deadline()
        self._deadline = self._gate.keepalive.after(after_s, call)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
