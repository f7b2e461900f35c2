from __future__ import annotations

import gzip
import math

import msgspec
import pytest

from loadtest.lurkers.answers import Answer
from loadtest.lurkers.lurker import AGAIN_S, CUT_S, LATEST_S, Lurker
from loadtest.lurkers.show import Begun, Cut, Index, Show

NOW = 1_800_000_000_000
INDEX = Index("e", NOW, 2000, "/snapshot")


def told(body: object, status: int = 200) -> Answer:
    encode = msgspec.json.encode if isinstance(body, Index) else msgspec.msgpack.encode
    return Answer(status, 0, encode(body))


def early(retry_after_s: float | None = 2.0) -> Answer:
    return Answer(404, 0, b"", retry_after_s=retry_after_s)


def begun(show: Show, place: float = 0.5) -> Lurker:
    """One that has asked for index and snapshot."""
    lurker = Lurker.numbered(1, place, 0.0)
    assert lurker.next == (0.0, "index")
    lurker.answered("index", told(INDEX), show, 1.0)
    assert (*lurker.next, lurker.path) == (1.0, "snapshot", "/snapshot")
    lurker.answered("snapshot", told(Begun("/0")), show, 1.0)
    assert (*lurker.next, lurker.path) == (1.0, "segment", "/0")
    return lurker


def test_it_catches_up_until_a_segment_is_not_there_yet_and_then_keeps_its_place() -> None:
    show = Show()
    lurker = begun(show)
    for n in range(3):
        segment = told(Cut(NOW - 3000 + n * 2000, f"/{n + 1}"))
        assert lurker.answered("segment", segment, show, 1.5) is None
        assert (*lurker.next, lurker.path) == (1.5, "segment", f"/{n + 1}")
    # The last one is over at NOW + 1000: no index has said so, and it is there.
    assert show.programme_ms(1.5) == NOW + 1000
    lurker.answered("segment", early(), show, 1.5)
    assert lurker.next == (1.5 + 2 + 0.5 * AGAIN_S, "segment")
    lag_ms = lurker.answered("segment", told(Cut(NOW + 3000, "/4")), show, 4.0)
    assert lag_ms == 500
    # The next is over at NOW + 5000, which is 2.0 s after 3.5; its place is a second behind that.
    assert lurker.file_s == 5.5 + CUT_S + 1.0


def test_the_latest_values_are_asked_for_beside_it() -> None:
    show = Show()
    lurker = begun(show)
    assert lurker.index_s == 1.0 + LATEST_S
    lurker.answered("index", Answer(503, 0, b"", retry_after_s=3), show, 6.0)
    assert lurker.index_s == 6.0 + 3 + 0.5 * AGAIN_S
    lurker.answered("index", told(INDEX), show, 10.0)
    assert (lurker.index_s, lurker.path) == (10.0 + LATEST_S, "/0")


def test_an_index_that_lay_in_a_cache_moves_no_clock() -> None:
    show = Show()
    lurker = begun(show)
    for now_s in (2.0, 3600.0):
        lurker.answered("index", told(INDEX), show, now_s)
        assert show.programme_ms(now_s) == NOW + (now_s - 1.0) * 1000


def test_one_whose_epoch_is_over_begins_anew() -> None:
    show = Show()
    lurker = begun(show)
    lurker.answered("segment", early(None), show, 2.0)
    assert (lurker.file_s, lurker.next[1]) == (math.inf, "index")
    lurker.answered("index", told(INDEX), show, 4.0)
    assert (*lurker.next, lurker.path) == (4.0, "snapshot", "/snapshot")


def test_one_in_a_hundred_says_that_it_is_there() -> None:
    lurkers = [Lurker.numbered(n, 0.25, 0.0) for n in range(200)]
    assert [n for n, each in enumerate(lurkers) if each.samples] == [0, 100]
    assert [each.present_s for each in lurkers if each.samples] == [15.0, 15.0]
    lurkers[0].answered("present", Answer(204, 0, b""), Show(), 15.0)
    assert lurkers[0].present_s == 75.0
    lurkers[0].answered("present", Answer(429, 0, b"", retry_after_s=6), Show(), 75.0)
    assert lurkers[0].present_s == 135.0


def test_a_compressed_answer_is_read_and_a_broken_one_is_said() -> None:
    show = Show()
    body = gzip.compress(msgspec.msgpack.encode({"until": 5, "next": "/5", "frames": [{"now": 1}]}))
    assert show.read(Answer(200, 0, body, is_gzipped=True), Cut) == Cut(5, "/5")
    with pytest.raises(ValueError, match="gzip"):
        show.read(Answer(200, 0, body[:20], is_gzipped=True), Cut)
    with pytest.raises(ValueError, match="until"):
        show.read(Answer(200, 0, b"\x80"), Cut)
