from __future__ import annotations

from grandstand.store.losses import Losses


def test_each_kind_is_there_from_the_start_and_counted() -> None:
    losses = Losses()
    assert losses.counts == {"room": 0, "state": 0, "votes": 0}
    losses.count("votes")
    losses.count("votes")
    assert losses.counts == {"room": 0, "state": 0, "votes": 2}
