"""The processes of one server, and how each answers with the metrics of all.

A scrape reaches one of them. Each answers, without a request, on a Unix socket in a folder that all
of them know, with its own metrics. The process that is scraped asks all and puts the answers
together. Texts are made in a thread: a process of 15,000 viewers takes 30 ms to count its open
files.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, generate_latest

from grandstand.api.exposition import together
from grandstand.timeouts import timeout

PATIENCE_S = 1.0
"""A process that hasn't answered by then is left out; Prometheus waits 10 s by default."""

log = structlog.get_logger(__name__)


class MetricsPeers:
    """One process among those in ``folder``; ``name`` is its own, the label ``worker``."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        self._registry = CollectorRegistry()
        self._unheard: Counter | None = None

    @asynccontextmanager
    async def answering(self, registry: CollectorRegistry) -> AsyncIterator[None]:
        """Answer the other processes with the metrics in ``registry``, inside the block."""
        self._registry = registry
        self._unheard = Counter(
            "grandstand_workers_unheard_total",
            "Processes left out of a scrape because they didn't answer in time",
            registry=registry,
        )
        path = self._folder / f"{self.name}.sock"
        path.unlink(missing_ok=True)  # of one that was killed
        server = await asyncio.start_unix_server(self._answer, path)
        try:
            yield
        finally:
            server.close()
            path.unlink(missing_ok=True)

    async def collect(self) -> bytes:
        """Return the metrics of all processes that answer."""
        others = [path for path in self._folder.glob("*.sock") if path.stem != self.name]
        answers = await asyncio.gather(*map(self._ask, others))
        texts = {path.stem: text for path, text in zip(others, answers, strict=True) if text}
        if self._unheard is not None:
            self._unheard.inc(len(others) - len(texts))
        return await asyncio.to_thread(self._together, texts)

    def _together(self, others: dict[str, str]) -> bytes:
        texts = others | {self.name: generate_latest(self._registry).decode()}
        return together(dict(sorted(texts.items())), "worker").encode()

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await asyncio.to_thread(generate_latest, self._registry))
        writer.close()

    async def _ask(self, path: Path) -> str:
        try:
            async with timeout(PATIENCE_S):
                reader, writer = await asyncio.open_unix_connection(path)
                try:
                    return (await reader.read()).decode()
                finally:
                    writer.close()
        except (OSError, TimeoutError) as fault:
            log.warning("worker_unheard", of=path.stem, reason=repr(fault))
            return ""
