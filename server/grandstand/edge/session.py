"""One viewer's conversation: hello, then messages in, answers and frames out.

It must not know the store, but for its errors, or the transport. Every method is plain and called
on the loop; what takes time (a room's first load, a batch) calls back.

Theory of operation: before ``hello`` no other message is accepted. From the ``welcome`` on the
session is in its room's audience, which writes to its socket directly. When the socket pauses, the
session is left out of the fan-out (``StreamPosition``). If the ring has lost the missed frames when
the socket has drained, the session gets a new welcome.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog
from msgspec import UNSET, UnsetType

from grandstand.domain.identity import Identity, check_may, unknown_room, user_id
from grandstand.edge import validation
from grandstand.edge.greeting import decoded, read_hello
from grandstand.edge.message_limits import MESSAGES, MessageLimits
from grandstand.edge.playhead import Playhead, fingerprint
from grandstand.edge.position import StreamPosition
from grandstand.store.errors import StoreUnavailable, UnknownRoomError
from grandstand.wire.codec import BadMessageError, Codec, encode
from grandstand.wire.codes import AFTER_REFUSED_HELLO, CloseCode, ErrorCode, RefusedError
from grandstand.wire.messages import (
    Ack,
    Appeal,
    AskTime,
    Bye,
    ClientMessage,
    Error,
    Hello,
    Notice,
    PostComment,
    Resume,
    ServerMessage,
    SetLang,
    TellTime,
    Viewer,
    Vote,
)

if TYPE_CHECKING:
    from grandstand.edge.node import Node
    from grandstand.edge.room import EdgeRoom
    from grandstand.edge.transport.keepalive import Deadline
    from grandstand.edge.transport.websocket import ViewerSocket
    from grandstand.replica.room import LiveRoom

HELLO_WITHIN_S, BEHIND_S = 5, 20
"""A viewer whose socket stays full for this long is cut (3008): its ring will soon be lost."""

log = structlog.get_logger(__name__)


class ViewerSession:
    """A viewer, from the handshake to the end of its connection."""

    __slots__ = (
        "_codec",
        "_deadline",
        "_ended",
        "_limits",
        "_node",
        "_playhead",
        "_position",
        "_room",
        "_room_id",
        "_waiting",
        "identity",
        "outlet",
        "user",
    )

    outlet: ViewerSocket

    def __init__(self, node: Node, room: str) -> None:
        self.user = ""
        self._node = node
        self._room_id = room
        self._room: EdgeRoom | None = None
        self.identity: Identity | None = None
        self._waiting: list[tuple[bytes, bool]] | None = None
        self._limits: MessageLimits | None = None
        self._deadline: Deadline | None = None
        self._position: StreamPosition | None = None
        self._playhead: Playhead | None = None
        self._ended = False

    @property
    def is_staff(self) -> bool:
        """Return whether the viewer gets held comments."""
        return self.identity is not None and self.identity.is_at_least("moderator")

    # --- from the socket -------------------------------------------------------------------------

    def opened(self, socket: ViewerSocket) -> None:
        """Take the socket after the handshake; ``hello`` must come within five seconds."""
        self.outlet = socket
        self._codec: Codec = "json" if socket.is_text else "msgpack"
        self._node.metrics.connections[self._codec].inc()
        self._deadline = self._node.keepalive.after(
            HELLO_WITHIN_S, partial(self.bye, CloseCode.NO_HELLO, "no hello in time")
        )

    def received(self, payload: bytes, is_text: bool) -> None:
        """Take one whole message."""
        if self._waiting is not None:  # the room is being loaded
            self._waiting.append((payload, is_text))
            if len(self._waiting) > MESSAGES.burst:
                self.bye(CloseCode.TRY_AGAIN_LATER, "too much before the welcome")
        elif self._room is None:
            self._hello(payload, is_text)
        else:
            self._receive(payload, is_text, self._room)

    def behind(self) -> None:
        """Leave the audience: the peer doesn't read."""
        if self._room is None or self._position is None or self._position.is_behind:
            return
        self._position.fell_behind(self.outlet)
        self._room.topics.passes_by(self.outlet)
        self._node.metrics.viewers_behind.inc()
        self._drop_deadline()
        self._deadline = self._node.keepalive.after(
            BEHIND_S, partial(self.bye, CloseCode.TOO_SLOW, "too slow")
        )

    def caught_up(self) -> None:
        """Send what the peer missed: it has read everything."""
        if self._room is None or self._position is None or not self._position.is_behind:
            return
        self._node.metrics.viewers_behind.dec()
        self._drop_deadline()
        if not self._position.caught_up(self.outlet):
            self._welcome_anew()
        self._room.topics.caught_up(self.outlet)

    def ending(self) -> None:
        """Stop writing: nothing may be written any more. The seat is free."""
        self._node.closing.add(self)
        if self._room is not None:
            self._room.silence(self.outlet)

    def lost(self) -> None:
        """Clean up: the connection is over."""
        self._ended = True
        self._drop_deadline()
        self._node.metrics.connections[self._codec].dec()
        self._node.closing.discard(self)
        self._node.left(self.outlet.peer)
        if self._position is not None and self._position.is_behind:
            self._node.metrics.viewers_behind.dec()
        if self._room is not None:
            self._room.playheads.forget(self._playhead)
            self._room.leave(self)

    def drain(self) -> None:
        """Send the viewer away with its own time to come back: the process is stopping."""
        self.bye(CloseCode.RESTART, "this node is going away", spread_ms=self._node.drain_ms)

    # --- from the room ---------------------------------------------------------------------------

    def tell(self, message: Notice) -> None:
        """Send a notice to this viewer alone."""
        self._send(message)

    def welcome_again(self) -> None:
        """Send the whole state once more: the room was loaded anew, perhaps by another clock."""
        if self._playhead is not None:
            self._playhead.forget()
        self._welcome_anew()

    def _welcome_anew(self) -> None:
        if self._room is None or self._position is None or self._ended:
            return
        self._position.leave_seat(self.outlet)
        if not self._position.is_behind:  # else it is welcomed when it has caught up
            self._welcome(self._room, self._position, "again")

    # --- hello -----------------------------------------------------------------------------------

    def _hello(self, payload: bytes, is_text: bool) -> None:
        self._drop_deadline()
        try:
            read = read_hello(payload, is_text, self._codec, self._room_id, self._node.tokens)
        except RefusedError as refused:
            return self._turn_away(refused)
        self.greeted(*read)

    def greeted(
        self, hello: Hello, identity: Identity | None, later: Sequence[tuple[bytes, bool]] = ()
    ) -> None:
        """Go on after a ``hello`` that was read, and the messages that came after it."""
        self._drop_deadline()
        self.identity = identity
        self.outlet.greeted()
        if (live := self._node.rooms.peek(self._room_id)) is not None:
            self._enter(live, hello)
            return self._receive_all(later)
        self._waiting = [*later]
        loading = asyncio.ensure_future(self._node.rooms.get(self._room_id))
        loading.add_done_callback(partial(self._loaded, hello))

    def _loaded(self, hello: Hello, loading: asyncio.Future[LiveRoom]) -> None:
        waiting, self._waiting = self._waiting or [], None
        try:
            live = loading.result()
            if not self._ended:
                self._enter(live, hello)
            self._receive_all(waiting)
        except (StoreUnavailable, asyncio.CancelledError):
            refused = RefusedError(ErrorCode.UNAVAILABLE, "the store is away", 2.0)
            self._turn_away(refused, CloseCode.TRY_AGAIN_LATER, spread_ms=2000)
        except UnknownRoomError:
            self._turn_away(unknown_room(self.identity, self._node.hides_rooms))
        except Exception:
            log.exception("hello_failed", room=self._room_id)
            self.bye(CloseCode.INTERNAL_ERROR, "our fault")

    def _turn_away(
        self, refused: RefusedError, close: CloseCode | None = None, spread_ms: int = 0
    ) -> None:
        self._refuse(refused)
        self._node.handshake_limit.give_back()
        code = close or AFTER_REFUSED_HELLO.get(refused.code, CloseCode.PROTOCOL_ERROR)
        self.bye(code, refused.message, spread_ms)

    def _enter(self, live: LiveRoom, hello: Hello) -> None:
        identity, state = self.identity, live.replica.state
        try:
            if identity is not None:  # again, since the room has been loaded meanwhile
                self._node.tokens.check_revoked(identity)
            check_may(identity, "watch", state.settings)
        except RefusedError as refused:
            return self._turn_away(refused)
        room = self._node.room(live)
        if identity is not None:
            self.user = user_id(identity.sub, live.salt)
            self.identity = validation.named(identity, self.user, state, self._node.moderator.names)
            if (ban := state.ban(self.user, live.now())) is not None:
                room.arrivals.note_banned(self, ban)
                no = RefusedError(ErrorCode.FORBIDDEN, validation.BANNED)
                return self._turn_away(no, CloseCode.BANNED)
            if len(room.sessions_of(self.user)) >= self._node.limits.per_viewer:
                no = RefusedError(ErrorCode.RATE_LIMITED, "too many connections of you", 5.0)
                return self._turn_away(no, CloseCode.TOO_MANY_CONNECTIONS)
        self._room, self._room_id = room, live.room  # one string for all, not 56 bytes for each
        self._position = StreamPosition(room)
        self._position.let_wait(self.outlet, hello.patience or 0)
        room.heed(self.outlet, hello.follow or [], hello.lang or "")
        self._welcome(room, self._position, "fresh", hello.resume or None)
        room.enter(self)

    def _welcome(
        self, room: EdgeRoom, position: StreamPosition, kind: str, resume: Resume | None = None
    ) -> None:
        live, identity = room.live, self.identity
        viewer = Viewer(identity.role, self.user, identity.name) if identity else Viewer("viewer")
        payloads, missed = room.greet(self.outlet, viewer, resume, self._codec)
        self._node.metrics.welcomes[kind if missed is None else "recovered"].inc()
        missed = missed or []
        after = live.replica.offset - sum(each.offset is not None for each in missed)
        position.welcomed(after)
        if self.outlet.paused:
            self.behind()
        for payload in payloads:
            self.outlet.send(payload)
        position.give(self.outlet, missed, after)
        position.take_seat(self.outlet)
        room.topics.tell(self.outlet)

    # --- messages --------------------------------------------------------------------------------

    def _receive_all(self, messages: Sequence[tuple[bytes, bool]]) -> None:
        for payload, is_text in messages:
            if self._room is not None and not self._ended:
                self._receive(payload, is_text, self._room)

    def _receive(self, payload: bytes, is_text: bool, room: EdgeRoom) -> None:
        try:
            self._take(decoded(payload, is_text, self._codec), room)
        except BadMessageError as fault:
            refused = validation.by_identity(fault, self.identity, room.live.replica.state.settings)
            self._refuse(refused, fault.message_id)
            if refused is fault:
                self._limits = self._limits or MessageLimits()
                if self._limits.has_too_many_bad(time.monotonic() * 1000):
                    self.bye(CloseCode.PROTOCOL_ERROR, "too many bad messages")

    def _take(self, message: ClientMessage, room: EdgeRoom) -> None:
        self._node.metrics.messages[type(message).__name__] += 1
        if isinstance(message, Hello):
            raise BadMessageError("`hello` comes once")
        try:
            begun_s = time.monotonic()
            self._limits = self._limits or MessageLimits()
            limited = self._limits.over(begun_s * 1000, message)
            if isinstance(message, Vote):
                self._vote(message, room, begun_s, limited)
            elif isinstance(message, PostComment):
                self._comment(message, room, begun_s, limited)
            elif limited is not None:
                raise limited
            elif isinstance(message, AskTime):
                self._time(message, room, begun_s)
            elif isinstance(message, Appeal):
                answer = partial(self._answer, message_id=message.id, begun_s=begun_s)
                room.batches.appeal(message, self.user, answer)
            elif isinstance(message, SetLang):
                self._send(Ack(message.id))
                room.languages.ask(self.outlet, message.lang)
                self._welcome_anew()
            else:
                room.topics.follow(self.outlet, message.topics)
                self._send(Ack(message.id))
                room.topics.tell(self.outlet)
        except BadMessageError as fault:
            fault.message_id = message.id
            raise
        except RefusedError as refused:
            self._refuse(refused, message.id)

    def _comment(
        self, message: PostComment, room: EdgeRoom, begun_s: float, limited: RefusedError | None
    ) -> None:
        answer = partial(self._answer, message_id=message.id, begun_s=begun_s)
        state, now, who = room.live.replica.state, room.live.now(), self.identity
        room.batches.put(validation.comment(message, who, self.user, state, now, limited, answer))
        self._claim(message.at, room, now)

    def _vote(
        self, message: Vote, room: EdgeRoom, begun_s: float, limited: RefusedError | None
    ) -> None:
        live, put_off = room.live, room.playheads.put_off
        key = partial(fingerprint, self.user, message.id, message.poll, message.choices, message.at)

        def answer(reply: Ack | RefusedError) -> None:
            if isinstance(reply, RefusedError):
                put_off.refused(key(), reply.code)
            elif not self._ended:
                room.voted(self, message.poll)
            self._answer(reply, message.id, begun_s)

        state, now, who = live.replica.state, live.now(), self.identity
        before = None if put_off and key() in put_off else self._playhead
        vote = validation.vote(message, who, self.user, state, now, limited, answer, before)
        room.batches.put(vote)
        self._claim(message.at, room, now)

    def _time(self, message: AskTime, room: EdgeRoom, now_s: float) -> None:
        now = room.live.now()
        if not self.is_staff:  # a control room is no audience
            self._playhead = room.playheads.tell(self._playhead, message, now, now_s)
        self._send(TellTime(message.id, message.sent, now))
        if message.patience is not UNSET and self._position is not None:
            self._position.let_wait(self.outlet, message.patience)

    def _claim(self, at: int | UnsetType, room: EdgeRoom, now: int) -> None:
        if at is not UNSET:
            self._playhead = room.playheads.claim(self._playhead, at, now)

    # --- answers ---------------------------------------------------------------------------------

    def _answer(self, reply: Ack | RefusedError, message_id: str, begun_s: float) -> None:
        self._node.metrics.answer_seconds.observe(time.monotonic() - begun_s)
        if not self._ended:
            self._send(reply) if isinstance(reply, Ack) else self._refuse(reply, message_id)

    def _refuse(self, refused: RefusedError, message_id: str | None = None) -> None:
        self._node.metrics.errors.labels(refused.code.value).inc()
        self._send(Error.of(refused, message_id))

    def bye(self, code: CloseCode, reason: str, spread_ms: int = 0) -> None:
        """Say why, and close; only once."""
        if self._ended:
            return
        if self._room is not None and self.outlet.patience:
            self._room.audience_of(self.outlet).release(self.outlet)
        self._ended = True
        self._drop_deadline()
        self._node.metrics.closes.labels(str(int(code))).inc()
        self._send(Bye(int(code), reason, not code.is_final, random.randint(0, spread_ms)))
        self.outlet.close(code, reason)

    def _send(self, message: ServerMessage) -> None:
        self.outlet.send(encode(message, self._codec))

    def _drop_deadline(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()
