"""Make a model and its manifest of weights: ``python -m models.comment_scorer.export --data DIR``.

Both halves become one table of bytes, a row an n-gram: its vector, and what it says to each head
(the wide half's weight, and the deep half's for the sum of vectors, which is linear too). The graph
takes ``ids``, ``owners``, ``scale`` and ``surface`` as ``ngrams.features`` and
``text_features.surfaces`` make them and gives ``opinions`` float32 (n, heads), each a probability.
Texts lie one after the other, so that a batch needs no padding; a gap of zeros keeps one's
convolution out of the next.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from grandstand.inference import manifest
from grandstand.moderation import ngrams, text_features
from grandstand.moderation.manifest import ScorerManifest, TrainedOn
from grandstand.moderation.policy import Thresholds
from grandstand.moderation.scorer import OnnxScorer
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.comment_scorer import calibrate
from models.comment_scorer.calibrate import Scale
from models.comment_scorer.deep import DIMENSIONS, Weights
from models.comment_scorer.prepare import CATEGORIES, HEADS, LICENCES, training
from models.comment_scorer.sets import SEED
from models.comment_scorer.train import WEIGHTS

HERE = Path(__file__).parent
VERSION = "2026.11-2"
WIDE_SHARES = {
    **dict.fromkeys(HEADS, 0.7),
    **dict.fromkeys((head for head in HEADS if head.startswith("conda")), 0.8),
    "chinese_sms": 0.8,
    "sms": 0.5,
}
"""The wide half's share in the sum of both halves' logits, by the held-out texts; 0.3, 0.5, 0.6,
0.7, 0.8 and 1 were tried. CONDA's short, often repeated lines like it wide, long messages less."""

UNDECIDED: Thresholds = dict.fromkeys(CATEGORIES, ((1.0, 1.0),) * 4)


@dataclass(frozen=True, slots=True)
class Tables:
    """Both halves in one: ``rows`` (ROWS, DIMENSIONS + heads); the rest as in ``deep.Weights``."""

    rows: NDArray[np.float32]
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    of_peaks: NDArray[np.float32]
    of_surface: NDArray[np.float32]
    head_bias: NDArray[np.float32]

    def calibrated(self, scales: list[Scale]) -> Tables:
        """The same with every head's logit scaled and shifted."""
        by = np.array([each.factor for each in scales], np.float32)
        rows = self.rows.copy()
        rows[:, DIMENSIONS:] *= by
        return Tables(
            rows,
            self.kernel,
            self.bias,
            self.of_peaks * by,
            self.of_surface * by,
            self.head_bias * by + np.array([each.shift for each in scales], np.float32),
        )


def joined(path: Path) -> Tables:
    """Read what ``train`` wrote and put the halves together."""
    with np.load(path) as saved:
        deep = Weights(**{each.name: saved[each.name] for each in fields(Weights)})
        wide, wide_bias = saved["wide"], saved["wide_bias"]
    share = np.array([WIDE_SHARES[head] for head in HEADS], np.float32)
    rest = 1 - share
    linear = share * wide[: ngrams.ROWS] + rest * (deep.vectors @ deep.of_sums)
    rows = np.concatenate([deep.vectors, linear], axis=1)
    rows[0] = 0  # no n-gram
    return Tables(
        rows,
        deep.kernel,
        deep.bias,
        rest * deep.of_peaks,
        share * wide[ngrams.ROWS :] + rest * deep.of_surface,
        share * wide_bias + rest * deep.head_bias,
    )


ZERO = 128
"""What a byte says for 0."""

FINER = 4
"""Steps of the mean over a position's n-grams to one of the table: few means are a quarter of the
largest weight, and those that are are cut to it. 2, 3, 4 and 6 were tried on the held-out texts."""


SEVEN_BITS = 63
"""Where a processor has no instruction for it, two products of bytes are added in sixteen bits:
with seven bits in one of them they fit."""


