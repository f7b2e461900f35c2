"""A forecast model's folder, as small as one can be: the more goals, the more chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grandstand.inference.forecast_manifest import ForecastInput, ForecastManifest
from grandstand.inference.manifest import DataSet, write

from tests.inference.onnx_bytes import FLOAT, info, model

INPUTS = (
    ForecastInput("home_score", least=0, most=40),
    ForecastInput("away_score", least=0, most=40),
)


def install(folder: Path, operator: str = "Softmax", **said: Any) -> Path:
    """Write a folder; return the path of its manifest. The model is one operator."""
    folder.mkdir(exist_ok=True)
    path = folder / "model.onnx"
    path.write_bytes(
        model(
            [(operator, ["stats"], "probabilities")],
            [info("stats", FLOAT, ["matches", 2])],
            [info("probabilities", FLOAT, ["matches", 2])],
        )
    )
    (folder / "CARD.md").write_text("A toy.\n")
    given: dict[str, Any] = {
        "version": "1",
        "card": "CARD.md",
        "inputs": INPUTS,
        "labels": ("home", "away"),
        "trained_on": (DataSet(set="none", licence="Apache-2.0"),),
    }
    write(path, ForecastManifest, **{**given, **said})
    return folder / "manifest.json"
