"""Comments leave frames, and nothing else does."""

from __future__ import annotations

import msgspec
from grandstand.wire.codec import encode
from grandstand.wire.highlights import Highlight
from grandstand.wire.messages import Comment, Frame, Overlay
from grandstand.wire.redaction import commented, highlights, retracted, without, without_words


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


def test_words_leave_the_highlights_that_are_named() -> None:
    told = [Highlight(3.0, ["zorglub", "goal"], ["a1"], 1, 2, 2, id=f"h{n}") for n in range(2)]
    card = Overlay("h0-card", "stats", 1, {"words": ["zorglub"]})
    frame = encode(Frame(9, 4, overlays=[card, *(each.overlay() for each in told)]), "msgpack")
    assert list(highlights(frame)) == told
    assert list(highlights(FRAME)) == []
    left = [told[0].without_words(["zorglub"]), told[1]]
    cut = encode(Frame(9, 4, overlays=[card, *(each.overlay() for each in left)]), "msgpack")
    assert without_words(frame, {"h0": {"zorglub"}, "h0-card": {"zorglub"}}) == (cut, 1)
    assert without_words(frame, {"h1": {"other"}})[0] is frame
