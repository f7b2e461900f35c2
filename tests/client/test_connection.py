"""A viewer's connection, told what happened and when: scripts of events, without a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, TypeVar

import msgspec
import pytest
from grandstand.client.backoff import Closed, Failed, Refused
from grandstand.client.connection import SILENCE_S, WELCOME_S, Connection
from grandstand.client.effects import (
    AskToken,
    Drop,
    Effect,
    Ended,
    Gap,
    Lost,
    Open,
    Received,
    Upgraded,
    Write,
)
from grandstand.client.pending import REMEMBERED_S, Pending
from grandstand.wire.codes import AfterClose, CloseCode, ErrorCode, after_status
from grandstand.wire.messages import (
    Ack,
    Bye,
    Error,
    Frame,
    Notice,
    PostComment,
    Resume,
    ServerMessage,
    TellTime,
    Vote,
)
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from tests.client.messages import NOW_MS, welcome

T = TypeVar("T")
NOTHING: list[Effect] = []
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Chance(Random):
    """As unlucky as can be: every wait is the longest."""

    def random(self) -> float:
        return 1.0


class Script:
    """A connection, the server at its other end, and the time, which a test sets."""

    def __init__(self, **options: Any) -> None:
        self.core = Connection("ws://show/v1/rooms/gala/live", Chance(), **options)
        self.now_s = 100.0
        self.effects: list[Effect] = []
        self.heard: list[dict[str, Any]] = []
        self._server: ServerProtocol | None = None

    def take(self, effects: Iterable[Effect]) -> None:
        """Keep effects; what is written is read by the server."""
        for effect in effects:
            self.effects.append(effect)
            if isinstance(effect, Write) and self._server is not None:
                self._server.receive_data(effect.data)
                self.heard += self._read(self._server)

    def _read(self, server: ServerProtocol) -> Iterator[dict[str, Any]]:
        for event in server.events_received():
            if isinstance(event, Request):
                server.send_response(server.accept(event))
            elif isinstance(event, WireFrame) and event.opcode is Opcode.BINARY:
                yield _decode(event.data)

    def of(self, kind: type[T]) -> list[T]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def messages(self) -> list[ServerMessage]:
        return [each.message for each in self.of(Received)]

    def clear(self) -> None:
        self.effects.clear()
        self.heard.clear()

    # --- what happens ----------------------------------------------------------------------------

    def connects(self) -> None:
        """The shell reaches a server, which agrees to the upgrade."""
        self._server = ServerProtocol(subprotocols=[Subprotocol("grandstand.v1.msgpack")])
        self.take(self.core.connected(self.now_s))
        self.passes(b"")

    def passes(self, data: bytes) -> None:
        """Bytes, after those of the server's own."""
        assert self._server is not None
        data = b"".join(self._server.data_to_send()) + data
        self.take(self.core.received(self.now_s, data))

    def says(self, *messages: ServerMessage) -> None:
        assert self._server is not None
        for message in messages:
            self._server.send_binary(_encode(message))
        self.passes(b"")

    def closes(self, code: int, reason: str = "") -> None:
        if code == CloseCode.NO_CLOSE_FRAME:
            self.take(self.core.disconnected(self.now_s))
            return
        assert self._server is not None
        self._server.send_close(code, reason)
        self.passes(b"")

    def refuses(self, status: int, after: str = "") -> None:
        """An answer in place of the upgrade."""
        self.take(self.core.connected(self.now_s))
        header = f"Retry-After: {after}\r\n" if after else ""
        answer = f"HTTP/1.1 {status} No\r\n{header}Content-Length: 0\r\n\r\n".encode()
        self.take(self.core.received(self.now_s, answer))

    def waits(self, seconds: float) -> None:
        """Time passes; the shell ticks as it was told to."""
        until_s = self.now_s + seconds
        while self.core.due_s <= until_s:
            self.now_s = max(self.now_s, self.core.due_s)
            self.take(self.core.tick(self.now_s))
        self.now_s = until_s

    def starts(self, at: int = 7) -> Script:
        """It comes in; the first round trips are over."""
        self.take(self.core.start(self.now_s))
        self.enters(welcome(at))
        self.waits(2)
        self.clear()
        return self

    def enters(self, first: ServerMessage) -> None:
        self.connects()
        self.says(first)

    def returns(self) -> None:
        """It comes back; what was before is forgotten."""
        self.clear()
        self.waits(self.core.due_s - self.now_s)
        assert self.effects == [Open()]
        self.clear()

    def returns_in(self) -> float:
        """How long it waits before it comes back."""
        assert self.of(Open) == []
        return self.core.due_s - self.now_s


