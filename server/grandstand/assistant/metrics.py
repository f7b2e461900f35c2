"""What operators see of the assistant. No label has what a person wrote, or a room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from grandstand.assistant.suggestion import Failure, FeatureName, Outcome

SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Buckets: a model takes seconds."""


class AssistantMetrics:
    """Of one process; without a registry where nobody measures."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(f"grandstand_assistant_{name}", words, labels, registry=registry)

        self.requests = counter("requests_total", "Suggestions asked of the model", "feature")
        self.failures = counter(
            "failures_total", "Requests without a suggestion, by why", "feature", "why"
        )
        self.refused = counter(
            "refused_total", "Texts of the model that no person saw, by the check", "feature", "why"
        )
        self.outcomes = counter(
            "outcomes_total", "What people did with suggestions", "feature", "outcome"
        )
        self.characters = counter("characters_total", "Characters sent and received", "feature")
        self.up = Gauge(
            "grandstand_assistant_up", "1 while a model answers", ["model"], registry=registry
        )
        self.seconds = Histogram(
            "grandstand_assistant_seconds",
            "From a request to its answer",
            ["feature"],
            buckets=SECONDS,
            registry=registry,
        )

    def begin(self, model: str, checks: Iterable[str]) -> None:
        """Let all series begin, before anything is asked: a rate never sees a counter's first 1."""
        self.up.labels(model).set(1)
        for feature in get_args(FeatureName):
            self.requests.labels(feature)
            self.characters.labels(feature)
            for counter, words in (
                (self.failures, get_args(Failure)),
                (self.outcomes, get_args(Outcome)),
                (self.refused, checks),
            ):
                for word in words:
                    counter.labels(feature, word)
