"""What operators see of translation. No label has what a person wrote, a room or a language."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from grandstand.telemetry import SLOW_S


class TranslationMetrics:
    """Of one process; without a registry where nobody measures."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.sentences = Counter(
            "grandstand_translations_total",
            "Sentences by who translated them: phrasebook, cache or an engine",
            ["by"],
            registry=registry,
        )
        self.originals = Counter(
            "grandstand_translation_originals_total",
            "Sentences left as they are, by why",
            ["why"],
            registry=registry,
        )
        self.characters = Counter(
            "grandstand_translation_characters_total",
            "Characters sent to engines",
            ["engine"],
            registry=registry,
        )
        self.failures = Counter(
            "grandstand_translation_failures_total",
            "Requests to engines that brought no answer",
            ["engine"],
            registry=registry,
        )
        self.up = Gauge(
            "grandstand_translation_engine_up",
            "1 while an engine answers",
            ["engine"],
            registry=registry,
        )
        self.seconds = Histogram(
            "grandstand_translation_seconds",
            "From a request to its answer",
            ["engine"],
            buckets=SLOW_S,
            registry=registry,
        )

    def begin(self, engine: str) -> None:
        """Let an engine's series begin, before anything is asked of it."""
        self.up.labels(engine).set(1)
        for counter in (self.sentences, self.characters, self.failures):
            counter.labels(engine)