def frame(offset: int) -> Frame:
    return Frame(NOW_MS, offset)


def bye(code: int, **said: Any) -> Bye:
    return Bye(code, "told", said.get("reconnect", True), said.get("after", 0))


# --- coming in -----------------------------------------------------------------------------------


def test_hello_is_the_first_message_and_the_welcome_brings_it_in() -> None:
    script = Script(token="a token")
    script.take(script.core.start(100))
    assert script.effects == [Open()]
    script.connects()
    assert script.heard == [{"type": "hello", "token": "a token", "client": "grandstand"}]
    assert script.of(Upgraded)
    assert not script.core.is_live
    script.says(welcome(7))
    assert script.core.is_live
    assert script.core.clock.read(script.now_s) == NOW_MS


def test_who_has_no_token_says_none() -> None:
    script = Script()
    script.take(script.core.start(100))
    script.connects()
    assert "token" not in script.heard[0]


def test_a_token_is_asked_for_before_connecting() -> None:
    script = Script(asks=True)
    script.take(script.core.start(100))
    assert script.effects == [AskToken()]
    script.take(script.core.token_given(100, "asked"))
    assert script.effects[1:] == [Open()]
    script.connects()
    assert script.heard[0]["token"] == "asked"
    assert script.core.token_given(100, "twice") == NOTHING


@pytest.mark.parametrize(
    ("end", "wait_s"),
    [(Refused(429, 9), 9), (Refused(502), 0.5), (Failed("connect: refused"), 0.5)],
)
def test_a_token_that_can_t_be_had_now_is_asked_for_again(
    end: Refused | Failed, wait_s: float
) -> None:
    script = Script(asks=True)
    script.take(script.core.start(100))
    script.take(script.core.token_refused(100, end))
    assert script.of(Lost) == [Lost(end)]
    assert script.returns_in() == wait_s
    script.waits(wait_s)
    assert len(script.of(AskToken)) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_will_not_be_given_ends_it(status: int) -> None:
    script = Script(asks=True)
    script.take(script.core.start(100))
    script.take(script.core.token_refused(100, Refused(status)))
    assert script.effects == [AskToken(), Ended(Refused(status))]
    assert script.core.due_s == float("inf")


@pytest.mark.parametrize("given", ["old", "new", None])
def test_a_token_that_was_refused_is_no_new_one(given: str | None) -> None:
    script = Script(asks=True, token="old").starts()
    script.closes(3000, "expired")
    script.waits(1)
    script.clear()
    script.take(script.core.token_given(script.now_s, given))
    ended = [Ended(Closed(3000, "expired"))]
    assert script.effects == (ended if given == "old" else [Open()])


def test_a_connection_that_never_gets_its_welcome_is_given_up() -> None:
    script = Script()
    script.take(script.core.start(100))
    script.connects()
    script.says(frame(8))
    script.waits(WELCOME_S)
    assert script.of(Drop)
    assert script.of(Lost) == [Lost(Failed("no welcome within 10 s"))]
    assert script.messages == []


def test_one_who_waits_in_line_goes_on_as_long_as_the_server_tells_its_place() -> None:
    script = Script()
    script.take(script.core.start(100))
    script.connects()
    waiting = Notice("waiting", "", place=3, after=20_000)
    for _ in range(3):
        script.waits(WELCOME_S - 1)
        script.says(waiting)
    assert (script.messages, script.of(Lost)) == ([waiting] * 3, [])
    script.waits(WELCOME_S)
    assert script.of(Lost) == [Lost(Failed("no welcome within 10 s"))]


def test_nobody_at_the_address_is_tried_again_and_again() -> None:
    script = Script()
    script.take(script.core.start(100))
    waits = []
    for _ in range(8):
        script.clear()
        script.take(script.core.disconnected(script.now_s, "refused"))
        assert script.of(Lost) == [Lost(Failed("connect: refused"))]
        waits.append(script.returns_in())
        script.waits(waits[-1])
        assert script.of(Open) == [Open()]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]


