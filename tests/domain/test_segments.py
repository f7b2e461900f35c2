"""Any process cuts the same segments, wherever it begins; every frame is in exactly one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec
import pytest
from grandstand.domain.polls.record import PollRecord, PollWords
from grandstand.domain.segments import (
    DURATION_MS,
    Cuts,
    Name,
    Segment,
    Shown,
    number,
    path,
    runs,
)
from grandstand.domain.state import RoomState
from grandstand.wire.codec import encode
from grandstand.wire.messages import Comment, Cue, Frame
from grandstand.wire.segments import decode_snapshot, encode_segment
from grandstand.wire.segments import encode as encode_document
from grandstand.wire.settings import Settings
from grandstand.wire.translations import TranslatedTitle, Translations
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

START = 1_700_000_000_000


@dataclass(frozen=True)
class Made:
    """A commit: when it was made, how many frames it has, and the offset after it."""

    now: int
    frames: tuple[bytes, ...]
    offset: int


def frame(offset: int, now: int) -> bytes:
    return encode(
        Frame(now, offset, comments=[Comment("a1", now, "u", "é", "\x00", 1.5)]), "msgpack"
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Made]:
    """Commits of an epoch: several at a moment, long silences, some without frames."""
    now, offset, made = START + draw(st.integers(0, 5000)), draw(st.integers(0, 9)), []
    steps = st.tuples(st.sampled_from([0, 1, 200, 1999, 2000, 7000, 61_000]), st.integers(0, 3))
    for wait_ms, count in draw(st.lists(steps, min_size=1, max_size=25)):
        now += wait_ms
        frames = tuple(frame(offset + 1 + n, now) for n in range(count))
        offset += count
        made.append(Made(now, frames, offset))
    return made


def cut(history: list[Made], begin: int = 0, most: int = 1000) -> Cuts[bytes]:
    """What a process cuts that follows from the commit ``begin`` on."""
    first = history[begin]
    since = number(first.now) + (begin > 0)
    cuts: Cuts[bytes] = Cuts(since, first.offset - len(first.frames))
    for commit in history[begin:]:
        cuts.add(commit.now, commit.frames, commit.offset)
        cuts.forget(most)
    return cuts


def as_served(segment: Segment[bytes], codec: str = "msgpack") -> bytes:
    after = path("room", "e", Name(segment.n + 1))
    return encode_segment(
        segment.start, segment.end, segment.frames, after, "json" if codec == "json" else "msgpack"
    )


@given(histories(), st.data())
def test_two_processes_cut_the_same_bytes(history: list[Made], data: st.DataObject) -> None:
    one = cut(history, data.draw(st.integers(0, len(history) - 1)))
    two = cut(history, data.draw(st.integers(0, len(history) - 1)), data.draw(st.integers(1, 9)))
    for n in range(number(history[0].now) - 1, number(history[-1].now) + 1):
        mine, other = one.get(n), two.get(n)
        assert (mine is None) is not (one.since <= n < one.until)
        if mine is not None and other is not None:  # each is known to one that kept it
            assert (mine, mine.offsets) == (other, other.offsets)
            for codec in ("msgpack", "json"):
                assert as_served(mine, codec) == as_served(other, codec)


@given(histories())
def test_every_frame_is_in_one_segment_in_its_order(history: list[Made]) -> None:
    cuts = cut(history)
    cuts.close(number(history[-1].now) + 3)
    segments = [cuts.get(n) for n in range(cuts.since, cuts.until)]
    frames: list[bytes] = []
    last = history[0].offset - len(history[0].frames)
    for segment in segments:
        assert segment is not None
        first, end = segment.offsets
        assert (first, end) == (last + 1, last + len(segment.frames))
        last = end
        for each in segment.frames:
            now = msgspec.msgpack.decode(each)["now"]
            assert segment.start <= now < segment.end
        frames += segment.frames
    assert frames == [each for commit in history for each in commit.frames]
    assert last == history[-1].offset


def test_a_segment_is_whole_once_a_later_commit_is_known_or_none_will_come() -> None:
    cuts: Cuts[bytes] = Cuts(0, 0)
    cuts.add(2 * DURATION_MS, [b"a"], 1)
    assert (cuts.until, cuts.get(2)) == (2, None)
    assert cuts.get(1) == Segment(1, 0)
    cuts.add(3 * DURATION_MS, [], 1)
    assert cuts.get(2) == Segment(2, 0, (b"a",))
    assert cuts.get(3) is None
    cuts.close(5)
    assert cuts.get(4) == Segment(4, 1)
    cuts.close(4)
    assert cuts.until == 5
    cuts.add(5 * DURATION_MS, [b"b"], 2)
    cuts.close(cuts.latest + 1)
    assert cuts.closed() == ({2: [b"a"], 5: [b"b"]}, {}, 2)


def test_who_comes_in_the_middle_of_a_segment_begins_with_the_next() -> None:
    cuts: Cuts[bytes] = Cuts(3, 7)
    cuts.add(2 * DURATION_MS + 1, [b"a"], 8)
    cuts.add(4 * DURATION_MS, [b"b"], 9)
    assert cuts.get(2) is None
    assert cuts.get(3) == Segment(3, 8)
    assert cuts.closed() == ({}, {}, 8)


def letters(frame: bytes) -> set[str]:
    return set(frame.decode())


def without(frame: bytes, gone: Collection[str]) -> bytes:
    return "".join(each for each in frame.decode() if each not in gone).encode()


def test_what_is_taken_back_in_its_own_segment_makes_no_revision() -> None:
    cuts: Cuts[bytes] = Cuts(0, 0)
    cuts.add(0, [b"abc", b"d"], 2)
    assert cuts.take_back({"a", "z"}, letters, without) == {"a"}
    cuts.add(DURATION_MS, [b"e"], 3)
    assert cuts.get(0) == Segment(0, 0, (b"bc", b"d"))
    assert cuts.take_back({"b", "d", "e"}, letters, without) == {"b", "d", "e"}
    assert cuts.get(0) == Segment(0, 0, (b"c", b""), 2)
    cuts.close(2)
    assert cuts.get(1) == Segment(1, 2, (b"",))
    assert cuts.take_back({"b", "c"}, letters, without) == {"c"}
    assert cuts.closed() == ({0: [b"", b""], 1: [b""]}, {0: 3}, 3)
    cuts.forget_before(1)
    assert cuts.closed() == ({1: [b""]}, {}, 3)


@given(st.data())
def test_a_revision_is_the_same_whoever_knows_more(data: st.DataObject) -> None:
    """One process follows from the beginning, the other from a later commit."""
    steps = st.tuples(
        st.sampled_from([0, 500, 2000, 5000]), st.sets(st.integers(0, 30), max_size=3)
    )
    now, history = 0, list[tuple[int, set[str]]]()
    for wait_ms, gone in data.draw(st.lists(steps, min_size=2, max_size=30)):
        now += wait_ms
        history.append((now, {chr(97 + each) for each in gone if each < len(history)}))

    def followed(begin: int) -> Cuts[bytes]:
        cuts: Cuts[bytes] = Cuts(number(history[begin][0]) + (begin > 0), begin)
        for place in range(begin, len(history)):
            at, gone = history[place]
            cuts.add(at, [chr(97 + place).encode()], place + 1)
            cuts.take_back(gone, letters, without)
        return cuts

    one, two = followed(0), followed(data.draw(st.integers(0, len(history) - 1)))
    for n in range(one.since, one.until):
        mine, other = one.get(n), two.get(n)
        assert mine is not None
        assert other in (None, mine)
        assert len(mine.frames) == mine.offsets[1] - mine.before


def test_the_oldest_go_when_there_are_too_many_frames() -> None:
    cuts: Cuts[bytes] = Cuts(0, 0)
    for n in range(4):
        cuts.add(n * DURATION_MS, [b"a", b"b"], 2 * n + 2)
    cuts.forget(5)
    assert (cuts.since, cuts.get(1)) == (2, None)
    assert cuts.get(2) == Segment(2, 4, (b"a", b"b"))
    cuts.forget(1)  # the last one isn't whole yet
    cuts.add(3 * DURATION_MS, [b"c"], 9)
    cuts.add(4 * DURATION_MS, [b"d"], 10)
    cuts.close(5)
    assert (cuts.since, cuts.get(3)) == (4, None)
    assert cuts.get(4) == Segment(4, 9, (b"d",))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("0.msgpack", Name(0)),
        ("850000000.json", Name(850_000_000, codec="json")),
        ("12-3.msgpack", Name(12, 3)),
        ("12.es.msgpack", Name(12, lang="es")),
        ("12-3.zh-Hant-TW.json", Name(12, 3, "json", "zh-Hant-TW")),
        *(
            (text, None)
            for text in (
                *("", "1", "01.json", "-1.json", "1-0.json", "1.xml", "1.json\n", "1.JSON"),
                *("1.e.json", "1.spanish.json", "1.es_MX.json", "1.es-.json", "1.es..json"),
                *("٣.json", "9" * 14 + ".json", "1e9.json", "../1.json"),
            )
        ),
    ],
)
def test_names_are_read_and_written(text: str, name: Name | None) -> None:
    assert Name.read(text) == name
    if name is not None:
        assert str(name) == text


def test_ranges_that_touch_are_one() -> None:
    assert runs([(5, 7), (1, 3), (3, 4), (2, 3)]) == [(1, 4), (5, 7)]


def test_a_snapshot_has_what_viewers_may_know() -> None:
    def poll(name: str, announced: bool) -> PollRecord:
        return PollRecord(
            id=name,
            kind="quiz",
            question="?",
            options=["a", "b"],
            opens_at=0,
            closes_at=1,
            grace=0,
            change=False,
            answer=1,
            tally=[3, 4],
            voters=7,
            show_tally="revealed",
            announced=announced,
            translations={"es": PollWords("¿Secreto?", ["a", "b"])},
        )

    n = number(START)
    state = RoomState(
        polls={"p": poll("p", True), "later": poll("later", False)},
        cues=[Cue("old", "x", START - 90_000, {}), Cue("q", "x", START, {})],
        recent=[Comment("a1", START, "u", "Ada", "hi", 1.0)],
    )
    shown = Shown.of(state, 9)
    state.polls.clear()
    state.recent.clear()
    made = shown.snapshot("room", "e", n)
    assert [each.id for each in made.polls] == ["p"]
    payload = encode_document(made, "msgpack")
    assert b"Secreto" not in payload
    told = msgspec.to_builtins(decode_snapshot(payload))
    assert not {"tally", "answer", "voters"} & told["polls"][0].keys()
    assert [each["id"] for each in told["cues"]] == ["q"]
    assert [each["id"] for each in told["recent"]] == ["a1"]
    left = shown.without({"a1", "a2"})
    assert (left.recent, left.revision, left.without({"a1"}) is left) == ((), 1, True)
    assert (told["offset"], told["now"]) == (9, n * DURATION_MS)
    assert told["segment"] == f"/v1/rooms/room/segments/e/{n}.msgpack"


def test_a_snapshot_in_a_language_has_the_translations_of_what_lasts() -> None:
    there = Translations("es", title=TranslatedTitle("The final", "La final", "x"))
    state = RoomState(settings=Settings(title="The final"), translations={"es": there})
    shown = Shown.of(state, 7)
    assert shown.snapshot("r", "e", 3, "es").translations == there
    assert shown.snapshot("r", "e", 3, "es").segment == "/v1/rooms/r/segments/e/3.es.msgpack"
    assert shown.snapshot("r", "e", 3).translations is UNSET
