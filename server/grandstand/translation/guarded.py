"""One engine with what keeps it from harm: its breaker, its requests at a time, its figures."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

import structlog

from grandstand.assistant.breaker import Breaker
from grandstand.assistant.service import (
    AnswerError,
    FormRefusedError,
    KeyRefusedError,
    ServiceError,
)
from grandstand.translation.engines.engine import Engine, Item
from grandstand.translation.metrics import TranslationMetrics

AT_ONCE = 64
"""Requests of one engine at a time; further ones find it busy."""

PARTS_MAX = 16
"""Requests for one batch: of 100 comments one that is refused is found by 15."""

log = structlog.get_logger(__name__)


class GuardedEngine:
    """An engine of this process; belongs to one event loop."""

    def __init__(self, engine: Engine, metrics: TranslationMetrics) -> None:
        self.engine = engine
        self._breaker = Breaker()
        self._metrics = metrics
        self._running = 0
        metrics.begin(engine.name)

    async def look(self) -> None:
        """Log how the engine is; a room that asks meanwhile isn't kept waiting."""
        name = self.engine.name
        try:
            log.info("translator", engine=name, where=await self.engine.check())
        except KeyRefusedError as fault:
            log.error("translator_refuses_key", engine=name, reason=str(fault), advice=advice(name))
        except ServiceError as fault:
            log.warning("translator_fails", engine=name, reason=str(fault))
        except Exception:
            log.exception("translator_broke", engine=name)

    def admits(self) -> bool:
        """Return whether it may be asked now; if so, ``translate`` or ``spare`` must follow."""
        return self._running < AT_ONCE and self._breaker.admits(time.monotonic())

    def spare(self) -> None:
        """Ask nothing after all."""
        self._breaker.abandoned()

    def late(self) -> None:
        """Note that the answer was waited for in vain."""
        self._breaker.failed(time.monotonic())
        self._failed("it took too long")
        self._metrics.up.labels(self.engine.name).set(not self._breaker.is_open)

    async def translate(self, items: Sequence[Item], lang: str) -> list[str | None] | None:
        """Return the answers, None if the engine failed. Never raises for what it did. If this is
        cancelled, ``late`` or ``spare`` must follow."""
        name = self.engine.name
        began_s = time.monotonic()
        self._running += 1
        self._metrics.characters.labels(name).inc(sum(len(item.text) for item in items))
        try:
            answers = await self._answers(items, lang)
        except (AnswerError, FormRefusedError) as fault:
            # It runs. Were this a failure, a comment that confuses a model could switch it off.
            self._breaker.abandoned()
            self._failed(str(fault))
            return None
        except ServiceError as fault:
            self._breaker.failed(time.monotonic(), fault.retry_after_s)
            self._failed(str(fault))
            return None
        except Exception:
            self._breaker.failed(time.monotonic())
            self._metrics.failures.labels(name).inc()
            log.exception("translator_broke", engine=name)
            return None
        finally:
            self._running -= 1
            self._metrics.seconds.labels(name).observe(time.monotonic() - began_s)
            self._metrics.up.labels(name).set(not self._breaker.is_open)
        if self._breaker.is_open:
            log.info("translator_answers", engine=name)
        self._breaker.succeeded()
        self._metrics.up.labels(name).set(1)
        if len(answers) != len(items):
            log.error("translator_miscounts", engine=name)
            return None
        return answers

    async def _answers(self, items: Sequence[Item], lang: str) -> list[str | None]:
        """Return the engine's answers; None for what it doesn't take.

        Services refuse a whole batch for one comment in it (content filters). So what is refused is
        asked for in halves, down to that comment. Raises what the engine does, and FormRefusedError
        if nothing was taken.
        """
        answers: list[str | None] = [None] * len(items)
        parts = deque([range(len(items))])
        refused: FormRefusedError | None = None
        is_taken = False
        for _ in range(PARTS_MAX):
            if not parts:
                break
            part = parts.popleft()
            try:
                said = await self.engine.translate([items[place] for place in part], lang)
            except FormRefusedError as fault:
                refused = fault
                half = len(part) // 2
                parts.extend(each for each in (part[:half], part[half:]) if half)
                continue
            if len(said) != len(part):
                return said
            for place, each in zip(part, said, strict=True):
                answers[place] = each
            is_taken = True
        if refused is not None and not is_taken:
            raise refused
        return answers

    def _failed(self, words: str) -> None:
        self._metrics.failures.labels(self.engine.name).inc()
        log.warning("translator_fails", engine=self.engine.name, reason=words)


def advice(name: str) -> str:
    """Return what to do about an engine's key."""
    return f"set GRANDSTAND_{name.upper()}_KEY to the key that its service gave"
