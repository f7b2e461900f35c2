"""A session: an ONNX model that is loaded, tried, and asked by whoever knows its inputs.

The only module that knows onnxruntime. A model that can't be read, doesn't run, or gives something
else than its user expects is refused when it is loaded, not when it is asked. What inputs and
outputs mean is for the user to know.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from grandstand.inference.manifest import ModelFile

Inputs: TypeAlias = Mapping[str, NDArray[Any]]
Outputs: TypeAlias = Sequence[NDArray[np.float32]]

_FLOATS = "tensor(float)"


class Interruption:
    """Ends the runs of the sessions that share it: those at work, and any after."""

    def __init__(self) -> None:
        self.options = onnxruntime.RunOptions()  # one for each run costs 4 us

    def end(self) -> None:
        """End them. A run ends after the operator that it is at, as if it had failed."""
        self.options.terminate = True


class Session:
    """A model in an onnxruntime session of one thread. Threads may share it.

    ``probed`` are the outputs for the probe. ``probe_ms`` is how long one run took for it; the run
    before, which is slower, isn't counted.
    """

    def __init__(
        self,
        file: ModelFile[Any],
        probe: Inputs,
        outputs: Mapping[str, tuple[int, ...]],
        interruption: Interruption | None = None,
    ) -> None:
        """Load a model and run it twice.

        ``probe`` are inputs that any such model must take. ``outputs`` has, for each output that
        will be asked for, its shape for the probe. All outputs are float32. ``interruption`` ends
        its runs, those of the probe too.

        Raises:
            ModelError: the model is none, doesn't run, or has other outputs.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                file.data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as fault:  # onnxruntime's own kinds have no common base
            raise file.refused(f"not a readable ONNX model ({_first_line(fault)})") from fault
        types = {each.name: each.type for each in self._session.get_outputs()}
        for name in outputs:
            if name not in types:
                raise file.refused(f"has no output {name}")
            if types[name] != _FLOATS:
                raise file.refused(f"gives {name} as {types[name]}, not as {_FLOATS}")
        self._outputs = list(outputs)
        self._options = (interruption or Interruption()).options
        try:
            self.run(probe)
            began_s = time.perf_counter()
            self.probed = self.run(probe)
            self.probe_ms = (time.perf_counter() - began_s) * 1000
        except Exception as fault:  # as above
            raise file.refused(f"does not run ({_first_line(fault)})") from fault
        for (name, shape), given in zip(outputs.items(), self.probed, strict=True):
            if given.shape != shape:
                raise file.refused(f"gives {name} of shape {given.shape}, not {shape}")

    def run(self, inputs: Inputs) -> Outputs:
        """Return the outputs in their order. Raises what onnxruntime raises."""
        outputs: Outputs = self._session.run(self._outputs, inputs, self._options)
        return outputs


def _first_line(fault: Exception) -> str:
    return str(fault).strip().split("\n", 1)[0][:200]
