from __future__ import annotations

import json
import zlib

import msgspec
import pytest
from grandstand.edge import publication as module
from grandstand.edge.publication import DEFLATE_FROM_BYTES, Publication
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.messages import Comment, Frame


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
    frame = Publication(sent).ready(is_text, deflates)
    assert frame[0] & 0x0F == (1 if is_text else 2)
    read = json.loads if is_text else msgspec.msgpack.decode
    assert read(body(frame)) == msgspec.msgpack.decode(sent)


def test_what_is_published_goes_to_msgpack_viewers_as_it_is() -> None:
    assert body(Publication(LARGE).ready(False, False)) == LARGE


def test_small_frames_are_not_deflated() -> None:
    assert len(SMALL) < DEFLATE_FROM_BYTES <= len(LARGE)
    for is_text in (True, False):
        assert Publication(SMALL).ready(is_text, True) == Publication(SMALL).ready(is_text, False)
        assert len(Publication(LARGE).ready(is_text, True)) < len(
            Publication(LARGE).ready(is_text, False)
        )


def test_each_form_is_made_once_and_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def counting(sent: bytes) -> Frame:
        decoded.append(sent)
        return decode_frame(sent)

    monkeypatch.setattr(module, "decode_frame", counting)
    made = Publication(LARGE)
    assert made.ready(False, True) is made.ready(False, True)
    assert decoded == []
    for deflates in (True, False):
        assert made.ready(True, deflates) is made.ready(True, deflates)
    assert decoded == [LARGE]
