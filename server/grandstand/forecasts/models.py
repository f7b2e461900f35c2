"""The forecast models of a server, which all rooms share: loaded beside the event loop, and asked
within a time limit.

A model that can't be used is named in the log when the server starts, as is one that is slow.
Neither keeps the server from starting, nor the other models: each has a queue and a thread of its
own. One that takes too long or answers with something else than probabilities is named once, until
it answers again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import structlog

from grandstand.forecasts.match import Values
from grandstand.forecasts.readers import Reader, reader_of
from grandstand.inference.forecast_manifest import ForecastManifest
from grandstand.inference.forecaster import SLOW_MS, Forecaster
from grandstand.inference.manifest import NAME, ModelError
from grandstand.inference.queue import ModelQueue
from grandstand.inference.session import Interruption
from grandstand.telemetry import ModelMetrics

DEADLINE_MS = 500
"""How long a room waits for a model; ours take less than one."""

WAITING_MAX = 1000
TOGETHER_MAX = 200
"""Moments of matches that may wait for a model, and that go together."""

Row: TypeAlias = "list[float] | str"
"""Probabilities in the order of the labels, or what is wrong with the values."""

log = structlog.get_logger(__name__)

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, int | float | str | None]).decode


class _Model:
    """A forecaster, and what makes its stats."""

    def __init__(self, folder: Path, interruption: Interruption) -> None:
        """Load it. Raises ModelError, ValueError."""
        self.forecaster = Forecaster(folder / NAME, interruption)
        self._reader: Reader = reader_of(self.forecaster)

    def rows(self, lines: Sequence[bytes]) -> list[Row]:
        """Return what comes of each line of values: one that the model fails for is no other's
        fault."""
        stats = [self._stats(line) for line in lines]
        good = [each for each in stats if not isinstance(each, str)]
        try:
            found = iter(self.forecaster.forecast(good))
            return [each if isinstance(each, str) else [*next(found).values()] for each in stats]
        except ModelError as fault:
            return [str(fault)] if len(lines) == 1 else [self.rows([line])[0] for line in lines]

    def _stats(self, line: bytes) -> Mapping[str, float | str | None] | str:
        try:
            return self._reader.stats_of(_decode(line))
        except ValueError as fault:
            return str(fault)


class ForecastModels:
    """The models in some folders, by the folders' names."""

    def __init__(
        self, folders: Sequence[Path], metrics: ModelMetrics, deadline_ms: int = DEADLINE_MS
    ) -> None:
        """Of two folders of the same name the later one counts. ``load`` loads them."""
        self._folders = {folder.name: folder for folder in folders}
        self._loading = set(self._folders)
        self._models: dict[str, _Model] = {}
        self._silent: set[str] = set()
        self._interruption = Interruption()
        self._queues = {
            name: ModelQueue[_Model, bytes, Row](
                f"forecast model {name}",
                _Model.rows,
                deadline_ms=deadline_ms,
                waiting_max=WAITING_MAX,
                together_max=TOGETHER_MAX,
                metrics=metrics,
            )
            for name in self._folders
        }

    @property
    def names(self) -> list[str]:
        """Return the names of the models that can be asked."""
        return sorted(self._models)

    def is_loading(self, name: str) -> bool:
        """Return whether a model may be there in a moment."""
        return name in self._loading

    def manifest(self, name: str) -> ForecastManifest | None:
        """Return what a model is; None if there is none of this name that can be used."""
        model = self._models.get(name)
        return None if model is None else model.forecaster.manifest

    async def load(self) -> None:
        """Load all of them, each in a thread, and name those that can't be used."""
        await asyncio.gather(*(self._load(name) for name in self._folders))

    async def _load(self, name: str) -> None:
        try:
            model = await asyncio.to_thread(_Model, self._folders[name], self._interruption)
        except Exception as fault:  # whatever a folder has, the server and its rooms go on
            known = isinstance(fault, ModelError | ValueError)
            log.error(
                "forecast_model_refused", model=name, why=str(fault), exc_info=not known and fault
            )
        else:
            self._models[name] = model
            probe_ms = model.forecaster.probe_ms
            version = model.forecaster.manifest.version
            if probe_ms > SLOW_MS:
                log.warning("forecast_model_slow", model=name, probe_ms=round(probe_ms, 1))
            log.info("forecast_model_loaded", model=name, version=version)
        finally:
            self._loading.discard(name)

    async def ask(self, name: str, matches: Sequence[Values]) -> list[Row] | None:
        """Return what comes of the values of each match.

        None if the model isn't there, or takes too long.
        """
        model = self._models.get(name)
        if model is None:
            return None
        lines = [_encode(values) for values in matches]
        found = await self._queues[name].ask(model, list(dict.fromkeys(lines)), lambda _: None)
        if found is None:
            if name not in self._silent:
                log.error("forecast_model_silent", model=name, deadline_ms=DEADLINE_MS)
            self._silent.add(name)
            return None
        self._silent.discard(name)
        return [found[line] for line in lines]

    async def close(self) -> None:
        """Let go of the threads. A model that is at work, or being tried, is interrupted."""
        self._interruption.end()
        await asyncio.gather(*(queue.close() for queue in self._queues.values()))