# --- ends: each close, each status ---------------------------------------------------------------


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("code", CloseCode)
def test_after_each_close_it_does_what_the_table_says(code: CloseCode, asks: bool) -> None:
    script = Script(token="first", asks=asks).starts()
    script.closes(code, "" if code == CloseCode.NO_CLOSE_FRAME else "why")
    ends = code.is_final or (code.client is AfterClose.NEW_TOKEN and not asks)
    closed = Closed(code, "" if code == CloseCode.NO_CLOSE_FRAME else "why")
    assert script.of(Drop)
    assert script.of(Ended) == ([Ended(closed)] if ends else [])
    assert script.of(Lost) == ([] if ends else [Lost(closed)])
    script.waits(31)
    wants = script.of(AskToken) if code.client is AfterClose.NEW_TOKEN else script.of(Open)
    assert bool(wants) is not ends


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize(
    "status", [200, 301, 400, 401, 403, 404, 408, 425, 426, 429, 500, 502, 503, 504]
)
def test_after_each_status_it_does_what_the_table_says(status: int, asks: bool) -> None:
    script = Script(token="first", asks=asks)
    script.take(script.core.start(100))
    script.refuses(status)
    after = after_status(status)
    ends = after is AfterClose.FINAL or (after is AfterClose.NEW_TOKEN and not asks)
    assert script.of(Ended) == ([Ended(Refused(status))] if ends else [])
    assert script.of(Lost) == ([] if ends else [Lost(Refused(status))])


@pytest.mark.parametrize("status", [429, 503])
def test_it_does_not_come_back_before_retry_after(status: int) -> None:
    script = Script()
    script.take(script.core.start(100))
    script.effects.clear()
    script.refuses(status, "12")
    assert script.returns_in() == 12


def test_it_does_not_come_back_before_bye_allows() -> None:
    script = Script().starts()
    script.says(bye(1012, after=4000))
    assert isinstance(script.messages[-1], Bye)
    script.closes(1012)
    assert script.returns_in() == 4


@pytest.mark.parametrize("closed", [1012, 1006])
def test_a_bye_that_asks_not_to_come_back_is_final(closed: int) -> None:
    script = Script().starts()
    script.says(bye(1012, reconnect=False))
    script.closes(closed)
    assert script.of(Ended) == [Ended(Closed(1012, "told"))]


def test_a_bye_says_nothing_of_the_connection_after_it() -> None:
    script = Script().starts()
    script.says(bye(1012))
    script.closes(1012)
    script.returns()
    script.enters(welcome(7))
    script.closes(1006)
    assert script.of(Lost) == [Lost(Closed(1006))]


def test_an_error_says_nothing_of_coming_back_once_it_is_in() -> None:
    script = Script().starts()
    script.take(script.core.submit(script.now_s, PostComment("a", "one")))
    script.says(Error(ErrorCode.OVERLOADED, "later", id="a", retry_after=60))
    script.closes(1006)
    assert script.returns_in() == 0.5


def test_an_error_before_the_welcome_says_when_to_come_back() -> None:
    script = Script()
    script.take(script.core.start(100))
    script.connects()
    script.effects.clear()
    script.says(Error(ErrorCode.OVERLOADED, "later", retry_after=5))
    script.closes(1013)
    assert script.returns_in() == 5


def test_a_steady_connection_starts_with_short_waits_again() -> None:
    script = Script()
    script.take(script.core.start(100))
    waits = []
    for lived_s in (1, 1, 11, 1):
        script.enters(welcome(7))
        script.waits(lived_s)
        script.effects.clear()
        script.closes(1011)
        waits.append(script.returns_in())
        script.waits(waits[-1])
    assert waits == [0.5, 1, 0.5, 1]


def test_who_goes_says_so_and_comes_back_no_more() -> None:
    script = Script().starts()
    effects = script.core.stop()
    assert [type(effect) for effect in effects] == [Write, Drop]
    assert script.core.due_s == float("inf")
    assert script.core.received(script.now_s, b"late") == NOTHING
    assert script.core.disconnected(script.now_s) == NOTHING
    assert script.core.connected(script.now_s) == [Drop()]


def test_a_second_connection_is_dropped() -> None:
    script = Script().starts()
    assert script.core.connected(script.now_s) == [Drop()]
    opening = Script()
    opening.take(opening.core.start(100))
    assert [type(effect) for effect in opening.core.connected(100)] == [Write]
    assert opening.core.connected(100) == [Drop()]


# --- frames --------------------------------------------------------------------------------------


def test_numbered_frames_pass_in_their_order_and_each_once() -> None:
    script = Script().starts()
    script.says(frame(8), frame(9), frame(9), frame(8), Frame(NOW_MS, head=9), frame(10))
    numbers = [each.offset for each in script.messages if isinstance(each, Frame)]
    assert numbers == [8, 9, msgspec.UNSET, 10]


def test_it_resumes_where_it_was_and_takes_what_it_missed() -> None:
    script = Script().starts()
    script.says(frame(8))
    script.closes(1006)
    script.returns()
    script.connects()
    assert script.heard[0]["resume"] == {"epoch": "e", "offset": 8}
    script.says(welcome(10, recovered=True), frame(9), frame(10), frame(11))
    replayed = [each.is_replayed for each in script.of(Received)]
    assert replayed == [False, True, True, False]


