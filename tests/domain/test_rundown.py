from __future__ import annotations

import pytest
from grandstand.domain.rundown import Item, Progress, rundown_of
from msgspec import UNSET

ITEMS = [Item(name, "note", name.upper()) for name in "abcd"]


@pytest.mark.parametrize(
    ("on_air", "gone", "following"),
    [
        ("", "", "a"),
        ("a", "a", "b"),
        ("b", "b", "c"),  # what was passed over waits, but isn't next
        ("a", "ca", "b"),  # the producer went back
        ("", "ab", "c"),  # the one on air was removed
        ("d", "ad", None),
        ("d", "abcd", None),
    ],
)
def test_the_next_item_follows_the_one_on_air(
    on_air: str, gone: str, following: str | None
) -> None:
    rundown = rundown_of(Progress(7, 1, on_air, 9), dict.fromkeys(gone, ""), ITEMS)
    assert rundown.next == (following or UNSET)
    assert (rundown.version, rundown.went_at) == (7, 9 if on_air else UNSET)
    for item in rundown.items:
        expected = "done" if item.id in gone else "waiting"
        assert item.status == ("on_air" if item.id == on_air else expected)


def test_an_item_is_shown_with_what_it_has() -> None:
    poll = Item("p", "poll", "P", 5, {"kind": "single"})
    shown, bare = rundown_of(Progress(1, 1, "p"), {"p": "poll1"}, [poll, ITEMS[0]]).items
    assert (shown.expected_at, shown.body, shown.poll) == (5, {"kind": "single"}, "poll1")
    assert (bare.expected_at, bare.body, bare.poll) == (UNSET, UNSET, UNSET)
