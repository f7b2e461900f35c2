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


def test_what_was_deleted_is_over_when_it_is_told() -> None:
    gone = LAST.gone(70_000)
    assert (gone.is_gone, LAST.is_gone) == (True, False)
    overlay = gone.overlay()
    assert (overlay.id, overlay.at, overlay.expires_at) == ("highlight-x", 70_000, 70_000)
    assert (overlay.data["words"], overlay.data["comments"]) == ([], [])
    early = FIRST.gone(9_500).overlay()
    assert early.expires_at == early.at == 9_500


def test_samples_can_be_taken_back() -> None:
    assert FIRST.without({"a1"}).comments == ["a2"]
