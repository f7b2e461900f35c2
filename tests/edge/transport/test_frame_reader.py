"""A connection's reading half: what is read when, and when the transport stops."""

from __future__ import annotations

import pytest
from grandstand.edge.transport.frame_reader import IGNORED_S
from grandstand.edge.transport.inbound import FRAMES_BEFORE_HELLO
from grandstand.edge.transport.round_robin import FRAMES_A_CONNECTION
from websockets.frames import Opcode

from tests.edge.transport.test_websocket import Viewer, close_code, masked

FEW = FRAMES_A_CONNECTION + 3
MESSAGES = [b"%d" % number for number in range(FEW)]
SENT = b"".join(masked(Opcode.BINARY, each) for each in MESSAGES)


def messages(viewer: Viewer) -> list[bytes]:
    return [payload for payload, _ in viewer.session.messages]


def test_one_frame_is_read_at_once_and_nothing_waits() -> None:
    viewer = Viewer.opened()
    viewer.socket.data_received(masked(Opcode.BINARY, b"a"))
    assert messages(viewer) == [b"a"]
    assert viewer.due == []
    assert viewer.wire.is_reading_now


def test_of_several_the_rest_is_read_in_later_turns_and_the_transport_stops_meanwhile() -> None:
    viewer = Viewer.opened()
    viewer.socket.data_received(SENT)
    assert messages(viewer) == MESSAGES[:1]
    assert not viewer.wire.is_reading_now
    viewer.turn()
    assert messages(viewer) == MESSAGES
    assert viewer.wire.is_reading_now


def test_what_is_cut_in_the_middle_of_a_frame_waits_for_the_rest_and_is_read_from() -> None:
    viewer = Viewer.opened()
    viewer.socket.data_received(SENT[:-1])
    viewer.turn()
    assert messages(viewer) == MESSAGES[:-1]
    assert viewer.wire.is_reading_now
    viewer.socket.data_received(SENT[-1:])
    assert messages(viewer) == MESSAGES


@pytest.mark.parametrize("reads_again_first", [True, False])
def test_a_peer_that_neither_reads_nor_had_its_turn_is_read_from_when_both_are_over(
    reads_again_first: bool,
) -> None:
    viewer = Viewer.opened()
    viewer.socket.data_received(SENT)
    viewer.socket.pause_writing()
    if reads_again_first:
        viewer.socket.resume_writing()
        assert not viewer.wire.is_reading_now
        viewer.turn()
    else:
        viewer.turn()
        assert messages(viewer) == MESSAGES[:1]  # no answers pile up
        viewer.socket.resume_writing()
        assert not viewer.wire.is_reading_now
        viewer.turn()
    assert messages(viewer) == MESSAGES
    assert viewer.wire.is_reading_now


def test_who_exceeds_the_budget_is_told_not_read_from_any_more_and_cut() -> None:
    viewer = Viewer.opened()
    answer = viewer.receive(masked(Opcode.BINARY, b"x") * (FRAMES_BEFORE_HELLO.burst + 1))
    assert len(viewer.session.messages) < FRAMES_BEFORE_HELLO.burst
    assert viewer.session.told.count("violated") == 1
    assert close_code(answer[-len("xx") - 2 - len("more than a connection may send") :]) == 4000
    assert not viewer.wire.is_reading_now
    viewer.socket.resume_writing()
    assert not viewer.wire.is_reading_now
    viewer.sweep(IGNORED_S + 1)
    assert viewer.wire.is_aborted


def test_what_a_peer_sends_after_a_violation_is_read_away_and_bounded_too() -> None:
    viewer = Viewer.opened()
    assert close_code(viewer.receive(masked(Opcode.BINARY, b"x" * 5000))) == 1009
    viewer.receive(b"x" * 1_000_000)
    assert viewer.wire.is_reading_now
    for _ in range(20):
        viewer.receive(b"x" * 1_000_000)
    assert not viewer.wire.is_reading_now
    viewer.sweep(IGNORED_S + 1)
    assert viewer.wire.is_aborted


def test_a_connection_lost_while_it_waits_is_read_no_more() -> None:
    viewer = Viewer.opened()
    viewer.socket.data_received(SENT)
    viewer.socket.connection_lost(None)
    viewer.turn()
    assert messages(viewer) == MESSAGES[:1]
