from __future__ import annotations

import msgspec
import pytest
from grandstand.wire import program
from grandstand.wire.codec import encode
from grandstand.wire.gauges import Gauges
from grandstand.wire.messages import Comment, Cue, Frame, Option, Overlay, Poll, Resume, Tally
from grandstand.wire.program import ProgramState, events, position, reset, resume
from grandstand.wire.settings import Settings
from hypothesis import given
from hypothesis import strategies as st

from tests.feed import Event, read

CUES = [Cue("c1", "goal", 5, {"team": "r\n\u2028"}), Cue("c2", "goal", 6, {})]
POLL = Poll("p", "single", "?", [Option("A")], "open", 1, 2, 0, False, False)
CARD = Overlay("o", "stats", 3, {"speed": 1.5})


def told(frame: Frame, epoch: str = "e") -> list[Event]:
    return read(events(encode(frame, "msgpack"), epoch).decode())


def test_a_frame_gives_an_event_for_each_thing_and_its_position_with_the_last() -> None:
    frame = Frame(
        now=9, offset=7, polls=[POLL], overlays=[CARD], cues=CUES, settings=Settings(title="T"),
        drop=["old", "older"],
    )  # fmt: skip
    found = told(frame)
    assert [each.name for each in found] == [
        *("settings", "poll", "overlay", "drop", "drop", "cue", "cue"),
    ]
    as_json = msgspec.json.decode(encode(frame, "json"))
    assert [each.data for each in found] == [
        as_json["settings"],
        *as_json["polls"],
        *as_json["overlays"],
        *as_json["drop"],
        *as_json["cues"],
    ]
    assert [each.id for each in found] == [""] * 6 + ["e:7"]


def test_a_forecast_is_told_as_the_overlay_that_it_is_and_by_its_own_name() -> None:
    forecast = Overlay("f", "forecast", 3, {"entity": "match:1"})
    found = told(Frame(now=9, offset=7, overlays=[CARD, forecast]))
    assert [each.name for each in found] == ["overlay", "overlay", "forecast"]
    assert found[1].data == found[2].data
    assert [each.id for each in found] == ["", "", "e:7"]


def test_nothing_of_single_viewers_is_in_it() -> None:
    comment = Comment("c", 1, "u", "Ada", "hello", 5.0)
    frame = Frame(now=9, offset=7, comments=[comment], retract=["d"], overflow=3)
    assert events(encode(frame, "msgpack"), "e") == b""
    assert told(msgspec.structs.replace(frame, cues=CUES[:1])) == [
        Event("cue", msgspec.to_builtins(CUES[0]), "e:7")
    ]
    assert told(Frame(now=9, head=7, gauges=Gauges(viewers=3))) == []


def test_a_tally_has_no_position_since_its_frame_has_none() -> None:
    frame = Frame(now=9, head=7, tallies=[Tally("p", [1, 2], 3)])
    assert told(frame) == [Event("tally", {"poll": "p", "tally": [1, 2], "voters": 3})]


def test_a_reset_has_the_state_and_its_position() -> None:
    state = ProgramState("gala", "e", 7, 9, Settings(), [POLL], [CARD], CUES)
    assert read(reset(state).decode()) == [Event("reset", msgspec.to_builtins(state), "e:7")]


@given(st.text(min_size=1), st.integers(0, 10**15))
def test_a_position_comes_back_as_it_was(epoch: str, offset: int) -> None:
    assert resume(position(epoch, offset)) == Resume(epoch, offset)


@pytest.mark.parametrize("strange", ["", "e", ":7", "e:", "e:-1", "e:x", "e:²", "e:" + "9" * 400])
def test_what_we_never_gave_is_no_position(strange: str) -> None:
    assert resume(strange) is None


@given(st.text())
def test_nothing_that_is_sent_as_a_position_raises(strange: str) -> None:
    resume(strange)


def test_the_parts_of_a_frame_that_the_feed_reads_are_parts_of_a_frame() -> None:
    assert set(program._ProgramFrame.__struct_fields__) <= set(Frame.__struct_fields__)
