"""Weights into ``model.onnx``: the graph that ``grandstand.moderation.scorer`` runs.

Inputs ``ids`` (t, columns), ``ends`` (n,), ``scale`` (n,) as ``ngrams.features`` makes them; output
``scores`` float32 (n, heads), each a probability. The sum over a text's positions is a difference
of running sums, in float64 so that a batch's length costs no precision.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from grandstand.moderation import ngrams
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def export(
    path: Path,
    table: NDArray[np.float32],
    bias: NDArray[np.float32],
    categories: tuple[str, ...],
    version: str,
) -> None:
    """Write the model: ``table`` (rows, heads), row 0 zero; the last two heads mood, excitement."""
    rows, heads = table.shape
    constants = {
        "table": table.astype(np.float16),
        "bias": bias.astype(np.float32),
        "none": np.zeros((1, heads), np.float64),
        "axis0": np.array(0, np.int64),
        "axes1": np.array([1], np.int64),
        "one": np.array(1, np.int64),
        "from0": np.array([0], np.int64),
        "to_last": np.array([-1], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["table", "ids"], ["weights16"], axis=0),
        node("Cast", ["weights16"], ["weights"], to=TensorProto.FLOAT),
        node("ReduceSum", ["weights", "axes1"], ["at_position"], keepdims=0),
        node("Cast", ["at_position"], ["at_position64"], to=TensorProto.DOUBLE),
        node("CumSum", ["at_position64", "axis0"], ["running"]),
        node("Sub", ["ends", "one"], ["lasts"]),
        node("Gather", ["running", "lasts"], ["upto"], axis=0),
        node("Slice", ["upto", "from0", "to_last", "from0"], ["without_last"]),
        node("Concat", ["none", "without_last"], ["before"], axis=0),
        node("Sub", ["upto", "before"], ["sums64"]),
        node("Cast", ["sums64"], ["sums"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["scale", "axes1"], ["scales"]),
        node("Mul", ["sums", "scales"], ["scaled"]),
        node("Add", ["scaled", "bias"], ["logits"]),
        node("Sigmoid", ["logits"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "comment_scorer",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT32, ["t", ngrams.COLUMNS]),
            helper.make_tensor_value_info("ends", TensorProto.INT64, ["n"]),
            helper.make_tensor_value_info("scale", TensorProto.FLOAT, ["n"]),
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", heads])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"rows": str(rows)})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
