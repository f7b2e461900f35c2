"""A second kind of models, as small as one can be: who wins, by the strengths of two teams.

Its inputs are pairs of numbers, its outputs two; its manifest has fields of its own. It shares
nothing with the comment scorer but the package ``inference``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from grandstand.inference.manifest import DataSet, Manifest, read, write
from grandstand.inference.queue import ModelQueue
from grandstand.inference.session import Session
from grandstand.telemetry import ModelMetrics, ModelsMetrics

from tests.inference.onnx_bytes import FLOAT, INT64, info, model, tensor

STRENGTHS = (0.0, 1.0, 4.0)


class PredictorManifest(Manifest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``teams`` says how many the model knows."""

    KIND: ClassVar[str] = "predictor"
    FORMAT: ClassVar[str] = "1"
    SETTING: ClassVar[str] = "GRANDSTAND_PREDICTOR"

    teams: int

    def fault(self) -> str:
        """A game needs two."""
        return "knows fewer than two teams" if self.teams < 2 else ""


class Chance(NamedTuple):
    """Of one game: how much stronger home is, and how probably it wins."""

    lead: float
    home: float


class Predictor:
    """A model in use. Games are pairs of teams, home first."""

    def __init__(self, path: Path) -> None:
        file = read(path, PredictorManifest)
        self.manifest = file.manifest
        probe = _inputs([(0, file.manifest.teams - 1)])
        self._session = Session(file, probe, {"lead": (1,), "home": (1,)})
        self.probe_ms = self._session.probe_ms

    def predict(self, games: Sequence[tuple[int, int]]) -> list[Chance]:
        """Raises what onnxruntime raises for a team that the model doesn't know."""
        lead, home = self._session.run(_inputs(games))
        return [Chance(*each) for each in zip(lead.tolist(), home.tolist(), strict=True)]


def _inputs(games: Sequence[tuple[int, int]]) -> dict[str, Any]:
    home, away = np.array(games, np.int64).T
    return {"home_team": home, "away_team": away}


def graph(strengths: Sequence[float] = STRENGTHS) -> bytes:
    """The model: two looks at a table, a difference and a sigmoid."""
    return model(
        [
            ("Gather", ["strengths", "home_team"], "of_home"),
            ("Gather", ["strengths", "away_team"], "of_away"),
            ("Sub", ["of_home", "of_away"], "lead"),
            ("Sigmoid", ["lead"], "home"),
        ],
        [info("home_team", INT64, ["games"]), info("away_team", INT64, ["games"])],
        [info("lead", FLOAT, ["games"]), info("home", FLOAT, ["games"])],
        [tensor("strengths", strengths)],
    )


def install(
    folder: Path, version: str = "1", data: bytes | None = None, teams: int = len(STRENGTHS)
) -> Path:
    """A predictor in a folder, model first and manifest last, each in one step."""
    folder.mkdir(exist_ok=True)
    path = folder / "model.onnx"
    part = folder / "part"
    part.write_bytes(graph() if data is None else data)
    part.replace(path)
    sets = [DataSet(set="ours", licence="Apache-2.0")]
    write(path, PredictorManifest, version=version, teams=teams, trained_on=sets)
    return path


Games = ModelQueue[Predictor, tuple[int, int], Chance]


def queue(metrics: ModelMetrics | None = None, deadline_ms: int = 5_000) -> Games:
    """The queue before predictors."""
    return ModelQueue(
        "predictor",
        lambda predictor, games: predictor.predict(games),
        deadline_ms=deadline_ms,
        waiting_max=64,
        together_max=16,
        metrics=metrics or ModelsMetrics().of("predictor", "games"),
    )
