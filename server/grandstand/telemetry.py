"""What operators can see: metrics in Prometheus' format, and logs.

A metric's label and a log's field never contain what a person wrote, a name, or a token. Whoever
needs those looks into the record.
"""

from __future__ import annotations

import logging
import math
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal, TypeVar

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from structlog.typing import EventDict

FAST_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Buckets for what one process does by itself, in s."""

SLOW_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 2.0, 5.0)
"""Buckets for what waits for the store, a batch or a tick, in s."""

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)

BYTES = (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)

PRIVATE_FIELDS = frozenset(
    {"text", "name", "token", "secret", "sub", "payload", "comment_text", "message"}
)
"""Fields that a log entry may not have."""


Metric = TypeVar("Metric", Counter, Gauge)


class ByLabel(dict[str, Metric]):
    """A metric's children by the values of its one label, for what happens at every viewer's entry
    or message: found in 0.1 us, where ``labels`` takes 0.9."""

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        self._metric: Metric = metric

    def __missing__(self, value: str) -> Metric:
        child = self[value] = self._metric.labels(value)
        return child


class _Tally(dict[str, int]):
    """Counts by name, for what happens at every message: 0.1 us, where a ``Counter`` takes 0.4."""

    def __missing__(self, name: str) -> int:
        return 0


class Durations(Collector):
    """A histogram of one thread, for what happens at every message: 0.2 us, where a ``Histogram``,
    which locks, takes 1.0. Scrapes read it in another thread and may miss the last one."""

    def __init__(self, name: str, words: str, buckets: Sequence[float]) -> None:
        self._name, self._words = name, words
        self._bounds = (*buckets, math.inf)
        self._counts = [0] * len(self._bounds)
        self._sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum_s += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return the metric; called at every scrape."""
        counts = accumulate(self._counts)
        buckets = [
            ("+Inf" if bound == math.inf else repr(bound), count)
            for bound, count in zip(self._bounds, counts, strict=True)
        ]
        yield HistogramMetricFamily(self._name, self._words, buckets, self._sum_s)


class Metrics:
    """All metrics of one process, in a registry of their own, with the process's memory, CPU time
    and open files."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Else each series has a second one, for the time when it began.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(f"grandstand_{name}", words, labels, registry=registry)

        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"grandstand_{name}", words, labels, registry=registry)

        def histogram(name: str, words: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"grandstand_{name}", words, buckets=buckets, registry=registry)

        self._build = gauge("build_info", "What runs; always 1", "version", "durability")
        self.connections = ByLabel(gauge("connections", "Open viewer connections", "codec"))
        self.handshakes_refused = counter(
            "handshakes_refused_total", "Upgrades answered by HTTP", "code"
        )
        self.welcomes = ByLabel(counter("welcomes_total", "Welcomes sent", "kind"))
        self.messages = _Tally()
        self.read_counter("messages", "Messages from viewers", "type", lambda: self.messages)
        self.errors = counter("errors_total", "Errors sent to viewers", "code")
        self.closes = counter("closes_total", "Connections closed by us", "code")
        self.secrets_differ = gauge(
            "secrets_differ", "Servers of this store that check tokens by other secrets"
        )
        self.viewers_waiting = gauge("viewers_waiting", "Viewers who wait to come in")
        self.viewers_behind = gauge("viewers_behind", "Viewers who don't read")
        self.batch_messages = histogram("batch_messages", "Messages per micro-batch", COUNTS)
        self.answer_seconds = Durations(
            "grandstand_answer_seconds", "From a comment or vote to its answer", SLOW_S
        )
        registry.register(self.answer_seconds)
        self.moderation_seconds = histogram(
            "moderation_seconds", "Judging the comments of one batch", SLOW_S
        )
        self.verdicts = counter(
            "verdicts_total", "Comments judged, by action and its category", "action", "category"
        )
        models = ModelsMetrics(registry)
        self.scorer = models.of("scorer", "comments")
        self.forecasts = models.of("forecasts", "moments")
        self.append_seconds = histogram("append_seconds", "Appends to the store", SLOW_S)
        self.commit_seconds = histogram("commit_seconds", "Commits to the store", SLOW_S)
        self.fan_out_seconds = histogram(
            "fan_out_seconds", "Writing to up to 1,000 viewers in one go", FAST_S
        )
        self.frame_bytes = histogram("frame_bytes", "Size of numbered frames as msgpack", BYTES)
        self.writes = counter(
            "writes_total", "Writes of frames, of several where they came together, to a viewer"
        )
        self.sent_bytes = counter("sent_bytes_total", "Bytes of frames given to viewers' sockets")
        self.replica_reloads = counter(
            "replica_reloads_total", "Rooms read anew from the store after a gap"
        )
        self.store_up = gauge("store_up", "Whether the store answers")
        self.store_clock_jump = gauge(
            "store_clock_jump_seconds",
            "By how much the store's clock jumped, until accepted",
        )
        self.room_clock_ahead = gauge(
            "room_clock_ahead_seconds", "How long the clock of a room will stand still, the longest"
        )
        self.rooms = gauge("rooms", "Rooms in the store; each is sequenced by one process")
        self.leases_held = gauge("leases_held", "Rooms sequenced by this process")
        self.sequencing_seconds = histogram(
            "sequencing_seconds", "From the store to the commit, the longest wait of a tick", SLOW_S
        )
        self.tick_entries = histogram("tick_entries", "Entries read by one tick", COUNTS)
        self.put_aside = counter(
            "events_put_aside_total", "Events that could not be sequenced and have no effect"
        )
        # Prometheus gives ``job`` a meaning of its own.
        self.job_behind = gauge(
            "job_behind_seconds", "Age of the oldest commit a job has to do with", "room_job"
        )
        self.job_failures = counter(
            "job_failures_total", "Jobs of rooms that failed and are started again", "room_job"
        )
        self.archive_up = gauge("archive_up", "1 while the archive does what it is asked")
        self.archive_up.set(1)
        self.archive_failures = counter(
            "archive_failures_total", "What the archive was asked and didn't do"
        )
        self.job_missed = counter(
            "job_missed_commits_total", "Commits that a job that lagged never sees", "room_job"
        )
        self.highlights = counter(
            "highlights_total", "Moments at which the audience of a room stirred"
        )
        self.cards = counter(
            "cards_total", "Cards that rules found, by whom they are for", "audience"
        )
        self.card_updates_refused = counter(
            "card_updates_refused_total", "Updates that rules didn't look at, since a feed floods"
        )
        self.effect_attempts = counter(
            "effect_attempts_total", "Attempts to carry out an effect's action", "status"
        )
        self.refused = counter(
            "comments_refused_total", "Comments refused since more was said than a room can take"
        )
        self.comments = counter(
            "comments_total", "Comments sequenced, by what became of them", "fate"
        )

    def built(self, version: str, durability: str) -> None:
        """Set which version runs, and what an ack of its store promises."""
        self._build.labels(version, durability).set(1)

    def ticked(
        self, entries: int, waited_ms: float, shown: int, merged: int, overflow: int
    ) -> None:
        """Count a committed tick whose oldest entry had been in the store for ``waited_ms``."""
        self.tick_entries.observe(entries)
        self.sequencing_seconds.observe(max(waited_ms, 0) / 1000)
        self.comments.labels("shown").inc(shown)
        self.comments.labels("merged").inc(merged)
        self.comments.labels("overflow").inc(overflow)

    def read_counter(
        self, name: str, words: str, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        """Export counts that a part keeps by itself: ``read`` returns them by the values of
        ``label``."""
        self.registry.register(_ReadCounter(f"grandstand_{name}", words, label, read))


class ParentMetrics:
    """The metrics of the process that starts the others, if a server has several: ``workers`` by
    name."""

    def __init__(self, registry: CollectorRegistry, workers: Iterable[str]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry
        ProcessCollector(registry=registry)
        self.workers = Gauge("grandstand_workers", "Workers that serve", registry=registry)
        self.restarts = Counter(
            "grandstand_worker_restarts_total",
            "Workers started again after they had ended",
            ["of"],
            registry=registry,
        )
        self.hung = Counter(
            "grandstand_workers_hung_total",
            "Workers ended by their parent because their event loop had stood still",
            ["of"],
            registry=registry,
        )
        for name in workers:
            self.restarts.labels(name)
            self.hung.labels(name)


class ModelsMetrics:
    """Of all models of a process, which also run where nobody measures: then without a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._registry = registry
        self._in_use = Gauge(
            "grandstand_model_info",
            "The models in use; always 1",
            ["model", "version"],
            registry=registry,
        )
        self._reloads = Counter(
            "grandstand_model_reloads_total",
            "Models put in place of another: taken into use (ok), or refused (failed)",
            ["model", "outcome"],
            registry=registry,
        )

    def of(self, name: str, inputs: str) -> ModelMetrics:
        """Return the metrics of one model; ``inputs`` is the field's word for what it takes."""
        return ModelMetrics(name, inputs, self._in_use, self._reloads, self._registry)


