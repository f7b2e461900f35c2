"""An audience for Locust, run from the folder that holds ``loadtest``.

    .venv/bin/locust -f loadtest/locustfile.py --host http://127.0.0.1:8000

``Viewer`` is one viewer with the whole behaviour, ``BulkViewers`` hundreds of seats for numbers,
``Lurker`` hundreds of viewers without a socket, ``Producer`` the polls and cues. A run ends with
exit code 1 if a service level is missed.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import gevent
from locust import events, stats
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import STATE_RUNNING, LocalRunner, MasterRunner, WorkerRunner

from loadtest.users import options, outcome
from loadtest.users.bulk_viewers import BulkViewers
from loadtest.users.lurker import Lurker
from loadtest.users.producer import Producer
from loadtest.users.room import RoomError, open_room
from loadtest.users.run_context import RunContext
from loadtest.users.service_levels import levels
from loadtest.users.viewer import Viewer

__all__ = ["BulkViewers", "Lurker", "Producer", "Viewer"]

stats.bucket_response_time = outcome.milliseconds

_FIGURES = "grandstand"

WATCH_S = 1.0

REPORTED_WITHIN_S = 20.0
"""So long a run of several processes waits for the last reports."""


def _viewers(users: dict[str, int]) -> int:
    """Return how many of them are there to watch, by the names of their classes."""
    return sum(count for name, count in users.items() if name != Producer.__name__)


def _declare(parser: LocustArgumentParser) -> None:
    options.declare(parser)


def _attach(environment: Environment, **_: Any) -> None:
    """What one process tells the other, and what is done at the ends of a run."""
    assert environment.parsed_options is not None
    levels(environment.parsed_options.slo or None)  # a wrong one ends the run before it begins
    processes: dict[str, dict[str, Any]] = {}
    faults: list[str] = []
    reports: Counter[str] = Counter()
    is_worker = isinstance(environment.runner, WorkerRunner)
    is_master = isinstance(environment.runner, MasterRunner)

    def begin(**_: Any) -> None:
        """A run without the room that was asked for ends at once."""
        processes.clear()
        RunContext.begin(environment)
        if not is_worker:
            faults[:] = ["the room: the run was over before it was open"]
            try:
                open_room(environment)
                faults.clear()
            except RoomError as error:
                faults.clear()
                give_up(f"the room: {error}")

    def give_up(fault: str) -> None:
        """End the run before its time."""
        assert environment.parsed_options is not None
        assert environment.runner is not None
        faults.append(fault)
        print(fault)
        is_headless = environment.parsed_options.headless
        gevent.spawn(environment.runner.quit if is_headless else environment.runner.stop)

    def spawned(**_: Any) -> None:
        RunContext.of(environment).all_spawned = True
        runner = environment.runner
        if isinstance(runner, LocalRunner | MasterRunner) and _viewers(
            runner.target_user_classes_count
        ):
            gevent.spawn(watch, runner)

    def watch(runner: LocalRunner | MasterRunner) -> None:
        """A run whose viewers were all turned away for good ends.

        What a process reported before it had any viewers says nothing: the second report counts.
        """
        before = Counter(reports)
        while runner.state == STATE_RUNNING:
            gevent.sleep(WATCH_S)
            if isinstance(runner, MasterRunner) and any(
                reports[each.id] < before[each.id] + 2 for each in runner.clients.all
            ):
                continue
            here = (
                runner.user_classes_count
                if isinstance(runner, LocalRunner)
                else runner.reported_user_classes_count
            )
            if runner.state == STATE_RUNNING and not _viewers(here):
                give_up("no viewer is left: all were turned away, and the rows say how")

    def end(**_: Any) -> None:
        if not is_master:
            run_context = RunContext.of(environment)
            run_context.close()
            processes["here"] = run_context.figures

    def report(data: dict[str, Any], **_: Any) -> None:
        data[_FIGURES] = processes.get("here")

    def reported(client_id: str, data: dict[str, Any], **_: Any) -> None:
        reports[client_id] += 1
        if data.get(_FIGURES):
            processes[client_id] = data[_FIGURES]

    def gather(**_: Any) -> None:
        """Locust itself would wait for half a second, and do without whoever is slower."""
        assert environment.parsed_options is not None
        assert isinstance(environment.runner, MasterRunner)
        if not environment.parsed_options.headless:
            return  # the web page's stop leaves its processes running, and they report
        awaited = {each.id for each in environment.runner.clients.all}
        environment.runner.send_message("quit")
        deadline_s = time.monotonic() + REPORTED_WITHIN_S
        while not awaited <= processes.keys() and time.monotonic() < deadline_s:
            gevent.sleep(0.05)
        unheard = len(awaited - processes.keys())
        if unheard:
            faults.append(f"processes of the load that didn't report at the end: {unheard}")

    def judge(**_: Any) -> None:
        if environment.runner is not None:
            environment.runner.quit()
        environment.process_exit_code = 0 if outcome.judge(environment, processes, faults) else 1

    environment.events.test_start.add_listener(begin)
    environment.events.spawning_complete.add_listener(spawned)
    environment.events.test_stopping.add_listener(end)
    if is_master:
        environment.events.test_stop.add_listener(gather)
    if is_worker:
        environment.events.report_to_master.add_listener(report)
    else:
        environment.events.worker_report.add_listener(reported)
        environment.events.quitting.add_listener(judge)


events.init_command_line_parser.add_listener(_declare)
events.init.add_listener(_attach)
