"""Train the comment scorer: ``python -m models.comment_scorer.train --data DIR``.

One logistic regression a head over hashed n-grams, each to its optimum by L-BFGS: convex, so that
the same data give the same model without a seed but the splits'. Needs ``requirements.txt``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from grandstand.moderation import ngrams
from grandstand.moderation.normalise import skeleton
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from models.comment_scorer import evaluate
from models.comment_scorer.export import export
from models.comment_scorer.prepare import Part, training

HERE = Path(__file__).parent
VERSION = "2026.11-1"
CATEGORIES = ("insult", "spam")
HEADS = (*CATEGORIES, "mood", "excitement")
ROWS = 1 << 18
STEPS = 120
PENALTY = {"insult": 1.0, "spam": 0.3, "mood": 0.5, "excitement": 2.0}
"""L2 per head; insult and mood were tried on dev splits (MODEL_CARD.md), never on a test split."""


def matrix(texts: list[str]) -> csr_matrix:
    """Give the scaled counts of n-grams, (texts, ROWS) float32, as the model's graph sums them."""
    columns, values, starts = [], [], [0]
    for first in range(0, len(texts), 4096):
        found = ngrams.features([skeleton(text) for text in texts[first : first + 4096]], ROWS)
        flat = found.ids.ravel()
        scale = (1 / np.sqrt(found.counts)).astype(np.float32)
        real = np.diff(found.ends * ngrams.COLUMNS, prepend=0)
        keep = flat > 0
        columns.append(flat[keep])
        values.append(np.repeat(scale, real)[keep])
        per_text = np.add.reduceat(keep, found.ends * ngrams.COLUMNS - real, dtype=np.int64)
        starts.extend((starts[-1] + np.cumsum(per_text)).tolist())
    out = csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(starts)), (len(texts), ROWS)
    )
    out.sum_duplicates()
    return out


def fit(parts: list[Part], penalty: float) -> tuple[NDArray[np.float32], float]:
    """Fit one head: (ROWS,) weights and the bias."""
    texts = [text for part in parts for text, _ in part.rows]
    targets = np.array([target for part in parts for _, target in part.rows], np.float32)
    weights = np.concatenate([np.full(len(p.rows), p.weight, np.float32) for p in parts])
    inputs = matrix(texts)
    transposed = inputs.T.tocsr()

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        small = theta[:-1].astype(np.float32)
        logits = inputs @ small + np.float32(theta[-1])
        softplus = np.logaddexp(0, logits)
        value = float((weights * (softplus - targets * logits)).sum(dtype=np.float64))
        slope = weights * (1 / (1 + np.exp(-logits)) - targets)
        gradient = np.append(transposed @ slope, slope.sum()).astype(np.float64)
        gradient[:-1] += penalty * theta[:-1]
        return value + penalty / 2 * float(theta[:-1] @ theta[:-1]), gradient

    best = minimize(
        loss, np.zeros(ROWS + 1), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
    )
    table = best.x[:-1].astype(np.float32)
    table[0] = 0
    return table, float(best.x[-1])


def train(data: Path, path: Path) -> None:
    """Read, fit every head, write the model."""
    parts = training(data)
    table = np.zeros((ROWS, len(HEADS)), np.float32)
    bias = np.zeros(len(HEADS), np.float32)
    for column, head in enumerate(HEADS):
        began = time.perf_counter()
        own = [part for part in parts if part.head == head]
        table[:, column], bias[column] = fit(own, PENALTY[head])
        rows = sum(len(part.rows) for part in own)
        print(f"{head}: {rows} texts, {time.perf_counter() - began:.0f} s", flush=True)
    export(path, table, bias, CATEGORIES, VERSION)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Train, then evaluate."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--out", type=Path, default=HERE / "model.onnx")
    given = arguments.parse_args()
    train(given.data, given.out)
    evaluate.evaluate(given.data, given.out)


if __name__ == "__main__":
    main()
