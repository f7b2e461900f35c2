"""The forecast models of a server, which all rooms share: loaded beside the event loop, and asked
within a time limit.

A model that can't be used is named in the log when the server starts, as is one that is slow.
Neither keeps the server from starting, nor the other models: each has a queue and a thread of its
own. A new model in the place of one that is used is taken into use without a restart. One that
takes too long or answers with something else than probabilities is named once, until it answers
again.
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
from grandstand.inference.reload import PAUSE_S, Reload
from grandstand.inference.session import Interruption
from grandstand.telemetry import ModelMetrics

DEADLINE_MS = 500
"""How long a room waits for a model; ours take less than one."""

WAITING_MAX = 1000
TOGETHER_MAX = 200
"""Moments of matches that may wait for a model, and that go together."""

UNRATED_MAX = 1000
"""So many names of unrated teams a model remembers to have logged; then it begins anew."""

Row: TypeAlias = "list[float] | str"
"""Probabilities in the order of the labels, or what is wrong with the values."""

log = structlog.get_logger(__name__)

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, int | float | str | None]).decode


class _Model:
    """A forecaster, and what makes its stats."""

    def __init__(self, path: Path, interruption: Interruption) -> None:
        """Load it by its manifest's path. Raises ModelError."""
        forecaster = self._forecaster = Forecaster(path, interruption)
        self.manifest, self.probe_ms = forecaster.manifest, forecaster.probe_ms
        self._unrated: set[str] = set()
        self._logged: set[str] = set()
        try:
            self._reader: Reader = reader_of(forecaster, unrated=self._unrated)
        except ValueError as fault:
            raise ModelError(self.manifest.KIND, path, str(fault)) from fault

    def rows(self, lines: Sequence[bytes]) -> list[Row]:
        """Return what comes of each line of values: one that the model fails for is no other's
        fault."""
        stats = [self._stats(line) for line in lines]
        self._log_unrated()
        good = [each for each in stats if not isinstance(each, str)]
        try:
            found = iter(self._forecaster.forecast(good))
            return [each if isinstance(each, str) else [*next(found).values()] for each in stats]
        except ModelError as fault:
            return [str(fault)] if len(lines) == 1 else [self.rows([line])[0] for line in lines]

    def _log_unrated(self) -> None:
        """Log teams that nobody has rated, each once: a misspelt name makes a wrong forecast."""
        if names := sorted(self._unrated - self._logged):
            log.warning("teams_unrated", teams=names)
        self._logged |= self._unrated
        if len(self._logged) > UNRATED_MAX:
            self._logged.clear()
        self._unrated.clear()

    def _stats(self, line: bytes) -> Mapping[str, float | str | None] | str:
        try:
            return self._reader.stats_of(_decode(line))
        except ValueError as fault:
            return str(fault)


class ForecastModels:
    """The models in some folders, by the folders' names."""

    def __init__(
        self,
        folders: Sequence[Path],
        metrics: ModelMetrics,
        deadline_ms: int = DEADLINE_MS,
        pause_s: float = PAUSE_S,
    ) -> None:
        """Of two folders of the same name the later one counts. ``run`` loads them, and looks for
        newer ones every ``pause_s``."""
        self._folders = {folder.name: folder for folder in folders}
        self._loading = set(self._folders)
        self._models: dict[str, _Model] = {}
        self._silent: set[str] = set()
        self._interruption = Interruption()
        self._reloads: dict[str, Reload[_Model]] = {}
        self._metrics = metrics
        self._pause_s = pause_s
        self._deadline_ms = deadline_ms
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
        return None if model is None else model.manifest

    async def run(self) -> None:
        """Load all of them, and watch those that can be used, until cancelled."""
        await self.load()
        await asyncio.gather(*(reload.run() for reload in self._reloads.values()))

    def look(self) -> None:
        """Look for newer models at once, and say what came of it."""
        for reload in self._reloads.values():
            reload.now()

    async def load(self) -> None:
        """Load all of them, each in a thread, and name those that can't be used."""
        await asyncio.gather(*(self._load(name) for name in self._folders))

    async def _load(self, name: str) -> None:
        try:
            model = await asyncio.to_thread(self._loaded, self._folders[name] / NAME)
        except Exception as fault:  # whatever a folder has, the server and its rooms go on
            known = isinstance(fault, ModelError)
            log.error(
                "forecast_model_refused", model=name, why=str(fault), exc_info=not known and fault
            )
        else:
            self._models[name] = model
            self._reloads[name] = self._reload(name, model)
            log.info("forecast_model_loaded", model=name, version=model.manifest.version)
        finally:
            self._loading.discard(name)

    def _loaded(self, path: Path) -> _Model:
        return _Model(path, self._interruption)

    def _reload(self, name: str, model: _Model) -> Reload[_Model]:
        return Reload(
            self._folders[name] / NAME,
            model,
            load=self._loaded,
            use=lambda newer: self._models.update({name: newer}),
            deadline_ms=SLOW_MS,
            metrics=self._metrics,
            pause_s=self._pause_s,
            name=f"forecast model {name}",
        )

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
                log.error("forecast_model_silent", model=name, deadline_ms=self._deadline_ms)
            self._silent.add(name)
            return None
        self._silent.discard(name)
        return [found[line] for line in lines]

    async def close(self) -> None:
        """Let go of the threads. A model that is at work, or being tried, is interrupted."""
        self._interruption.end()
        await asyncio.gather(*(queue.close() for queue in self._queues.values()))