def test_a_frame_before_the_welcome_is_nothing() -> None:
    script = Script().starts()
    script.closes(1006)
    script.returns()
    script.connects()
    script.says(frame(8))
    assert script.messages == []
    script.says(welcome(8, recovered=True), frame(8))
    assert script.messages[1:] == [frame(8)]


def test_a_gap_that_nothing_mends_reconnects_with_resume_and_the_third_time_afresh() -> None:
    script = Script().starts()
    resumes = []
    for _ in range(3):
        at = script.core.position.resume
        assert at is not None
        script.says(frame(at.offset + 2), frame(at.offset + 3))
        assert script.of(Gap) == [Gap()]
        script.waits(2)
        assert script.of(Lost) == [Lost(Failed("frames are missing"))]
        script.returns()
        script.connects()
        resumes.append(script.heard[0].get("resume"))
        script.says(welcome(10, recovered=True))
        script.clear()
    assert resumes == [{"epoch": "e", "offset": 7}, None, {"epoch": "e", "offset": 10}]


def test_a_welcome_that_comes_again_sets_the_place_and_sends_nothing_again() -> None:
    script = Script().starts()
    script.take(script.core.submit(script.now_s, PostComment("a", "hello")))
    script.clear()
    script.says(welcome(3, epoch="f"))
    assert script.heard == []
    assert script.core.position.resume == Resume("f", 3)


def test_silence_reconnects_and_a_message_breaks_it() -> None:
    script = Script().starts()
    script.waits(SILENCE_S - 5)
    script.says(Frame(NOW_MS))
    script.clear()
    script.waits(SILENCE_S - 1)
    assert script.of(Lost) == []
    script.waits(4)
    assert script.of(Lost) == [Lost(Failed("silence"))]


def test_after_a_sleep_what_waited_in_the_socket_proves_it_alive() -> None:
    script = Script().starts()
    script.now_s += 3600
    script.take(script.core.tick(script.now_s))
    script.says(Frame(NOW_MS))
    script.waits(3)
    assert script.of(Lost) == []


# --- what it says --------------------------------------------------------------------------------


def test_what_was_not_answered_is_sent_again_with_its_id_and_in_order() -> None:
    script = Script().starts()
    for message in (PostComment("a", "one"), Vote("v", "poll", [0]), PostComment("b", "two")):
        script.take(script.core.submit(script.now_s, message))
    script.says(Ack("v"))
    script.says(Error(ErrorCode.UNAVAILABLE, "later", id="b", retry_after=60))
    script.closes(1006)
    assert script.core.pending.due_s == float("inf")
    script.take(script.core.submit(script.now_s, PostComment("c", "offline")))
    assert [each["id"] for each in script.heard] == ["a", "v", "b"]
    script.returns()
    script.enters(welcome(7, recovered=True))
    assert [each.get("id") for each in script.heard] == [None, "a", "b", "c"]
    script.says(Ack("a"), Ack("b"), Ack("c"))
    assert len(script.core.pending) == 0


def test_a_lost_ack_makes_it_send_again_until_one_comes() -> None:
    script = Script().starts()
    script.take(script.core.submit(script.now_s, PostComment("a", "one")))
    for _ in range(3):
        script.closes(1012)
        script.returns()
        script.enters(welcome(7, recovered=True))
        assert [each["id"] for each in script.heard[1:]] == ["a"]
    script.says(Ack("a"))
    script.closes(1012)
    script.returns()
    script.enters(welcome(7, recovered=True))
    assert len(script.heard) == 1


def test_what_the_server_could_not_take_is_sent_again_by_itself() -> None:
    script = Script().starts()
    script.take(script.core.submit(script.now_s, PostComment("a", "one")))
    script.says(Error(ErrorCode.OVERLOADED, "later", id="a", retry_after=2))
    script.waits(3.9)
    assert len(script.heard) == 1
    script.waits(0.2)
    assert [each["id"] for each in script.heard] == ["a", "a"]


def test_what_may_count_twice_is_given_up_and_told() -> None:
    script = Script().starts()
    script.take(script.core.submit(script.now_s, PostComment("a", "one")))
    script.closes(1006)
    script.now_s += REMEMBERED_S + 1
    script.waits(0)
    script.clear()
    script.enters(welcome(7))
    assert [each["type"] for each in script.heard] == ["hello"]
    (given_up,) = [each for each in script.messages if isinstance(each, Error)]
    assert (given_up.id, given_up.code) == ("a", ErrorCode.UNAVAILABLE)


