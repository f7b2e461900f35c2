from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.comment_scorer.evaluate import Trial, more_classes, text_messages, two_classes


class Sayings:
    """Opinions that stand in the text itself: "0.7 0.1" are those of two heads."""

    def of(self, texts: list[str], *heads: str) -> NDArray[np.float64]:
        found = np.array([[float(each) for each in text.split()] for text in texts])
        return found[:, 0] if len(heads) == 1 else found


def test_a_test_of_two_classes_is_measured_at_a_half() -> None:
    rows = [("0.9", 1.0), ("0.4", 1.0), ("0.6", 0.0), ("0.1", 0.0)]
    found = two_classes(Sayings(), Trial("any", rows, "0.5"))  # type: ignore[arg-type]
    assert found["texts"] == 4
    assert found["published"] == "0.5"
    assert [found[key][0] for key in ("accuracy", "macro_f1", "auc")] == [0.5, 0.5, 0.75]  # type: ignore[index]


def test_the_likeliest_of_more_classes_is_taken() -> None:
    rows = [("0.9 0.1", "yes"), ("0.2 0.3", "no"), ("0.6 0.5", "no")]
    found = more_classes(Sayings(), rows, {"yes": "one", "no": "two"})  # type: ignore[arg-type]
    assert found["accuracy"][0] == pytest.approx(2 / 3, abs=1e-4)  # type: ignore[index]


def test_ham_that_is_blocked_is_counted() -> None:
    rows = [("0.9", 1.0), ("0.85", 0.0), ("0.6", 0.0), ("0.1", 0.0)]
    found = text_messages(Sayings(), rows)  # type: ignore[arg-type]
    assert found["at 0.5"]["ham_blocked"] == 2  # type: ignore[index]
    assert found["at 0.8"]["ham_blocked"] == 1  # type: ignore[index]
