"""A highlight as an overlay, and back."""

from __future__ import annotations

from grandstand.wire.highlights import SHOWN_MS, Highlight

FIRST = Highlight(3.5, ["goal", "messi"], ["a1", "a2"], 1_000, 9_000, 9_000, id="highlight-x")
LAST = Highlight(6.0, ["goal"], ["a1"], 1_000, 9_000, 60_000, id="highlight-x")


def test_it_is_told_at_its_end_so_far_and_shown_for_a_while_from_when_it_was_noticed() -> None:
    first, last = FIRST.overlay(), LAST.overlay()
    assert (first.kind, first.at, first.expires_at) == ("highlight", 9_000, 9_000 + SHOWN_MS)
    assert (last.at, last.expires_at) == (60_000, 60_000)  # nothing is shown of its end
    assert first.data == {
        "strength": 3.5,
        "words": ["goal", "messi"],
        "comments": ["a1", "a2"],
        "from": 1_000,
        "noticed": 9_000,
        "until": 9_000,
    }
    assert Highlight.of(first) == FIRST


def test_samples_can_be_taken_back() -> None:
    assert FIRST.without({"a1"}).comments == ["a2"]
