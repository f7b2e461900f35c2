"""Comments leave frames, and nothing else does."""

from __future__ import annotations

import msgspec
from grandstand.wire.codec import encode
from grandstand.wire.messages import Comment, Frame
from grandstand.wire.redaction import commented, retracted, without


def said(comment_id: str, text: str = "hi") -> Comment:
    return Comment(comment_id, 1, "u", "Ada", text, 1.5)


FRAME = encode(Frame(9, 4, comments=[said("a1"), said("a2")], overflow=3), "msgpack")


def test_the_named_comments_leave_and_the_rest_stays_as_it_was() -> None:
    assert commented(FRAME) == {"a1", "a2"}
    one = encode(Frame(9, 4, comments=[said("a2")], overflow=3), "msgpack")
    assert without(FRAME, {"a1", "b7"}) == one
    assert without(FRAME, {"b7"}) is FRAME
    assert without(FRAME, ["a1", "a2"]) == encode(Frame(9, 4, overflow=3), "msgpack")


def test_what_a_newer_server_says_stays() -> None:
    told = {**msgspec.msgpack.decode(FRAME), "later": {"x": [1, 2.5, None]}}
    left = msgspec.msgpack.decode(without(msgspec.msgpack.encode(told), {"a1", "a2"}))
    del told["comments"]
    assert left == told


def test_what_frames_take_back_is_told_from_what_they_speak_of() -> None:
    speaks = encode(Frame(9, 5, comments=[said("a3", "please retract that")]), "msgpack")
    takes = [encode(Frame(9, n, retract=ids), "msgpack") for n, ids in ((6, ["a1"]), (7, ["a2"]))]
    assert retracted([FRAME, speaks]) == set()
    assert retracted([FRAME, *takes]) == {"a1", "a2"}
