"""How a run went: service levels, whether the load itself was the limit, and all figures."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from locust.env import Environment
from locust.stats import RequestStats, StatsEntry

from loadtest.users.options import Options
from loadtest.users.service_levels import Row, levels, limit

SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}


def milliseconds(response_time: float) -> int:
    """To the ms below 1 s, to 10 ms below 10 s: Locust's own steps are too wide for a p99."""
    step = 1 if response_time < 1000 else 10 if response_time < 10_000 else 100
    return round(response_time / step) * step


def rows(stats: RequestStats) -> dict[str, Row]:
    """Locust's table by name."""
    return {name: _row(entry) for (name, _), entry in stats.entries.items()}


def _row(entry: StatsEntry) -> Row:
    return Row(entry.num_requests, entry.get_response_time_percentile)


def judge(
    environment: Environment, processes: Mapping[str, dict[str, Any]], faults: list[str]
) -> bool:
    """Prints how it went, writes ``--result``, and says whether all levels were reached.

    ``processes`` are the figures of each; with ``faults`` the run isn't as it was asked for. Raises
    ValueError for levels that can't be read.
    """
    assert environment.parsed_options is not None
    options = Options.of(environment.parsed_options)
    table = rows(environment.stats)
    judged = [level.judge(table) for level in levels(options.slo or None)]
    errors = 0 if environment.runner is None else len(environment.runner.exceptions)
    judged += [(False, fault) for fault in faults]
    if errors:
        judged.append((False, f"errors of the load's own code: {errors}"))
    limited = limit(table)
    print("\nService levels")
    for reached, words in judged:
        print(f"  {'reached' if reached else 'MISSED '}  {words}")
    print(f"  {limited or 'the load generator kept up'}")
    if options.result:
        _write(Path(options.result), options, table, judged, limited, processes)
    return all(reached for reached, _ in judged)


def _write(
    target: Path,
    options: Options,
    table: Mapping[str, Row],
    judged: list[tuple[bool, str]],
    limited: str | None,
    processes: Mapping[str, dict[str, Any]],
) -> None:
    told = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "options": {name: getattr(options, name) for name in options.__dataclass_fields__},
        "reached": all(reached for reached, _ in judged),
        "levels": [{"reached": reached, "words": words} for reached, words in judged],
        "limited_by_the_load_itself": limited,
        "rows": {
            name: {"count": row.count}
            | {share: row.percentile(part) for share, part in SHARES.items() if row.count}
            for name, row in sorted(table.items())
        },
        "processes": list(processes.values()),
    }
    target.write_text(json.dumps(told, indent=1) + "\n")
