"""A new model put in place of the one in use is taken into use, without a restart.

Both files of a model are looked at every few seconds, and at once when asked. Files change one
after the other and large ones take their time: what can't be used is looked at again, and called
broken only when it has stood still for a whole pause. It is loaded and tried beside the event loop;
the one in use works on until the new one takes its place, and for good if that is broken.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from grandstand.moderation.manifest import NAME, ModelError, read
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.scorer import OnnxScorer
from grandstand.telemetry import ScorerMetrics
from grandstand.timeouts import timeout

PAUSE_S = 2.0

_log = structlog.get_logger(__name__)

_Mark = tuple[int, int, int] | None
"""Inode, size and time of change of a file; None if it isn't there."""


class Reload:
    """Watches the files of the scorer that a moderator uses."""

    def __init__(
        self,
        path: Path,
        scorer: OnnxScorer,
        moderator: Moderator,
        metrics: ScorerMetrics,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._paths = (path.with_name(scorer.manifest.model), path.with_name(NAME))
        self._path = path
        self._scorer = scorer
        self.moderator = moderator
        self._metrics = metrics
        self._pause_s = pause_s
        self._asked = asyncio.Event()
        self._done: tuple[_Mark, ...] = ()  # what the files were when they were last dealt with
        self._doubted: tuple[_Mark, ...] = ()  # … when they couldn't be used, for the first time

    def now(self) -> None:
        """Look at once, and say what came of it."""
        self._asked.set()

    async def run(self) -> None:
        """Watch until cancelled."""
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
            scorer = await asyncio.to_thread(self._other)
        except ModelError as fault:
            if marks != self._doubted and not is_asked:
                self._doubted = marks
                return
            self._metrics.reloads.labels("failed").inc()
            _log.error("model_refused", why=str(fault), version_in_use=self._scorer.version)
        else:
            if scorer is not None:
                self._take(scorer)
            elif is_asked:
                _log.info("model_unchanged", version=self._scorer.version)
        self._done = marks

    def _marks(self) -> tuple[_Mark, ...]:
        return tuple(_mark(path) for path in self._paths)

    def _other(self) -> OnnxScorer | None:
        """The model that is there now, loaded and tried; None if it is the one in use."""
        manifest, _ = read(self._path)
        return None if manifest == self._scorer.manifest else OnnxScorer(self._path)

    def _take(self, scorer: OnnxScorer) -> None:
        before, self._scorer = self._scorer, scorer
        self._paths = (self._path.with_name(scorer.manifest.model), self._paths[1])
        self.moderator.use(scorer)
        self._metrics.reloads.labels("ok").inc()
        _log.info("model_reloaded", version=scorer.version, before=before.version)


def _mark(path: Path) -> _Mark:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
