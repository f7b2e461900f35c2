"""A new model that is put in place of the one in use is taken into use, without a restart.

Both files of a model are looked at every few seconds, and at once when asked. Files change one
after the other, and large ones take their time: a model that can't be used is looked at again, and
is called broken only when its files have not changed for a whole pause. A new model is loaded and
tried beside the event loop. The model in use works on until the new one takes its place, and for
good if the new one is broken.

A model that is slower than its deadline is named in the log, at the start and when it is taken into
use. It is used all the same: its user goes on without what comes too late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog

from grandstand.inference.manifest import NAME, Manifest, ModelError, read
from grandstand.telemetry import ModelMetrics
from grandstand.timeouts import timeout

PAUSE_S = 2.0

_log = structlog.get_logger(__name__)

_Mark = tuple[int, int, int] | None
"""Inode, size and time of change of a file; None if it isn't there."""


class Model(Protocol):
    """A model in use: what wraps a ``Session`` for those who ask it."""

    @property
    def manifest(self) -> Manifest:
        """What the model is."""
        ...

    @property
    def probe_ms(self) -> float:
        """How long it takes for the least that it is asked."""
        ...


M = TypeVar("M", bound=Model)


class Reload(Generic[M]):
    """Watches the files of a model."""

    def __init__(
        self,
        path: Path,
        model: M,
        load: Callable[[Path], M],
        use: Callable[[M], object],
        deadline_ms: float,
        metrics: ModelMetrics,
        pause_s: float = PAUSE_S,
        name: str = "",
    ) -> None:
        """Watch the files at ``path``, of which ``model`` is in use already.

        ``load`` is called in another thread, and raises ModelError for a model that can't be used.
        ``use`` is called on the event loop with one that can. ``name`` is for logs: where several
        models are of one kind.
        """
        self._paths = (path.with_name(model.manifest.model), path.with_name(NAME))
        self._path = path
        self._model = model
        self._load = load
        self._use = use
        self._deadline_ms = deadline_ms
        self._metrics = metrics
        self._pause_s = pause_s
        self._kind = name or model.manifest.KIND
        self._asked = asyncio.Event()
        self._done: tuple[_Mark, ...] = ()  # what the files were when they were last dealt with
        self._doubted: tuple[_Mark, ...] = ()  # … when they couldn't be used, for the first time

    def now(self) -> None:
        """Look at once, and say what came of it."""
        self._asked.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        self._name_slow()
        while True:
            try:
                async with timeout(self._pause_s):
                    await self._asked.wait()
            except TimeoutError:
                pass
            is_asked = self._asked.is_set()
            self._asked.clear()
            await self._look(is_asked)

    async def _look(self, is_asked: bool) -> None:
        marks = await asyncio.to_thread(self._marks)
        if marks == self._done and not is_asked:
            return
        try:
            model = await asyncio.to_thread(self._other)
            if model is not None:
                self._take(model)
            elif is_asked:
                version = self._model.manifest.version
                _log.info("model_unchanged", model=self._kind, version=version)
        except ModelError as fault:
            if marks != self._doubted and not is_asked:
                self._doubted = marks
                return
            self._refuse(str(fault))
        except Exception as fault:  # our own, of which the model in use knows nothing
            self._refuse(f"{self._kind} {self._path}: {type(fault).__name__}", fault)
        self._done = marks

    def _marks(self) -> tuple[_Mark, ...]:
        return tuple(_mark(path) for path in self._paths)

    def _other(self) -> M | None:
        """The model that is there now, loaded and tried; None if it is the one in use."""
        manifest = self._model.manifest
        if read(self._path, type(manifest)).manifest == manifest:
            return None
        return self._load(self._path)

    def _refuse(self, why: str, fault: Exception | None = None) -> None:
        self._metrics.reloaded("failed")
        version = self._model.manifest.version
        _log.error(
            "model_refused", model=self._kind, why=why, version_in_use=version, exc_info=fault
        )

    def _take(self, model: M) -> None:
        self._use(model)
        before, self._model = self._model.manifest, model
        self._paths = (self._path.with_name(model.manifest.model), self._paths[1])
        self._metrics.reloaded("ok")
        version = model.manifest.version
        _log.info("model_reloaded", model=self._kind, version=version, before=before.version)
        self._name_slow()

    def _name_slow(self) -> None:
        model = self._model
        if model.probe_ms > self._deadline_ms:
            _log.warning(
                "model_slow",
                model=self._kind,
                version=model.manifest.version,
                probe_ms=round(model.probe_ms, 1),
                deadline_ms=self._deadline_ms,
            )


def _mark(path: Path) -> _Mark:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
