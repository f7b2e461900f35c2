from __future__ import annotations

from typing import Any

import msgspec
import pytest
from grandstand.domain.state import PrivateChanges, RoomState, fold
from grandstand.wire.codec import encode
from grandstand.wire.frame_splitting import LISTS, fits, numbered, split
from grandstand.wire.messages import MAX_SERVER_MESSAGE_BYTES, Comment, Cue, Frame, Overlay
from grandstand.wire.settings import Settings
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace


def comment(number: int, text: str = "goal!") -> Comment:
    return Comment(f"c{number:04}", 1_000, "u", "Ada", text, 1.0)


def overlay(number: int, size: int) -> Overlay:
    return Overlay(f"o{number}", "stat", 1_000, {"x": "é" * size})


def cue(number: int, data: Any) -> Cue:
    return Cue(f"q{number}", "cue", 1_000, {"data": data})


def test_a_small_frame_stays_whole() -> None:
    whole = Frame(now=1, comments=[comment(1)], overflow=3)
    assert numbered(whole, 7) == [replace(whole, offset=7)]


def test_a_frame_that_carries_nothing_is_none() -> None:
    assert numbered(Frame(now=1), 7) == []


@pytest.mark.parametrize("what", [{"overflow": 1}, {"settings": Settings()}, {"retract": ["a1"]}])
def test_a_frame_without_comments_may_carry_something_all_the_same(what: dict[str, Any]) -> None:
    assert len(numbered(Frame(now=1, **what), 7)) == 1


lists = st.fixed_dictionaries(
    {
        "comments": st.integers(0, 400),
        "retract": st.lists(st.integers(0, 400), unique=True, max_size=20),
        "overlays": st.lists(st.integers(0, 9_000), max_size=8),
        "cues": st.integers(0, 8),
        "text": st.sampled_from(["goal!", '"' * 400, "\u0001" * 100, "进球" * 100]),
    }
)


@settings(max_examples=40)
@given(lists)
def test_the_parts_of_a_large_frame_fit_in_both_codecs_and_fold_as_the_whole(
    given_lists: dict[str, Any],
) -> None:
    text = given_lists["text"]
    overlays = [overlay(n, size) for n, size in enumerate(given_lists["overlays"])]
    whole = Frame(
        now=1_000,
        comments=[comment(n, text) for n in range(given_lists["comments"])] or UNSET,
        retract=[f"c{n:04}" for n in given_lists["retract"]] or UNSET,
        overlays=overlays or UNSET,
        drop=[each.id for each in overlays[::2]] or UNSET,
        cues=[cue(n, text * 9) for n in range(given_lists["cues"])] or UNSET,
        overflow=3,
        settings=Settings(title="x"),
    )
    parts = numbered(whole, 5)
    assert [part.offset for part in parts] == list(range(5, 5 + len(parts)))
    assert sum(part.overflow is not UNSET for part in parts) == 1
    for part in parts:
        assert len(encode(part, "msgpack")) <= MAX_SERVER_MESSAGE_BYTES
        assert len(encode(part, "json")) <= MAX_SERVER_MESSAGE_BYTES
    for name in LISTS:
        together = [item for part in parts for item in (getattr(part, name) or [])]
        assert together == (getattr(whole, name) or [])
    from_parts, from_whole = RoomState(), RoomState()
    fold(from_parts, parts, PrivateChanges())
    fold(from_whole, [whole], PrivateChanges())
    assert from_parts == from_whole


def test_a_retraction_never_comes_before_its_comment() -> None:
    comments = [comment(n, "é" * 450) for n in range(100)]
    parts = split(Frame(now=1, comments=comments, retract=["c0099"]))
    assert len(parts) > 1
    assert [part.retract is not UNSET for part in parts] == [False] * (len(parts) - 1) + [True]


def test_one_item_that_is_too_large_is_our_fault() -> None:
    with pytest.raises(ValueError, match="one item of cues alone"):
        split(Frame(now=1, cues=[cue(1, "x" * 70_000), cue(2, "x")]))


@pytest.mark.parametrize("data", [[False] * 12_000, "\u0001" * 15_000, [123] * 16_000])
def test_what_is_far_larger_in_json_is_measured_there(data: Any) -> None:
    frame = Frame(now=1, cues=[cue(1, data)])
    assert len(encode(frame, "msgpack")) < MAX_SERVER_MESSAGE_BYTES / 4
    assert fits(frame) == (len(encode(frame, "json")) < MAX_SERVER_MESSAGE_BYTES - 1024)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_json_is_six_times_msgpack_at_most(value: Any) -> None:
    assert len(msgspec.json.encode(value)) <= 6 * len(msgspec.msgpack.encode(value)) + 2