class ModelMetrics:
    """Of one model."""

    def __init__(
        self,
        name: str,
        inputs: str,
        in_use: Gauge,
        reloads: Counter,
        registry: CollectorRegistry | None,
    ) -> None:
        self._name = name
        self._in_use = in_use
        self._version = ""
        self._reloads = reloads
        for outcome in ("ok", "failed"):
            reloads.labels(name, outcome)

        def histogram(what: str, words: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"grandstand_{name}_{what}", words, buckets=buckets, registry=registry)

        self.batch_inputs = histogram(
            f"batch_{inputs}", f"Distinct {inputs} that the model took together", COUNTS
        )
        self.queue_seconds = histogram(
            "queue_seconds", "From a batch's coming to the model's queue to its beginning", SLOW_S
        )
        self.seconds = histogram("seconds", "The model's work on what goes together", SLOW_S)

    def uses(self, version: str) -> None:
        """Tell which version is in use; '' for none."""
        if self._version:
            self._in_use.remove(self._name, self._version)
        self._version = version
        if version:
            self._in_use.labels(self._name, version).set(1)

    def reloaded(self, outcome: Literal["ok", "failed"]) -> None:
        """Count a model that was put in place of the one in use."""
        self._reloads.labels(self._name, outcome).inc()


class _ReadCounter(Collector):
    def __init__(
        self, name: str, words: str, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        self._name, self._words, self._label, self._read = name, words, label, read

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Return the metric; called at every scrape."""
        family = CounterMetricFamily(self._name, self._words, labels=[self._label])
        for value, count in self._read().items():
            family.add_metric([value], count)
        yield family


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape_event(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    """Escape the control characters of an entry's words, which may quote a stranger's.

    structlog does so for the values. JSON does it for everything.
    """
    entry["event"] = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], str(entry["event"]))
    return entry


def configure_logging(level: str, as_json: bool) -> None:
    """Set up structlog and the standard library's loggers in one form, on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        withhold_private,
    ]
    renderer: Any
    if as_json:
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    else:
        shared.append(structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False))
        shared.append(escape_event)
        renderer = structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback,
            colors=sys.stderr.isatty(),
            pad_event_to=20,
            sort_keys=False,
        )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("uvicorn", "websockets", "asyncio", "simpleobsws"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def withhold_private(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Remove what a log may not contain, should some code have put it in."""
    for field in PRIVATE_FIELDS & event.keys():
        event[field] = "withheld"
    return event
