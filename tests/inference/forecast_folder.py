"""A forecast model's folder, as small as one can be: the more goals, the more chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grandstand.inference.forecast_manifest import ForecastInput, ForecastManifest
from grandstand.inference.manifest import DataSet, write

from tests.inference.onnx_bytes import BOOL, FLOAT, INT64, graph, info, model, tensor

INPUTS = (
    ForecastInput("home_score", least=0, most=40),
    ForecastInput("away_score", least=0, most=40),
)


STATS = info("stats", FLOAT, ["matches", 2])
PROBABILITIES = info("probabilities", FLOAT, ["matches", 2])


def endless(least: float = 0.0) -> bytes:
    """Return a model that never answers if the largest stat is above ``least`` and below 40."""
    body = graph(
        [("Identity", ["on"], "still on"), ("Identity", ["each"], "next")],
        [info("turn", INT64, []), info("on", BOOL, []), info("each", FLOAT, ["matches", 2])],
        [info("still on", BOOL, []), info("next", FLOAT, ["matches", 2])],
    )
    return model(
        [
            ("ReduceMax", ["stats"], "one largest"),
            ("Greater", ["one largest", "least"], "is above"),
            ("Less", ["one largest", "forty"], "is below"),
            ("And", ["is above", "is below"], "is between"),
            ("Squeeze", ["is between"], "is on"),
            ("Loop", ["", "is on", "stats"], "turned"),
            ("Softmax", ["turned"], "probabilities"),
        ],
        [STATS],
        [PROBABILITIES],
        [tensor("least", [least]), tensor("forty", [40.0])],
        {"turned": body},
    )


def install(
    folder: Path, operator: str = "Softmax", onnx: bytes | None = None, **said: Any
) -> Path:
    """Write a folder; return the path of its manifest. The model is one operator, or ``onnx``."""
    folder.mkdir(exist_ok=True)
    path = folder / "model.onnx"
    usual = model([(operator, ["stats"], "probabilities")], [STATS], [PROBABILITIES])
    path.write_bytes(onnx or usual)
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
