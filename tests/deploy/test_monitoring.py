"""What the dashboard shows and the alerts watch is what a running installation tells.

Every query is put to a real Prometheus that watches real servers with some traffic, one of them
with workers: a name or a label that doesn't exist has no series there.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
import yaml
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.deploy.composition import services
from tests.deploy.programs import DEPLOY, ROOT, told
from tests.deploy.topology import SCRAPE_MS, Topology, installation
from tests.viewer import viewing
from tests.waiting import until

DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "grandstand.json").read_text())
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
BAD_THINGS = {'"weak"': '"fsync"', '"overloaded|unavailable"': '"already_voted"'}
"""What doesn't happen in a healthy installation, and what does in its place."""

SCRAPES = 8
RATE_WINDOW = f"{SCRAPES * SCRAPE_MS}ms"


def queries() -> Iterator[Any]:
    """Every query of the dashboard, by its panel."""
    for panel in PANELS:
        for target in panel["targets"]:
            name = f"{panel['title']} {target['refId']}"
            yield pytest.param(target["expr"].replace("$__rate_interval", RATE_WINDOW), id=name)


def selectors(expression: str) -> list[str]:
    """The series that an expression names: a metric with its matchers of equal or alike."""
    bare = re.sub(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)", " ", expression)
    functions = re.compile(r"\b(?:and|or|unless|bool)\b|\b\w+(?=\s*\()")
    found = re.findall(r"[a-zA-Z_:][\w:]*(?:\{[^}]*\})?", functions.sub(" ", bare))
    return [each for each in found if not re.fullmatch(r"\d*(?:ms|s|m|h)", each)]


def test_selectors_are_found_in_an_expression() -> None:
    assert selectors('sum by (le, a) (rate(a_b{c="d"}[1m])) > 0.5 and on (x) e_f or vector(0)') == [
        'a_b{c="d"}',
        "e_f",
    ]


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    settings = {
        **services()["one"]["environment"],
        "GRANDSTAND_TRANSLATORS": "apertium",
        "GRANDSTAND_ASSISTANT": "openai:http://127.0.0.1:1/v1#tiny",
    }
    with installation(tmp_path_factory.mktemp("topology"), settings, workers=(1, 2)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(topology: Topology) -> AsyncIterator[Topology]:
    """Some of everything that can happen, over and over, for as long as the module's tests run."""
    door = topology.balancer
    room = door.make_room("watched", tick=50, moderation={"level": 2})
    body = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 600}
    poll = (await door.produce("POST", f"/v1/rooms/{room}/polls", body))["id"]
    rounds = 0

    async def happen() -> None:
        nonlocal rounds
        while True:
            async with AsyncExitStack() as stack:
                for server in (topology.one, topology.two):
                    viewer = await stack.enter_async_context(
                        viewing(server.url, room, door.token(f"viewer {rounds} {server.name}"))
                    )
                    await viewer.knows(poll)
                    await viewer.comment(f"what a night, number {rounds}")
                    await viewer.comment("you are a fucking idiot, kill yourself")
                    await viewer.vote(poll, 0)
                    await viewer.vote(poll, 1)
                    ban = f"/v1/rooms/{room}/viewers/{viewer.user}/ban"
                    await door.produce("POST", ban, {})
                    await viewer.hears("bye")
            with pytest.raises(InvalidStatus):
                async with connect(door.url.replace("http", "ws", 1) + "/nowhere", proxy=None):
                    pass
            rounds += 1

    happening = asyncio.create_task(happen())
    try:
        await until(lambda: happening.done() or rounds > 2)
        series = 'count(rate(grandstand_handshakes_refused_total[2s])) and on() up{part="balancer"}'
        await until(lambda: happening.done() or topology.query(series))
        yield topology
    finally:
        happening.cancel()
        await asyncio.wait([happening])
    if not happening.cancelled():
        happening.result()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("expression", [*queries()])
async def test_a_query_of_the_dashboard_has_an_answer(watched: Topology, expression: str) -> None:
    def answered() -> bool:
        series = watched.query(expression)
        return any(math.isfinite(value) for _, value in series)

    await until(answered)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
async def test_an_alert_watches_what_there_is(watched: Topology, rule: dict[str, Any]) -> None:
    found = selectors(rule["expr"])
    assert found
    for selector in found:
        metric = selector
        for bad, happens in BAD_THINGS.items():
            metric = metric.replace(bad, happens)
        await until(partial(watched.query, metric))


@pytest.mark.asyncio(loop_scope="module")
async def test_prometheus_reads_every_rule_and_sees_no_reason_for_an_alarm(
    watched: Topology,
) -> None:
    (group,) = watched.asked("rules")["groups"]
    assert {rule["name"] for rule in group["rules"]} == {rule["alert"] for rule in RULES}
    await until(lambda: all(rule["health"] == "ok" for rule in group["rules"]))
    firing = [rule["name"] for rule in group["rules"] if rule["state"] == "firing"]
    assert firing == []


def test_prometheus_finds_both_servers_and_the_balancer(topology: Topology) -> None:
    targets = topology.asked("targets")["activeTargets"]
    jobs = sorted(target["labels"]["job"] for target in targets)
    assert jobs == ["balancer", "grandstand", "grandstand"]


def test_prometheus_accepts_its_configuration() -> None:
    told("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")


def test_each_alert_fires_when_it_should_and_not_on_a_good_night() -> None:
    told("promtool", "test", "rules", ROOT / "tests" / "deploy" / "alerts.test.yml")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_is_tried_and_the_document_says_what_to_do(rule: dict[str, Any]) -> None:
    tried = yaml.safe_load((ROOT / "tests" / "deploy" / "alerts.test.yml").read_text())
    expected = {
        case["alertname"]
        for test in tried["tests"]
        for case in test["alert_rule_test"]
        if case.get("exp_alerts")
    }
    assert rule["alert"] in expected
    assert f"`{rule['alert']}`" in (ROOT / "docs" / "operators.md").read_text()


def test_every_panel_says_what_it_means_and_asks_the_source_that_is_provisioned() -> None:
    for panel in PANELS:
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["datasource"]["uid"] == "prometheus"


def test_panels_stand_beside_each_other_not_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        places = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & places, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= places
