"""A forecast: named numbers of a match in, the probability of each outcome out.

A sport is a folder: the model, its manifest, a card, and perhaps data files. The manifest names the
stats that the model takes, and what each is where it is missing, unknown or not a number. So a new
sport needs no code. The model takes ``stats``, float32 (matches, inputs), and gives
``probabilities``, float32 (matches, labels); each row's sum is 1.

A folder that can't be used is named when it is loaded. ``load_all`` loads the others all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grandstand.inference.forecast_manifest import ForecastManifest, Stats
from grandstand.inference.manifest import NAME, ModelError, read
from grandstand.inference.session import Interruption, Session

SLOW_MS = 5.0
"""A model that takes longer for three matches is named as slow, and used; ours take under 0.1."""

_ROUNDING = 1e-4
"""How far the sum of probabilities may be from 1: they are float32."""


class Forecaster:
    """A forecast model in a session. Threads may share it."""

    def __init__(self, path: Path, interruption: Interruption | None = None) -> None:
        """Load a model by its manifest's path, or its own; ``interruption`` ends its runs. Raises
        ModelError."""
        file = read(path, ForecastManifest)
        self.manifest = file.manifest
        folder = file.path.parent
        if not (folder / self.manifest.card).is_file():
            raise file.refused(f"has no card {self.manifest.card}: a model ships with its card")
        self.data: dict[str, bytes] = {}
        for name, sha256 in self.manifest.data.items():
            try:
                found = (folder / name).read_bytes()
            except OSError as fault:
                raise file.refused(f"its {name} can't be read: {fault.strerror}") from None
            if hashlib.sha256(found).hexdigest() != sha256:
                raise file.refused(f"its {name} is not the one that {NAME} was written for")
            self.data[name] = found
        inputs = self.manifest.inputs
        extremes = [
            [each.default for each in inputs],
            [each.least for each in inputs],
            [each.most for each in inputs],
        ]
        shape = (len(extremes), len(self.manifest.labels))
        self._file = file
        outputs = {"probabilities": shape}
        self._session = Session(file, _array(extremes), outputs, interruption)
        if why := _fault(self._session.probed[0]):
            raise file.refused(why)
        self.probe_ms = self._session.probe_ms

    def forecast(self, matches: Sequence[Stats]) -> list[dict[str, float]]:
        """Return the probability of each label for each match, in order.

        Raises:
            ValueError: a stat is wrong.
            ModelError: the model gives something that is no probability.
        """
        if not matches:
            return []
        rows = [
            [each.number(stats.get(each.stat)) for each in self.manifest.inputs]
            for stats in matches
        ]
        (found,) = self._session.run(_array(rows))
        if why := _fault(found):
            raise self._file.refused(why)
        return [dict(zip(self.manifest.labels, row, strict=True)) for row in found.tolist()]


def load_all(folders: Iterable[Path]) -> tuple[dict[str, Forecaster], list[ModelError]]:
    """Return the models of all folders by the folders' names, and why others can't be used."""
    found: dict[str, Forecaster] = {}
    refused: list[ModelError] = []
    for folder in folders:
        try:
            found[folder.name] = Forecaster(folder / NAME)
        except ModelError as fault:
            refused.append(fault)
    return found, refused


def _array(rows: Sequence[Sequence[float]]) -> dict[str, NDArray[np.float32]]:
    return {"stats": np.array(rows, np.float32)}


def _fault(found: NDArray[np.float32]) -> str:
    if not np.isfinite(found).all() or found.min() < 0:
        return "gives numbers that are no probabilities"
    if np.abs(found.sum(axis=1) - 1).max() > _ROUNDING:
        return "gives probabilities whose sum is not 1"
    return ""
