from __future__ import annotations

import msgspec
import pytest
from grandstand.recommendations import tastes
from grandstand.recommendations.tastes import HEARD_S, Tastes, most_followed, packed


def test_what_a_node_says_stands_in_the_place_of_what_it_said_before() -> None:
    heard = Tastes()
    heard.heard(packed("one", [["a"], ["b"]]), 0.0)
    heard.heard(packed("two", [["c"]]), 1.0)
    assert heard.people(1.0) == [["a"], ["b"], ["c"]]
    heard.heard(packed("one", []), 2.0)
    assert heard.people(2.0) == [["c"]]


def test_what_was_said_long_ago_is_forgotten() -> None:
    heard = Tastes()
    heard.heard(packed("one", [["a"]]), 0.0)
    assert heard.people(HEARD_S) == [["a"]]
    assert heard.people(HEARD_S + 0.1) == []
    assert heard.people(HEARD_S) == []


def test_there_are_bounds_on_what_a_node_says_and_on_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    long = [[f"athlete:{number:092}" for number in range(100)]] * 10_000
    assert len(packed("one", long)) <= tastes.MOST_BYTES + 20
    monkeypatch.setattr(tastes, "MOST_NODES", 2)
    monkeypatch.setattr(tastes, "MOST_PEOPLE", 3)
    heard = Tastes()
    for node in ("one", "two", "three", "one"):
        heard.heard(packed(node, [["a"]] * 5), 0.0)
    assert len(heard.people(0.0)) == 6


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode(["one", [[1]]])])
def test_what_is_no_sample_is_refused(payload: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        Tastes().heard(payload, 0.0)


def test_the_most_followed_come_first_and_each_person_counts_once() -> None:
    people = [["a", "a", "a"], ["b"], ["b", "c"]]
    assert most_followed(people, 2) == ["b", "a"]
