from __future__ import annotations

from grandstand.api.exposition import together
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families


def told(count: int) -> str:
    registry = CollectorRegistry()
    Counter("said_total", "What was said", ["type"], registry=registry).labels('a "b" {c} d').inc(
        count
    )
    Gauge("here", "Who is here", registry=registry).set(count)
    Histogram("took_seconds", "How long", buckets=(1,), registry=registry).observe(count)
    return generate_latest(registry).decode()


def test_every_sample_of_every_process_stands_in_its_family_with_its_label() -> None:
    texts = {"1": told(1), "2": told(2)}
    merged = together(texts, "worker")
    families = list(text_string_to_metric_families(merged))
    assert len({family.name for family in families}) == len(families)
    found = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }
    wanted = {
        (sample.name, frozenset({**sample.labels, "worker": name}.items())): sample.value
        for name, text in texts.items()
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found == wanted
    assert merged.count("# HELP here") == merged.count("# TYPE here") == 1


def test_a_family_that_one_process_has_alone_is_told() -> None:
    assert 'here{worker="2"} 2.0' in together({"1": "", "2": told(2)}, "worker")
