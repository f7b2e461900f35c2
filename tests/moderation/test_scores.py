from __future__ import annotations

import numpy as np
from grandstand.moderation.scores import Row, Scores, rows


def test_scores_become_plain_rows() -> None:
    one = np.array([0.25, 0.5], np.float32)
    scores = Scores({"insult": one, "spam": one * 2}, -one, one, one, ["zh", "und"])
    assert rows(scores) == [
        Row({"insult": 0.25, "spam": 0.5}, -0.25, 0.25, 0.25, "zh"),
        Row({"insult": 0.5, "spam": 1.0}, -0.5, 0.5, 0.5, "und"),
    ]
