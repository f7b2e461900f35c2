"""Lists of clips, held against the programs' own readers."""

from __future__ import annotations

import opentimelineio
import pytest
from grandstand.domain.clips import MOST_EDITS, Clip, Rate, edl, frames, otio, timecode, webvtt

RATES: tuple[Rate, ...] = ("24", "25", "29.97", "30", "50", "59.94", "60")
CLIPS = [
    Clip.of_highlight(61_000, 92_500, 4.2, ["goal", "进球 <3\n-->"], 5_000),
    Clip.around(2_000, 20_000, 2_000, 5_000, "…", []),
]


def exact(rate: Rate) -> float:
    return round(float(rate)) * 1000 / 1001 if "." in rate else float(rate)


def read(text: str, adapter: str) -> opentimelineio.schema.Timeline:
    return opentimelineio.adapters.read_from_string(text, adapter)


def test_handles_lie_around_a_clip_and_not_before_the_recording() -> None:
    assert (CLIPS[0].start, CLIPS[0].end) == (56_000, 97_500)
    assert (CLIPS[1].start, CLIPS[1].end) == (0, 25_000)
    empty = Clip.around(9_000, 9_000, 9_000, 0, "x", [])
    assert empty.end - empty.start == 1000


def test_chapters_are_cues_without_markup() -> None:
    text = webvtt(CLIPS)
    assert text.startswith("WEBVTT\n\n1\n00:00:56.000 --> 00:01:37.500\n")
    assert text.count("-->") == 2
    assert "goal · 进球 &lt;3 →\n" in text
    assert webvtt([]) == "WEBVTT\n"


@pytest.mark.parametrize("rate", RATES)
def test_an_otio_reader_finds_each_cut_with_its_marker(rate: Rate) -> None:
    timeline = read(otio(CLIPS, "gala", rate).decode(), "otio_json")
    assert timeline.name == "gala"
    for clip, found in zip(CLIPS, timeline.find_clips(), strict=True):
        cut = found.source_range
        assert abs(cut.start_time.to_seconds() - clip.start / 1000) <= 0.5 / float(rate) + 1e-6
        assert abs(cut.duration.to_seconds() - (clip.end - clip.start) / 1000) <= 1 / float(rate)
        assert found.name == clip.title
        assert found.markers[0].marked_range.start_time >= cut.start_time
        assert list(found.metadata["grandstand"]["notes"]) == list(clip.notes)


@pytest.mark.parametrize("rate", RATES)
def test_timecode_is_that_of_the_reader(rate: Rate) -> None:
    for frame in (0, 1, 1799, 1800, 3599, 3600, 17_981, 17_982, 107_892, 2_000_001):
        time = opentimelineio.opentime.RationalTime(frame, exact(rate))
        assert timecode(frame, rate) == opentimelineio.opentime.to_timecode(time), frame


@pytest.mark.parametrize("rate", ["24", "25", "29.97", "30"])
def test_a_reader_of_edls_finds_the_same_cuts(rate: Rate) -> None:
    text = edl(CLIPS, "gala\nnight", rate)
    assert text.splitlines()[:2] == [
        "TITLE: gala night",
        f"FCM: {'DROP' if '.' in rate else 'NON-DROP'} FRAME",
    ]
    theirs = opentimelineio.adapters.read_from_string(text, "cmx_3600", rate=exact(rate))
    for clip, found in zip(CLIPS, theirs.find_clips(), strict=True):
        cut = found.source_range
        assert found.name == clip.title
        assert cut.start_time.value == frames(clip.start, rate)
        assert cut.end_time_exclusive().value == frames(clip.end, rate)


def test_an_edl_has_no_more_edits_than_it_can_number() -> None:
    many = edl([CLIPS[1]] * (MOST_EDITS + 5), "x", "25")
    assert f"{MOST_EDITS}  AX" in many
    assert f"{MOST_EDITS + 1}  AX" not in many


def test_a_second_has_as_many_frames_as_the_rate_says() -> None:
    assert [frames(60_000, rate) for rate in RATES] == [1440, 1500, 1798, 1800, 3000, 3596, 3600]
