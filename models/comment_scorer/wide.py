"""The wide half: one logistic regression a head over hashed n-grams, each to its optimum.

Convex, by L-BFGS: the same data give the same weights. Best where a set is small.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from grandstand.moderation import ngrams, text_features
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

from models.comment_scorer.examples import Examples, Hashed, hashed
from models.comment_scorer.prepare import HEADS

STEPS = 100
WIDTH = ngrams.ROWS + text_features.WIDTH
PENALTIES = {
    **dict.fromkeys(HEADS, 0.3),
    **dict.fromkeys(("anger", "joy", "optimism", "sadness", "sms", "youtube", "chinese_sms"), 0.1),
    **dict.fromkeys(("insult", "davidson_hate", "davidson_rude", "removed"), 1.0),
    "mood": 0.5,
    "excitement": 2.0,
}
"""L2 per head, by the official vals, COLD's dev and tenths held out of the other sets' training
parts (0.03, 0.1, 0.3, 1 and 3 were tried), never by a test."""


def matrix(found: Hashed) -> csr_matrix:
    """Give the scaled counts of n-grams and the surface, (n, WIDTH) float32."""
    owners = np.repeat(np.arange(len(found.lengths)), found.lengths)
    owners = np.repeat(owners, found.ids.shape[1])
    columns = found.ids.ravel()
    real = columns > 0
    owners, columns = owners[real], columns[real]
    shape = (len(found.lengths), ngrams.ROWS)
    counts = csr_matrix((found.scale[owners], (owners, columns)), shape)
    counts.sum_duplicates()
    return hstack([counts, csr_matrix(found.surface)], format="csr", dtype=np.float32)


def fit(
    inputs: csr_matrix,
    targets: NDArray[np.float32],
    weights: NDArray[np.float32],
    penalty: float,
) -> tuple[NDArray[np.float32], float]:
    """Fit one head: (columns,) weights and the bias."""
    transposed = inputs.T.tocsr()

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = inputs @ theta[:-1].astype(np.float32) + np.float32(theta[-1])
        value = float((weights * (np.logaddexp(0, logits) - targets * logits)).sum(dtype=float))
        slope = weights * (1 / (1 + np.exp(-logits)) - targets)
        gradient = np.append(transposed @ slope, slope.sum()).astype(np.float64)
        gradient[:-1] += penalty * theta[:-1]
        return value + penalty / 2 * float(theta[:-1] @ theta[:-1]), gradient

    start = np.zeros(inputs.shape[1] + 1)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return best.x[:-1].astype(np.float32), float(best.x[-1])


_inputs: csr_matrix
_examples: list[Examples]


def _fit_head(column: int) -> tuple[NDArray[np.float32], float]:
    """In a child, which was forked with the inputs in memory."""
    began = time.perf_counter()
    weights = np.concatenate([each.weights[:, column] for each in _examples])
    targets = np.concatenate([each.targets[:, column] for each in _examples])
    taught = np.flatnonzero(weights)
    inputs = _inputs[taught]
    if HEADS[column] == "excitement":  # its labels are made of the surface: words alone are asked
        inputs = inputs[:, : ngrams.ROWS]
    table, bias = fit(inputs, targets[taught], weights[taught], PENALTIES[HEADS[column]])
    print(
        f"wide {HEADS[column]}: {len(taught)} texts, {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    return np.pad(table, (0, WIDTH - len(table))), bias


def train(
    examples: list[Examples], processes: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit every head: (WIDTH, heads) and (heads,)."""
    global _inputs, _examples  # how children of a fork come by 2 GB without copying them
    _examples = examples
    _inputs = matrix(hashed([text for each in examples for text in each.texts]))
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        fitted = list(pool.map(_fit_head, range(len(HEADS))))
    return (
        np.stack([table for table, _ in fitted], axis=1),
        np.array([bias for _, bias in fitted], np.float32),
    )