def _in_bytes(
    values: NDArray[np.floating[Any]], most: int = 127
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Whole numbers up to ``most`` and down to its negative; how much one is, column by column."""
    steps = np.maximum(np.abs(values).max(axis=0), 1e-9) / most
    return np.rint(values / steps).astype(np.int64), steps


def graph(tables: Tables) -> bytes:
    """Write the graph.

    All is in bytes up to the features and to what is said of a position: the mean over its n-grams
    (ONNX Runtime's own QLinearGlobalAveragePool) takes an eighth of what Cast and ReduceSum take,
    and a product of bytes a third of one of floats.
    """
    heads, channels = len(HEADS), len(tables.bias)
    table, steps = _in_bytes(tables.rows)
    # A mean over all columns, in its own steps, back into a sum.
    sums = steps * ngrams.COLUMNS / FINER
    of_sums = tables.kernel * np.tile(sums[:DIMENSIONS], 3)[:, None]
    kernel, kernel_steps = _in_bytes(of_sums, SEVEN_BITS)
    constants = {
        "table": (table + ZERO).astype(np.uint8),
        "zero": np.array(ZERO, np.uint8),
        "unit": np.array(1, np.float32),
        "finer": np.array(1 / FINER, np.float32),
        "kernel": kernel.astype(np.int8),
        "kernel_steps": kernel_steps.astype(np.float32),
        "kernel_zero": np.zeros(channels, np.int8),
        "bias": tables.bias,
        "of_rest": np.concatenate([tables.of_peaks, tables.of_surface]),
        "head_bias": tables.head_bias,
        "steps": sums[DIMENSIONS:].astype(np.float32),
        "no_vector": np.full((1, DIMENSIONS), ZERO, np.uint8),
        "parts": np.array([DIMENSIONS, heads], np.int64),
        "channels": np.array([channels], np.int64),
        "heads": np.array([heads], np.int64),
        "axes1": np.array([1], np.int64),
        "axes2": np.array([2], np.int64),
        "axes12": np.array([1, 2], np.int64),
        "one": np.array([1], np.int64),
        "first": np.array([0], np.int64),
        "last": np.array([-1], np.int64),
        "end": np.array([2**62], np.int64),
    }
    node = helper.make_node
    own = {"domain": "com.microsoft"}
    nodes = [
        node("Gather", ["table", "ids"], ["bytes"]),
        node("Unsqueeze", ["bytes", "axes2"], ["pictures"]),
        node(
            "QLinearGlobalAveragePool",
            ["pictures", "unit", "zero", "finer", "zero"],
            ["means"],
            channels_last=1,
            **own,
        ),
        node("Squeeze", ["means", "axes12"], ["positions"]),
        node("Split", ["positions", "parts"], ["vectors", "said_in_bytes"], axis=1),
        # A convolution over three positions, as one product.
        node("Slice", ["vectors", "first", "last", "first"], ["but_last"]),
        node("Concat", ["no_vector", "but_last"], ["before"], axis=0),
        node("Slice", ["vectors", "one", "end", "first"], ["but_first"]),
        node("Concat", ["but_first", "no_vector"], ["after"], axis=0),
        node("Concat", ["before", "vectors", "after"], ["window"], axis=1),
        node(
            "MatMulIntegerToFloat",
            ["window", "kernel", "unit", "kernel_steps", "zero", "kernel_zero", "bias"],
            ["biased"],
            **own,
        ),
        node("Relu", ["biased"], ["features"]),
        # Positions into texts; the gaps go to a row of their own, which is dropped.
        node("Shape", ["scale"], ["texts"]),
        node("Add", ["texts", "one"], ["texts_and_gaps"]),
        node("Unsqueeze", ["owners", "axes1"], ["places"]),
        node("Concat", ["texts_and_gaps", "channels"], ["shape_of_peaks"], axis=0),
        node("ConstantOfShape", ["shape_of_peaks"], ["no_peaks"]),
        node("ScatterND", ["no_peaks", "places", "features"], ["all_peaks"], reduction="max"),
        node("Slice", ["all_peaks", "first", "last", "first"], ["peaks"]),
        node("DequantizeLinear", ["said_in_bytes", "unit", "zero"], ["said"]),
        node("Concat", ["texts_and_gaps", "heads"], ["shape_of_sums"], axis=0),
        node("ConstantOfShape", ["shape_of_sums"], ["no_sums"]),
        node("ScatterND", ["no_sums", "places", "said"], ["all_sums"], reduction="add"),
        node("Slice", ["all_sums", "first", "last", "first"], ["sums"]),
        node("Unsqueeze", ["scale", "axes1"], ["scales"]),
        node("Mul", ["sums", "scales"], ["scaled"]),
        node("Mul", ["scaled", "steps"], ["linear"]),
        node("Concat", ["peaks", "surface"], ["rest"], axis=1),
        node("MatMul", ["rest", "of_rest"], ["of_the_rest"]),
        node("Add", ["of_the_rest", "head_bias"], ["based"]),
        node("Add", ["based", "linear"], ["logits"]),
        node("Sigmoid", ["logits"], ["opinions"]),
    ]
    info = helper.make_tensor_value_info
    made = helper.make_graph(
        nodes,
        "comment_scorer",
        [
            info("ids", TensorProto.INT32, ["t", ngrams.COLUMNS]),
            info("owners", TensorProto.INT64, ["t"]),
            info("scale", TensorProto.FLOAT, ["n"]),
            info("surface", TensorProto.FLOAT, ["n", text_features.WIDTH]),
        ],
        [info("opinions", TensorProto.FLOAT, ["n", heads])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


def write(
    folder: Path, model: bytes, thresholds: Thresholds, taught: tuple[TrainedOn, ...]
) -> None:
    """Write both files, the manifest last."""
    path = folder / "model.onnx"
    path.write_bytes(model)
    manifest.write(
        path,
        ScorerManifest,
        version=VERSION,
        features=ngrams.VERSION,
        heads=HEADS,
        categories=CATEGORIES,
        thresholds=thresholds,
        trained_on=taught,
        seed=SEED,
    )


def taught_by(data: Path) -> tuple[TrainedOn, ...]:
    """Each set's share in each head."""
    texts: Counter[tuple[str, str]] = Counter()
    for part in training(data):
        texts[part.source, part.head] += len(part.rows)
    return tuple(
        TrainedOn(set=source, head=head, texts=count, licence=LICENCES[source])
        for (source, head), count in texts.items()
    )


def export(data: Path, weights: Path, folder: Path) -> None:
    """Put together, calibrate, find the thresholds, write."""
    tables = joined(weights)
    with tempfile.TemporaryDirectory() as raw:
        write(Path(raw), graph(tables), UNDECIDED, ())
        tables = tables.calibrated(calibrate.scales(OnnxScorer(Path(raw, "model.onnx")), data))
        model = graph(tables)
        write(Path(raw), model, UNDECIDED, ())
        found = calibrate.thresholds(OnnxScorer(Path(raw, "model.onnx")), data)
    write(folder, model, found, taught_by(data))
    print(f"{folder / 'model.onnx'}: {len(model) / 1e6:.1f} MB")


def main() -> None:
    """Export from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--weights", type=Path, default=WEIGHTS)
    arguments.add_argument("--out", type=Path, default=HERE, help="folder for model and manifest")
    given = arguments.parse_args()
    export(given.data, given.weights, given.out)


if __name__ == "__main__":
    main()
