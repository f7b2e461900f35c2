"""Simulate, print a table, and write the results."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
from grandstand.crowd.history import History
from grandstand.crowd.weights import decode
from grandstand.resources import audience_weights

from loadtest.crowd_simulation.audience import PEAK, audience, editions
from loadtest.crowd_simulation.entrance import Outcome
from loadtest.crowd_simulation.policies import SEATS, Policy, policies, run

RESULTS = Path(__file__).parent.parent / "results" / "crowd_simulation.json"
FIGURES = tuple(each.name for each in fields(Outcome))
OUTSIDE = {False: "refused", True: "a line"}


@dataclass(frozen=True)
class Spread:
    """Of one figure over all seeds."""

    mean: float
    least: float
    most: float


@dataclass(frozen=True)
class Row:
    """What one policy had in one edition."""

    edition: str
    policy: Policy
    figures: dict[str, Spread]


def compare(folder: Path, seeds: int) -> list[Row]:
    """Return a row for each edition and policy, with means over seeds, the least and the most."""
    weights = decode("weights.json", audience_weights().read_bytes())
    rows: list[Row] = []
    for name, show, past in editions(folder):
        history = History.of(past)
        people = [audience(show, history, weights, seed) for seed in range(seeds)]
        for policy in policies():
            outcomes = [run(who, policy) for who in people]
            rows.append(Row(name, policy, {each: _spread(outcomes, each) for each in FIGURES}))
    return rows


def _spread(outcomes: Sequence[Outcome], name: str) -> Spread:
    values = [getattr(each, name) for each in outcomes]
    mean = sum(values) / len(values)
    return Spread(round(mean, 1), round(min(values), 1), round(max(values), 1))


def same_hours(row: Row, rows: Sequence[Row]) -> dict[str, float]:
    """Return the means that thresholds have for the hours of a forecast; outside of what was tried,
    those of the nearest."""
    alike = [
        each
        for each in rows
        if each.edition == row.edition
        and each.policy == replace(row.policy, by="thresholds", of=each.policy.of)
    ]
    alike.sort(key=lambda each: each.figures["hours"].mean)
    hours = [each.figures["hours"].mean for each in alike]
    at = row.figures["hours"].mean
    return {
        name: round(float(np.interp(at, hours, [each.figures[name].mean for each in alike])), 1)
        for name in FIGURES
    }


def table(rows: Sequence[Row]) -> str:
    """Return the means as Markdown: of each forecast, and of thresholds for the same hours."""
    lines = [
        "| edition | ready in, s | what becomes of them | policy | hours | short, s | refused "
        "| gave up | came in late |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        if row.policy.by != "forecast":
            continue
        start = f"| {row.edition} | {row.policy.ready_s} | {OUTSIDE[row.policy.has_line]} |"
        own = {name: each.mean for name, each in row.figures.items()}
        for words, of in (
            (f"forecast, {row.policy.of:.0%} of the seats", own),
            ("thresholds for the same hours", same_hours(row, rows)),
        ):
            numbers = (of[name] for name in ("hours", "short_s", "refused", "gave_up", "waited"))
            lines.append(f"{start} {words} | {' | '.join(f'{each:,.0f}' for each in numbers)} |")
    return "\n".join(lines)


def main() -> None:
    """Compare, print, and write the results."""
    parser = argparse.ArgumentParser(description="Fixed thresholds against forecasts.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    rows = compare(given.folder, given.seeds)
    found = [asdict(row) | {"same_hours": _beside(row, rows)} for row in rows]
    made = {"seeds": given.seeds, "peak": PEAK, "seats": SEATS, "rows": found}
    given.results.write_text(json.dumps(made, indent=1) + "\n")
    print(table(rows))


def _beside(row: Row, rows: Sequence[Row]) -> dict[str, float] | None:
    return same_hours(row, rows) if row.policy.by == "forecast" else None


if __name__ == "__main__":
    main()
