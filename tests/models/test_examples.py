from __future__ import annotations

import numpy as np

from models.comment_scorer.examples import collect, dressed_up, hashed
from models.comment_scorer.prepare import HEADS, Part

COLD, INSULT = HEADS.index("cold"), HEADS.index("insult")


def test_what_sets_say_of_one_text_stands_in_one_row() -> None:
    found = collect(
        [
            Part("one", "cold", [("bad", 1.0), ("good", 0.0)], repeat=3),
            Part("two", "insult", [("bad", 1.0)], 3.0, dressed=0.5),
            Part("three", "insult", [("bad", 0.0), ("new", 0.0)]),
        ]
    )
    assert found.texts == ["bad", "good", "new"]
    assert found.targets[0, [COLD, INSULT]].tolist() == [1.0, 0.75]
    assert found.weights[0, [COLD, INSULT]].tolist() == [1.0, 4.0]
    assert found.weights[1, INSULT] == found.weights[2, COLD] == 0
    assert found.repeats.tolist() == [3, 3, 1]
    assert found.dressed.tolist() == [0.5, 0.0, 0.0]


def test_a_text_that_a_set_has_twice_counts_twice() -> None:
    rows = [("gg", 0.0), ("gg", 1.0), ("gg", 0.0)]
    found = collect([Part("one", "cold", rows), Part("one", "insult", rows[:1])])
    assert found.texts == ["gg"] * 3
    assert found.targets[:, COLD].tolist() == [0.0, 1.0, 0.0]
    assert found.weights[:, INSULT].tolist() == [1.0, 0.0, 0.0]


def test_copies_are_dressed_up_in_their_share_and_keep_their_targets() -> None:
    rows = [(f"you stupid idiot number {n}", float(n % 2)) for n in range(400)]
    found = collect([Part("one", "cold", rows, dressed=0.5), Part("two", "insult", [("x", 1.0)])])
    copies = dressed_up(found, seed=1)
    assert 150 < len(copies.texts) < 250
    assert "x" not in copies.texts
    originals = dict(rows)
    kept = [text for text in copies.texts if text in originals]
    assert len(kept) < len(copies.texts) / 2
    assert set(copies.targets[:, COLD].tolist()) == {0.0, 1.0}
    assert dressed_up(found, seed=1).texts == copies.texts != dressed_up(found, seed=2).texts


def test_texts_are_hashed_without_the_gaps_between_them() -> None:
    found = hashed(["what a goal", "加油"] * 3000)
    assert found.lengths[:2].tolist() == [13, 4]
    assert len(found.ids) == found.lengths.sum()
    assert (found.ids[:13] == found.ids[17:30]).all()
    assert found.scale.shape == (6000,)
    assert np.isfinite(found.scale).all()
