"""Fuzz every pure parser for long, in as many processes as there are cores: `make fuzz`.

Prints a row for each parser, and what escaped or took too long in base64, to be kept in its corpus;
ends with 1 then. ``--keep`` adds up to so many of the inputs whose outcome was new.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import msgspec

from tests.fuzz.target import CORPUS, MOST_MS, Report, Target
from tests.fuzz.targets import BY_NAME, MANIFESTS, TARGETS, run

MOST_KEPT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Row:
    """What a run found out of one parser; inputs in base64, each with what was wrong with it."""

    parser: str
    inputs: int
    outcomes: int
    slowest_ms: float
    slowest: str
    escaped: list[tuple[str, str]]
    slow: list[tuple[str, str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 if anything escaped or took too long."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=9_500_000, help="for all parsers together")
    parser.add_argument("--manifests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=BY_NAME, help="one parser")
    parser.add_argument("--out", type=Path, help="write the rows to this file, as JSON")
    parser.add_argument("--keep", type=int, default=0, help="new inputs to add to each corpus")
    given = parser.parse_args(arguments)
    targets = [BY_NAME[given.only]] if given.only else [*TARGETS, MANIFESTS]
    shares = sum(target.share for target in targets if target is not MANIFESTS)
    processes = os.cpu_count() or 1

    def inputs_of(target: Target) -> int:
        share = int(given.inputs) * target.share // max(1, shares)
        whole = int(given.manifests) if target is MANIFESTS else share
        return -(-whole // processes)

    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        runs = {
            target: [
                pool.submit(run, target.name, inputs_of(target), given.seed * 1000 + number)
                for number in range(processes)
            ]
            for target in targets
        }
        reports = {target: [each.result() for each in made] for target, made in runs.items()}
    rows = [_row(target, made) for target, made in reports.items()]
    print(f"{'parser':18}{'inputs':>12}{'outcomes':>10}{'slowest ms':>12}  escaped, slow")
    for row in rows:
        print(
            f"{row.parser:18}{row.inputs:12,}{row.outcomes:10,}{row.slowest_ms:12.2f}"
            f"  {len(row.escaped)}, {len(row.slow)}"
        )
    if given.out is not None:
        told = {"seed": given.seed, "most_ms": MOST_MS, "rows": rows}
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    for target, made in reports.items():
        _keep(target, made, given.keep)
    bad = [(row.parser, *each) for row in rows for each in (*row.escaped, *row.slow)]
    for name, data, why in bad:
        print(f"{name}: {why}\n  {data}", file=sys.stderr)
    return 1 if bad else 0


def _row(target: Target, reports: Sequence[Report]) -> Row:
    slowest = max(reports, key=lambda report: report.slowest_ms)
    return Row(
        parser=target.name,
        inputs=sum(report.inputs for report in reports),
        outcomes=max(report.outcomes for report in reports),
        slowest_ms=round(slowest.slowest_ms, 3),
        slowest=_text(slowest.slowest),
        escaped=[(_text(data), why) for each in reports for data, why in each.escaped],
        slow=[(_text(data), f"{ms:.0f} ms") for each in reports for data, ms in each.slow],
    )


def _keep(target: Target, reports: Sequence[Report], most: int) -> None:
    """Add the first new inputs that are short to the target's corpus."""
    known = set(target.seeds())
    found = [data for report in reports for data in report.found if len(data) <= MOST_KEPT_BYTES]
    fresh = [data for data in dict.fromkeys(found) if data not in known][:most]
    with (CORPUS / f"{target.name}.txt").open("a") as corpus:
        corpus.writelines(f"{_text(data)}\n" for data in fresh)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    sys.exit(main())
