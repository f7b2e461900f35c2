"""What the measure of patience says of what was seen."""

from typing import Any

from loadtest.pages.patience import CLUMP_MS, clump, texts


def test_bullets_that_begin_together_are_a_clump() -> None:
    assert clump([]) == 0
    assert clump([0, CLUMP_MS, 2 * CLUMP_MS]) == 1
    assert clump([500, 0, 510, 520, 500 + CLUMP_MS]) == 3


def test_texts_are_those_of_all_frames() -> None:
    received: list[dict[str, Any]] = [
        {"type": "frame", "comments": [{"id": "a", "text": "one"}]},
        {"type": "frame"},
        {"type": "frame", "comments": [{"id": "b", "text": "two"}]},
    ]
    assert texts(received) == {"a": "one", "b": "two"}
