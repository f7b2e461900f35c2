"""The playlist made of segments' names."""

from __future__ import annotations

import re

import pytest
from grandstand.demo.playlist import Segment, following, playlist, segment
from hypothesis import given
from hypothesis import strategies as st

LISTED = 75
"""Fewer than the demonstration's, so that a list moves on soon."""

DATE = "#EXT-X-PROGRAM-DATE-TIME:"


def run_of(first: Segment, length: int) -> list[Segment]:
    return [first._replace(serial=first.serial + more) for more in range(length)]


@given(st.integers(0, 10**11), st.integers(0, 10**8), st.integers(-(10**11), 10**11))
def test_a_name_tells_the_segment(serial: int, run: int, base_s: int) -> None:
    given_one = Segment(serial, run, base_s)
    assert segment(given_one.name) == given_one


@pytest.mark.parametrize(
    "name", ["encoder.m3u8", "1-0-0.ts.tmp", "1-0.ts", "../1-0-0.ts", "1-0-0.ts\n", "a-0-0.ts"]
)
def test_other_files_are_no_segments(name: str) -> None:
    assert segment(name) is None


def test_every_segment_has_the_date_of_its_first_frame() -> None:
    lines = playlist(run_of(Segment(1_790_000_000, 0, 0), 3)).splitlines()
    assert [line.removeprefix(DATE) for line in lines if line.startswith(DATE)] == [
        "2026-09-21T14:13:20.000Z",
        "2026-09-21T14:13:21.000Z",
        "2026-09-21T14:13:22.000Z",
    ]
    assert "#EXT-X-MEDIA-SEQUENCE:1790000000" in lines
    assert "#EXT-X-ENDLIST" not in lines


def test_a_run_after_another_goes_on_behind_a_discontinuity() -> None:
    before = run_of(Segment(100, 0, 0), 2)
    after = run_of(following(before, 110), 2)
    assert [(each.serial, each.run, each.at_s) for each in after] == [(102, 1, 110), (103, 1, 111)]
    marks = [line for line in playlist(before + after).splitlines() if not line.startswith(DATE)]
    assert marks[-9:] == [
        *("#EXTINF:1.000000,", "100-0-0.ts", "#EXTINF:1.000000,", "101-0-0.ts"),
        "#EXT-X-DISCONTINUITY",
        *("#EXTINF:1.000000,", "102-1-8.ts", "#EXTINF:1.000000,", "103-1-8.ts"),
    ]


def test_a_first_run_counts_from_its_time() -> None:
    assert following([], 1_790_000_000) == Segment(1_790_000_000, 0, 0)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 50)), min_size=1, max_size=6))
def test_a_segment_keeps_its_number_and_its_timeline_as_the_list_moves_on(
    runs: list[tuple[int, int]],
) -> None:
    made: list[Segment] = []
    told: dict[str, tuple[int, int]] = {}
    now_s = 1000
    for length, pause_s in runs:
        for each in run_of(following(made, now_s), length):
            made.append(each)
            listed = places(playlist(made, LISTED))
            for name, place in listed.items():
                assert told.setdefault(name, place) == place
            assert len(listed) == min(len(made), LISTED)
        now_s = made[-1].at_s + 1 + pause_s


def places(text: str) -> dict[str, tuple[int, int]]:
    """Number and discontinuity of each segment, as a player counts them."""
    numbers = [int(found) for found in re.findall(r"SEQUENCE:(\d+)", text)]
    number, timeline = numbers
    found = {}
    for line in text.splitlines():
        if line == "#EXT-X-DISCONTINUITY":
            timeline += 1
        elif not line.startswith("#"):
            found[line] = (number, timeline)
            number += 1
    return found


def test_a_playlist_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="needs a segment"):
        playlist([])
