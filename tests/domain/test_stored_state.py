from __future__ import annotations

from typing import Any

import msgspec
from grandstand.domain.rundown import Progress
from grandstand.domain.state import PARTS, RoomState, Sanction
from grandstand.domain.stored_state import state_of
from grandstand.domain.unwanted_texts import Unwanted
from grandstand.wire.messages import Comment, Cue, Overlay
from grandstand.wire.settings import Moderation, Settings
from hypothesis import given
from hypothesis import strategies as st

encode = msgspec.msgpack.encode


def parts(state: RoomState) -> dict[str, bytes]:
    return {
        name: encode(getattr(state, name))
        for name in state.__struct_fields__
        if name != "sanctions"
    }


def sanctions(state: RoomState) -> dict[str, bytes]:
    return {user: encode(sanction) for user, sanction in state.sanctions.items()}


def overlay(name: str, **data: Any) -> Overlay:
    return Overlay(name, "stats", 1, data)


def nested(depth: int) -> Any:
    whole: Any = 1
    for _ in range(depth):
        whole = {"a": whole}
    return whole


WHOLE = RoomState(
    settings=Settings(title="Tonight", moderation=Moderation(categories={"insult": 3})),
    overlays={"a": overlay("a", x=1)},
    cues=[Cue("c", "goal", 1, {"team": 2})],
    recent=[Comment("a1", 1, "u", "Ada", "hi", 1.0)],
    sanctions={"u": Sanction("mute")},
    unwanted={2**62: Unwanted("a0", 9)},
    waiting={"b@2": overlay("b")},
    cues_ahead={"d": Cue("d", "goal", 9, {})},
    rundown=Progress(3, 1, "a"),
    gone={"a": "poll1", "b": ""},
)


def test_a_whole_state_is_read_as_it_is() -> None:
    assert state_of(parts(WHOLE), sanctions(WHOLE)) == (WHOLE, [])
    assert state_of({}, {}) == (RoomState(), [])


def test_what_browsers_cannot_read_is_left_out_and_all_else_stays() -> None:
    cues = [Cue("odd", "x", 1, {"__proto__": 1}), *WHOLE.cues, Cue("deep", "x", 1, nested(500))]
    overlays = {"odd": overlay("odd", values={"__proto__": 1}), **WHOLE.overlays}
    waiting = {"late@9": overlay("late", big=2**60), **WHOLE.waiting}
    ahead = {"ahead": Cue("ahead", "x", 9, {"__proto__": 1}), **WHOLE.cues_ahead}
    settings = Settings(
        title="Tonight", moderation=Moderation(categories={"__proto__": 1, "insult": 3})
    )
    before = parts(WHOLE) | {
        "cues": encode(cues),
        "overlays": encode(overlays),
        "waiting": encode(waiting),
        "cues_ahead": encode(ahead),
        "settings": encode(settings),
    }
    state, left_out = state_of(before, sanctions(WHOLE) | {"v": b"\xc1"})
    assert state == WHOLE
    assert sorted(left_out) == ["__proto__", "ahead", "deep", "late", "odd", "odd", "v"]


def test_an_item_of_another_form_costs_no_other_its_place() -> None:
    comment = msgspec.to_builtins(WHOLE.recent[0])
    before = parts(WHOLE) | {
        "recent": encode([comment, {"id": 7}, "x"]),
        "settings": encode({"title": "Tonight", "tick": "soon", "newer": 1}),
        "polls": b"\xc1",
        "unwanted": encode({**WHOLE.unwanted, 7: "newer"}),
        "newer": encode(1),
    }
    state, left_out = state_of(before, sanctions(WHOLE) | {"v": b"\xc1"})
    assert (state.recent, state.sanctions, state.polls) == (WHOLE.recent, WHOLE.sanctions, {})
    assert state.unwanted == WHOLE.unwanted
    assert (state.settings.title, state.settings.tick) == ("Tonight", Settings().tick)
    assert sorted(left_out) == ["newer", "polls", "recent", "settings", "unwanted", "v"]


@given(st.dictionaries(st.sampled_from(PARTS), st.binary(max_size=40)))
def test_no_bytes_stop_a_room(garbage: dict[str, bytes]) -> None:
    state, _ = state_of(parts(WHOLE) | garbage, sanctions(WHOLE))
    for name in set(PARTS) - garbage.keys():
        assert getattr(state, name) == getattr(WHOLE, name)


def test_a_part_of_another_shape_is_left_out() -> None:
    odd = {"clock": encode({"epoch": "e"}), "settings": encode([1]), "bars": b""}
    assert state_of(odd, {}) == (RoomState(), ["clock", "settings", "bars"])
