"""Writes small ONNX graphs, an operator a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 9
"""Old enough for the oldest onnxruntime that the server takes."""


class Graph:
    """A graph from ``stats`` (matches, inputs) to ``probabilities`` (matches, labels)."""

    def __init__(self, inputs: int, labels: int) -> None:
        self._shapes = inputs, labels
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, value: ArrayLike, kind: type = np.float32) -> str:
        """Return the name of a constant."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def op(self, operator: str, *takes: str | float, **attributes: Any) -> str:
        """Return the name of an operator's output; numbers among the inputs become constants."""
        names = [each if isinstance(each, str) else self.constant(each) for each in takes]
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, names, [name], **attributes))
        return name

    def column(self, stats: str, number: int) -> str:
        """Return a column of a matrix, (matches, 1)."""
        return self.op("Gather", stats, self.constant([number], np.int64), axis=1)

    def bytes(self, probabilities: str) -> bytes:
        """Return the model that gives the output of that name."""
        self._nodes.append(helper.make_node("Identity", [probabilities], ["probabilities"]))
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["matches", width])
            for name, width in zip(("stats", "probabilities"), self._shapes, strict=True)
        ]
        graph = helper.make_graph(self._nodes, "forecast", ends[:1], ends[1:], self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())
