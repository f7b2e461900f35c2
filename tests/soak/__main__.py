"""Repeat what one run may miss: `make soak`, about half an hour on two cores.

Each part is a process of its own. While the raced tests run again and again, as many burners as
there are cores run beside them. Prints a table, and what a part that failed said; ends with 1 then.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

BURN = "while True: pass"
RACED = ("leader", "sequencer", "system", "workers", "attacks")
WITH_STORES = ("system", "api", "edge", "leader", "sequencer", "replica", "recount")
"""What runs on a single store in ``make test``."""

TOLD_CHARS = 6000


@dataclass(frozen=True, slots=True)
class Part:
    """Something to repeat: a Python module with its arguments."""

    name: str
    command: tuple[str, ...]
    examples_times: int = 1
    beside_burners: bool = False
    topology: str = "single"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a part ended."""

    name: str
    took_s: float
    code: int
    output: str

    @property
    def last_line(self) -> str:
        """What the part said last."""
        return (self.output.strip().splitlines() or ["nothing"])[-1].strip("= ")


def tests(*paths: str) -> tuple[str, ...]:
    """The command that runs some tests."""
    where = [f"tests/{path}" for path in paths]
    return ("pytest", "-q", "--tb=short", "--numprocesses", "2", "--dist", "loadfile", *where)


def parts(rounds: int, kills: int, inputs: int, seed: int) -> Iterator[Part]:
    """What is repeated."""
    yield Part("the invariants' models", tests("invariants", "domain"), examples_times=3)
    yield Part("frames as they are cut", tests("edge/transport/test_inbound.py"), 10)
    seeded = ("--seed", f"{seed}")
    yield Part("workers killed", ("tests.soak.kills", "--kills", f"{kills}", *seeded))
    lost = ("--kills", f"{kills}", "--stops", f"{kills // 2}", "--out", os.devnull)
    yield Part("primaries killed, or stopped", ("tests.soak.cluster_kills", *lost))
    yield Part("servers replaced", ("tests.soak.rolling", "--viewers", "400"))
    yield Part(
        "killed before an effect", ("tests.soak.effect_kills", "--kills", f"{3 * kills}", *seeded)
    )
    yield Part("everything on a cluster", tests(*WITH_STORES), topology="cluster")
    yield Part("odd inputs", ("tests.fuzz", "--inputs", f"{inputs}", *seeded))
    for number in range(1, rounds + 1):
        yield Part(f"raced tests, round {number}", tests(*RACED), beside_burners=True)


@contextmanager
def burners(count: int) -> Iterator[None]:
    """Processes that take all the time there is, for the duration of the block."""
    with ExitStack() as stack:
        for _ in range(count):
            burner = subprocess.Popen([sys.executable, "-c", BURN])
            stack.callback(burner.wait)
            stack.callback(burner.kill)
        yield


def outcome(part: Part) -> Outcome:
    """Run a part to its end."""
    environment = {
        **os.environ,
        "EXAMPLES_TIMES": f"{part.examples_times}",
        "TOPOLOGY": part.topology,
    }
    began_s = time.monotonic()
    with burners(os.cpu_count() or 1 if part.beside_burners else 0):
        ended = subprocess.run(
            [sys.executable, "-m", *part.command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return Outcome(part.name, time.monotonic() - began_s, ended.returncode, ended.stdout)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 if a part failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="of the raced tests")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--inputs", type=int, default=1_500_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    given = parser.parse_args(arguments)
    print(f"seed {given.seed}")
    print(f"{'part':26}{'seconds':>8}  {'outcome':8}")
    failed = []
    for part in parts(given.rounds, given.kills, given.inputs, given.seed):
        ended = outcome(part)
        word = "failed" if ended.code else "well"
        print(f"{part.name:26}{ended.took_s:8.0f}  {word:8}{ended.last_line}", flush=True)
        failed += [ended] if ended.code else []
    for ended in failed:
        print(f"\n--- {ended.name}\n{ended.output[-TOLD_CHARS:]}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