def test_more_than_a_connection_may_send_goes_out_by_and_by() -> None:
    script = Script(pending=Pending()).starts()
    for number in range(50):
        script.take(script.core.submit(script.now_s, PostComment(str(number), "hello")))
    assert len(script.heard) == 40
    script.waits(1)
    assert [each["id"] for each in script.heard] == [str(number) for number in range(50)]


# --- the time ------------------------------------------------------------------------------------


def test_a_few_round_trips_follow_the_welcome_then_one_now_and_again() -> None:
    script = Script()
    script.take(script.core.start(100))
    script.enters(welcome(7))
    script.waits(2)
    script.closes(1006)
    script.returns()
    began_s = script.now_s
    script.enters(welcome(7))
    asked_s = []
    for _ in range(1300):
        script.says(Frame(NOW_MS))
        script.clear()
        script.waits(0.05)
        asked_s += [script.now_s - began_s for each in script.heard if each["type"] == "time"]
    assert asked_s == pytest.approx([0.05, 0.4, 0.8, 1.2, 31.2, 61.2], abs=0.051)


def test_only_the_answer_to_the_last_question_sets_the_clock() -> None:
    script = Script()
    script.take(script.core.start(100))
    script.enters(welcome(7))
    script.waits(0)
    question = script.heard[-1]
    script.says(TellTime("t9", question["sent"], NOW_MS), TellTime(question["id"], 1, NOW_MS))
    assert script.messages == [welcome(7)]
    for _ in range(2):
        script.says(TellTime(question["id"], question["sent"], NOW_MS + 500))
    assert len(script.messages) == 2
    assert script.core.clock.read(script.now_s) == NOW_MS + 500


def test_a_viewer_with_a_picture_tells_its_playhead_with_each_time() -> None:
    script = Script(delay_ms=15_000)
    script.take(script.core.start(100))
    script.enters(welcome(7))
    script.waits(0.5)
    told = [each["at"] for each in script.heard if each["type"] == "time"]
    assert told == [NOW_MS - 15_000, NOW_MS - 15_000 + 400]
    without = Script()
    without.take(without.core.start(100))
    without.enters(welcome(7))
    without.waits(0)
    assert "at" not in without.heard[-1]


# --- garbage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"\x91" * 5000,
        _encode({"type": "later than us", "x": 1}),
        _encode({"type": "frame"}),
        _encode({"type": "frame", "now": "noon", "offset": []}),
        _encode([1, 2]),
    ],
)
def test_what_is_not_known_is_ignored(payload: bytes) -> None:
    script = Script().starts()
    script.passes(WireFrame(Opcode.BINARY, payload).serialize(mask=False))
    script.passes(WireFrame(Opcode.TEXT, b'{"type":"frame","now":1}').serialize(mask=False))
    assert script.effects == []
    script.says(Notice("muted", "be quiet"), frame(8))
    assert len(script.messages) == 2


def test_fields_that_are_not_known_are_ignored() -> None:
    script = Script().starts()
    payload = _encode({"type": "frame", "now": NOW_MS, "offset": 8, "new": {"deep": [1]}})
    script.passes(WireFrame(Opcode.BINARY, payload).serialize(mask=False))
    assert script.messages == [frame(8)]


def test_what_is_no_frame_is_a_lost_connection() -> None:
    script = Script().starts()
    script.passes(b"\xff\xff\xff")
    (lost,) = script.of(Lost)
    assert isinstance(lost.end, Closed)
    assert lost.end.code == 1006


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("received"), st.binary(max_size=60)),
            st.tuples(st.just("connected"), st.none()),
            st.tuples(st.just("disconnected"), st.none()),
            st.tuples(st.just("tick"), st.floats(0, 40)),
            st.tuples(st.just("submit"), st.none()),
            st.tuples(st.just("token_given"), st.none()),
        ),
        max_size=30,
    )
)
def test_whatever_happens_in_whatever_order_it_goes_on(events: list[tuple[str, Any]]) -> None:
    core, now_s = Connection("ws://show/live", Random(1), asks=True), 0.0
    effects = core.start(now_s)
    for number, (event, value) in enumerate(events):
        if event == "tick":
            now_s += value
            effects += core.tick(now_s)
        elif event == "received":
            effects += core.received(now_s, value)
        elif event == "submit":
            effects += core.submit(now_s, PostComment(str(number), "hello"))
        elif event == "token_given":
            effects += core.token_given(now_s, "token")
        else:
            effects += getattr(core, event)(now_s)
    assert not any(isinstance(effect, Ended) for effect in effects)
    core.tick(now_s + 100)
    assert core.stage.name in ("TOKEN", "OPENING", "NONE")
