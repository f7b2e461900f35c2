"""What a model's numbers mean: logits into probabilities that hold, probabilities into verdicts.

All of it on texts that neither train nor test: the official vals, COLD's dev, a tenth of CONDA's
train, a third of the ordinary chat and every other recorded chat.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grandstand.moderation.policy import Thresholds
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.text.normalise import skeleton
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.comment_scorer import sets
from models.comment_scorer.prepare import HEADS, doubted
from models.comment_scorer.sets import Labelled

SHARES = ((0.0005, 0.0001), (0.003, 0.001), (0.01, 0.002), (0.03, 0.01))
FLOORS = (0.3, 0.6)
"""Share of ordinary chat that a category may hold and reject, for levels 1 to 4, and the
probabilities below which none does, however rare they are in that chat."""


def held_out(data: Path) -> dict[str, list[Labelled]]:
    """Texts to set a head's probabilities by; heads that have none keep what they learnt."""
    game = sets.conda(data, "dev")
    feelings = sets.emotion(data, "val")
    chinese = doubted(sets.cold(data, "dev"))
    return {
        "cold": chinese,
        "olid": sets.olid(data, "val"),
        **{f"conda_{c}": [(t, float(label == c)) for t, label in game] for c in sets.INTENTS},
        **{e: [(text, float(name == e)) for text, name in feelings] for e in sets.EMOTIONS},
        "insult": [
            *chinese,
            *((text, float(label == "E")) for text, label in game if label != "I"),
            *sets.olid(data, "val"),
        ],
    }


@dataclass(frozen=True, slots=True)
class Scale:
    """What becomes of a head's logit: it times ``factor``, plus ``shift``."""

    factor: float = 1.0
    shift: float = 0.0


def scales(scorer: OnnxScorer, data: Path) -> list[Scale]:
    """Of each head, by the held-out texts."""
    held = held_out(data)
    return [
        scale(scorer, held[head], column) if head in held else Scale()
        for column, head in enumerate(HEADS)
    ]


def scale(scorer: OnnxScorer, rows: list[Labelled], column: int) -> Scale:
    """Fit ``sigmoid(factor * logit + shift)``: Platt's way (1999), targets as they are."""
    found = scorer.opinions([text for text, _ in rows])[:, column].astype(float)
    found = np.clip(found, 1e-7, 1 - 1e-7)
    terms = np.stack([np.log(found / (1 - found)), np.ones(len(rows))])
    targets = np.array([target for _, target in rows])

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = theta @ terms
        slope = 1 / (1 + np.exp(-logits)) - targets
        value = (np.logaddexp(0, logits) - targets * logits).mean()
        return float(value), terms @ slope / len(rows)

    fitted = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B").x
    return Scale(*map(float, fitted))


def thresholds(scorer: OnnxScorer, data: Path) -> Thresholds:
    """(hold, reject) for levels 1 to 4 of each category.

    From the distinct texts of ordinary chat that no rule minds: real insults would push them all
    too high.
    """
    rules = Rules.load()
    chat = sets.ordinary_chat(data, "thresholds") + sets.traces(data, "thresholds")
    texts = [text for text in dict.fromkeys(chat) if not rules.find(skeleton(text), text)]
    found = scorer.score(texts).categories
    return {
        name: tuple(
            (_above(found[name], hold, FLOORS[0]), _above(found[name], reject, FLOORS[1]))
            for hold, reject in SHARES
        )
        for name in scorer.categories
    }


def _above(found: NDArray[np.float32], share: float, floor: float) -> float:
    return round(max(floor, float(np.quantile(found, 1 - share))), 3)
