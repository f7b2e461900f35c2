from __future__ import annotations

import json
import zlib

import msgspec
import pytest
from grandstand.domain.envelope import Commit, Latest
from grandstand.domain.state import PrivateChanges
from grandstand.replica import publication as module
from grandstand.replica.publication import (
    DEFLATE_FROM_BYTES,
    STAFF,
    Form,
    Publication,
    Voters,
    of_commit,
    of_latest,
    socket_form,
)
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.messages import Comment, Frame, Notice


def payload(text: str) -> bytes:
    comment = Comment("c1", 1, "u", "n", text, 5.0)
    return encode(Frame(now=1, offset=7, comments=[comment]), "msgpack")


LARGE = payload("hurrah! " * 20)
SMALL = payload("hm")


def body(frame: bytes) -> bytes:
    """A frame's payload, inflated if its bit says so."""
    length, start = frame[1], 2
    if length == 126:
        length, start = int.from_bytes(frame[2:4], "big"), 4
    assert len(frame) == start + length
    if frame[0] & 0x40:
        return zlib.decompressobj(wbits=-15).decompress(frame[start:] + b"\x00\x00\xff\xff")
    return frame[start:]


@pytest.mark.parametrize("sent", [LARGE, SMALL])
@pytest.mark.parametrize("is_text", [True, False])
@pytest.mark.parametrize("deflates", [True, False])
def test_every_form_says_the_same(sent: bytes, is_text: bool, deflates: bool) -> None:
    frame = Publication(sent).ready(socket_form(is_text, deflates))
    assert frame[0] & 0x0F == (1 if is_text else 2)
    read = json.loads if is_text else msgspec.msgpack.decode
    assert read(body(frame)) == msgspec.msgpack.decode(sent)


def test_what_is_published_goes_to_msgpack_viewers_as_it_is() -> None:
    assert body(Publication(LARGE).ready(Form.MSGPACK)) == LARGE


def test_small_frames_are_not_deflated() -> None:
    assert len(SMALL) < DEFLATE_FROM_BYTES <= len(LARGE)
    for is_text in (True, False):
        assert Publication(SMALL).ready(socket_form(is_text, True)) == Publication(SMALL).ready(
            socket_form(is_text, False)
        )
        assert len(Publication(LARGE).ready(socket_form(is_text, True))) < len(
            Publication(LARGE).ready(socket_form(is_text, False))
        )


def test_each_form_is_made_once_and_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def counting(sent: bytes) -> Frame:
        decoded.append(sent)
        return decode_frame(sent)

    monkeypatch.setattr(module, "decode_frame", counting)
    made = Publication(LARGE)
    assert made.ready(Form.MSGPACK_DEFLATED) is made.ready(Form.MSGPACK_DEFLATED)
    assert decoded == []
    for deflates in (True, False):
        assert made.ready(socket_form(True, deflates)) is made.ready(socket_form(True, deflates))
    assert decoded == [LARGE]


def test_small_frames_have_one_form_for_both_kinds_of_viewers() -> None:
    made = Publication(SMALL)
    for is_text in (True, False):
        assert made.ready(socket_form(is_text, True)) is made.ready(socket_form(is_text, False))


@pytest.mark.parametrize("message", [Notice("held", "it waits"), Frame(now=7, head=3)])
def test_a_message_that_is_made_here_has_every_form(message: Notice | Frame) -> None:
    made = Publication.of(message)
    assert made.offset is None
    assert made.payload == encode(message, "msgpack")
    for _ in range(2):
        assert body(made.ready(Form.JSON)) == encode(message, "json")


def test_a_commit_gives_a_publication_for_each_of_its_frames() -> None:
    commit = Commit("e", 3, 12, 1, [SMALL, LARGE, SMALL], PrivateChanges())
    made = of_commit(commit)
    assert [(each.offset, each.payload) for each in made] == [(10, SMALL), (11, LARGE), (12, SMALL)]
    assert not any(each.additions for each in made)


def test_what_voters_get_beside_the_unnumbered_frame_is_an_addition_for_them() -> None:
    made = of_latest(Latest("e", SMALL, 7, {"p": LARGE}))
    assert (made.offset, made.payload) == (None, SMALL)
    assert {key: each.payload for key, each in made.additions.items()} == {Voters("p"): LARGE}


def test_what_staff_get_beside_the_unnumbered_frame_is_an_addition_for_them() -> None:
    made = of_latest(Latest("e", SMALL, 7, {}, LARGE))
    assert made.payload == SMALL
    assert {key: each.payload for key, each in made.additions.items()} == {STAFF: LARGE}
