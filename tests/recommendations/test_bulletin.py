"""What one process tells the others comes back as it was, or is refused."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pytest
from grandstand.recommendations import bulletin
from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.board import LiveRoom
from grandstand.recommendations.bulletin import Bulletin, Listed

LISTED = Listed("race", "The race", True, 40, 0.5, 1_790_000_000_000, ["horse:1"], 2.0, 3.0)


def test_a_bulletin_comes_back_as_it_was() -> None:
    told = Bulletin("a1", [LISTED], {"horse:1": "Cloud"})
    assert bulletin.unpacked(bulletin.packed(told)) == told


def test_a_room_itself_is_the_first_thing_that_it_is_about() -> None:
    assert LISTED.live() == LiveRoom("race", 40, ("room:race", "horse:1"), 2.0, 3.0)


def test_an_alikeness_comes_back_in_half_precision() -> None:
    alikeness = Alikeness.of([["a", "b"], ["a", "b", "c"], ["b", "a"], ["c"], ["c", "d"]])
    back = bulletin.unpacked_alikeness(bulletin.packed_alikeness(alikeness))
    assert (back.things, list(back.followers)) == (("a", "b", "c"), [3, 3, 3])
    assert back.places == alikeness.places
    assert np.allclose(back.weights, alikeness.weights, rtol=1e-3)
    assert back.weights[0, 1] > 0
    empty = bulletin.unpacked_alikeness(bulletin.packed_alikeness(Alikeness()))
    assert empty.things == ()


@pytest.mark.parametrize("read", [bulletin.unpacked, bulletin.unpacked_alikeness])
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not packed",
        zlib.compress(b"\xc1"),
        bulletin.packed(Bulletin("", [LISTED], {}))[:-1],
        zlib.compress(b"\x93\x91\xa1a\x90\xc4\x00"),  # one thing, no count, no weight
    ],
    ids=["empty", "plain", "no msgpack", "cut off", "sizes that differ"],
)
def test_what_is_none_is_refused(read: Callable[[bytes], object], payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(payload)


def test_more_than_may_be_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletin, "MOST_BYTES", 1000)
    bomb = bulletin.packed(Bulletin("", [], {"a": "x" * 10_000}))
    with pytest.raises(ValueError, match="too large"):
        bulletin.unpacked(bomb)
