"""Train the comment scorer: ``python -m models.comment_scorer.train --data DIR``.

Writes ``build/comment_scorer/weights.npz``, of which ``export`` makes the model. Needs
``requirements.txt``. From the same data and seed come the same weights, on the same kind of machine
with as many threads: sums in floating point depend on both.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from models.comment_scorer import deep, wide
from models.comment_scorer.examples import collect, dressed_up
from models.comment_scorer.prepare import training
from models.comment_scorer.sets import SEED, unlabelled

COPIES = 2
"""How often the wide half sees dressed-up copies; the deep half sees others each epoch."""

WEIGHTS = Path("build/comment_scorer/weights.npz")


def train(data: Path, out: Path, seed: int = SEED) -> None:
    """Read, fit both halves, write their weights."""
    began = time.perf_counter()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    examples = collect(training(data))
    copies = [dressed_up(examples, seed + turn) for turn in range(COPIES)]
    dressed = sum(len(each.texts) for each in copies)
    print(f"{len(examples.texts)} texts, {dressed} dressed up", flush=True)
    table, bias = wide.train([examples, *copies], cores)
    learnt = deep.train(examples, unlabelled(data, deep.UNLABELLED), seed, cores)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, wide=table, wide_bias=bias, **asdict(learnt))
    print(f"{out}: {time.perf_counter() - began:.0f} s")


def main() -> None:
    """Train from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--out", type=Path, default=WEIGHTS)
    arguments.add_argument("--seed", type=int, default=SEED)
    given = arguments.parse_args()
    train(given.data, given.out, given.seed)


if __name__ == "__main__":
    main()
