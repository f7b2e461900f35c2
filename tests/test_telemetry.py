"""Metrics without global state, logs in two forms, and nobody's words in either."""

from __future__ import annotations

import ast
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import grandstand
import pytest
import structlog
from grandstand.telemetry import PRIVATE_FIELDS, Metrics, ModelsMetrics, configure_logging
from prometheus_client import CollectorRegistry, generate_latest

LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
UNITS = ("_seconds", "_bytes", "_total")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_two_processes_worth_of_metrics_live_beside_each_other() -> None:
    one, other = CollectorRegistry(), CollectorRegistry()
    Metrics(one).errors.labels("bad_time").inc()
    Metrics(other)
    assert one.get_sample_value("grandstand_errors_total", {"code": "bad_time"}) == 1
    assert other.get_sample_value("grandstand_errors_total", {"code": "bad_time"}) is None


def test_a_child_that_is_kept_counts_as_the_one_that_is_looked_up() -> None:
    registry = CollectorRegistry()
    welcomes = Metrics(registry).welcomes
    assert registry.get_sample_value("grandstand_welcomes_total", {"kind": "fresh"}) is None
    for _ in range(2):
        welcomes["fresh"].inc()
    assert registry.get_sample_value("grandstand_welcomes_total", {"kind": "fresh"}) == 2


def test_every_metric_has_our_prefix_and_counters_and_times_their_unit() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    ours = [each for each in registry.collect() if not each.name.startswith(("process", "python"))]
    assert ours
    for family in ours:
        assert family.name.startswith("grandstand_")
        assert family.documentation
        if family.type == "histogram" and not family.name.endswith(UNITS):
            assert family.name.rpartition("_")[2] in {
                "messages",
                "entries",
                "comments",
                "moments",
            }, family.name


def test_one_tick_counts_each_comment_by_its_fate_and_how_long_the_first_waited() -> None:
    registry = CollectorRegistry()
    Metrics(registry).ticked(entries=9, waited_ms=150, shown=4, merged=3, overflow=2)
    fates = {"shown": 4, "merged": 3, "overflow": 2}
    for fate, count in fates.items():
        assert registry.get_sample_value("grandstand_comments_total", {"fate": fate}) == count
    assert registry.get_sample_value("grandstand_tick_entries_sum") == 9
    assert registry.get_sample_value("grandstand_sequencing_seconds_sum") == 0.15


def test_a_wait_that_two_clocks_make_negative_is_none() -> None:
    registry = CollectorRegistry()
    Metrics(registry).ticked(entries=1, waited_ms=-3, shown=1, merged=0, overflow=0)
    assert registry.get_sample_value("grandstand_sequencing_seconds_sum") == 0


def test_what_runs_and_what_its_acks_promise_can_be_told_apart() -> None:
    registry = CollectorRegistry()
    Metrics(registry).built("1.2.3", "weak")
    labels = {"version": "1.2.3", "durability": "weak"}
    assert registry.get_sample_value("grandstand_build_info", labels) == 1


def test_counts_that_a_part_keeps_by_itself_are_read_at_each_scrape() -> None:
    registry = CollectorRegistry()
    counts = {"late": 1.0}
    Metrics(registry).read_counter("scored_comments", "Comments scored", "how", lambda: counts)
    counts["late"] = 7
    assert b'grandstand_scored_comments_total{how="late"} 7.0' in generate_latest(registry)


def test_one_model_is_in_use_and_the_outcomes_of_changing_it_are_there_from_the_start() -> None:
    registry = CollectorRegistry()
    scorer = Metrics(registry).scorer
    scorer.uses("1")
    scorer.uses("2")
    told = generate_latest(registry)
    assert b'grandstand_model_info{model="scorer",version="2"} 1.0' in told
    assert b'version="1"' not in told
    for outcome in (b"ok", b"failed"):
        expected = b'grandstand_model_reloads_total{model="scorer",outcome="%s"} 0.0' % outcome
        assert expected in told
    scorer.uses("")
    assert b'version="2"' not in generate_latest(registry)


def test_several_models_are_told_apart() -> None:
    registry = CollectorRegistry()
    models = ModelsMetrics(registry)
    one, other = models.of("one", "comments"), models.of("other", "games")
    one.uses("1")
    other.uses("1")
    one.uses("2")
    other.reloaded("failed")
    other.batch_inputs.observe(3)
    told = generate_latest(registry)
    assert b'grandstand_model_info{model="one",version="2"} 1.0' in told
    assert b'grandstand_model_info{model="other",version="1"} 1.0' in told
    assert b'grandstand_model_reloads_total{model="one",outcome="failed"} 0.0' in told
    assert b'grandstand_model_reloads_total{model="other",outcome="failed"} 1.0' in told
    assert b"grandstand_one_batch_comments_count 0.0" in told
    assert b"grandstand_other_batch_games_sum 3.0" in told


def test_json_logs_are_one_object_a_line_with_the_traceback_inside(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("info", as_json=True)
    try:
        raise ValueError("why")
    except ValueError:
        structlog.get_logger("a").exception("broken", room="gala")
    logging.getLogger("somebody.else").warning("their %s", "words")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["room"], first["level"]) == ("broken", "gala", "error")
    assert "ValueError: why" in first["exception"]
    assert (second["event"], second["level"]) == ("their words", "warning")


def test_on_a_terminal_logs_are_words_and_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", as_json=False)
    structlog.get_logger("a").info("serving", url="http://here")
    assert "serving" in (line := capsys.readouterr().err)
    assert "url=http://here" in line


def test_entries_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", as_json=True)
    structlog.get_logger("a").info("quiet")
    logging.getLogger("uvicorn.error").info("quiet too")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("field", sorted(PRIVATE_FIELDS))
def test_what_a_person_wrote_is_withheld_from_the_log(
    field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", as_json=True)
    structlog.get_logger("a").info("said", **{field: "my own words"})
    assert "my own words" not in capsys.readouterr().err


def test_no_call_in_the_package_logs_a_private_field() -> None:
    package = Path(sys.modules[grandstand.__name__].__file__ or "").parent
    faults = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LOG_METHODS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in {"log", "_log"}
            ):
                fields = {keyword.arg for keyword in node.keywords}
                faults += [f"{path.name}:{node.lineno} {each}" for each in fields & PRIVATE_FIELDS]
    assert not faults


@pytest.mark.parametrize("as_json", [True, False])
def test_a_strangers_value_makes_no_line_and_no_colour_of_its_own(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", as_json=as_json)
    odd = "a\nb\r\x1b[31mc\x9b31m\u2028d"
    structlog.get_logger("a").warning("jwks_key_unreadable", kid=odd)
    logging.getLogger("somebody.else").warning("odd request %s", odd)
    told = capsys.readouterr().err
    assert len(told.split("\n")) == 3
    assert not set(told) & set("\r\x1b\x9b\u2028")
