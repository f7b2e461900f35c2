"""Tests wait for what happens: none waits by the clock, or gives up on a busy machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.waiting import PATIENCE_S, until, wait_until

TESTS = Path(__file__).parent
ROOT = TESTS.parent

MAY_WAIT = {
    "attacks/sequencing.py": "a process that hangs is what is to be survived",
    "edge/test_patience.py": "by a clock that jumps, and costs no time",
    "edge/test_session.py": "as long as the answer says when one may speak again",
    "forecasts/test_models.py": "sees that something doesn't end, as far as can be seen",
    "leader/test_crowd_forecasting.py": "takes time without CPU, as a busy machine does",
    "proxy.py": "delays what it passes on, as it is told to",
    "soak/cluster_kills.py": "looks for how long its own loop stands still",
    "soak/effect_kills.py": "kills at any moment, whatever happens then",
    "system/test_ceiling.py": "slows a sequencer down, so that a small flood is too much for it",
    "system/test_limits.py": "as long as the answer says when one may speak again",
    "test_timeouts.py": "a time limit is what is tested",
    "translation/services.py": "an endpoint that never stops answering takes its time",
    "viewer.py": "a client's back-off, and what an answer asks it to wait",
    "waiting.py": "how all others wait",
}
"""Files that may wait by the clock, and why."""

JS_MAY_WAIT = {
    "live.test.js": "looks now and again; and how fast somebody talks",
    "lurker.test.js": "looks now and again; and plays the server's end of a socket",
    "proxy.js": "delays what it passes on, as it is told to",
    "server.js": "looks now and again whether the server is ready",
}

SLEEPERS = {"asyncio", "gevent", "time"}


def number(node: ast.AST | None) -> float | None:
    """The number that stands there; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    return None


def waits(code: str) -> Iterator[tuple[int, str]]:
    """Lines that wait by the clock, or for less long than all others; and what they call."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        owner = getattr(node.func.value, "id", "") if isinstance(node.func, ast.Attribute) else ""
        first, last = (node.args[0], node.args[-1]) if node.args else (None, None)
        named = [word.value for word in node.keywords if word.arg in ("timeout", "timeout_s")]
        limit: float | None = None
        if name == "wait_for_timeout" or (
            name == "sleep" and owner in SLEEPERS and number(first) != 0
        ):
            yield node.lineno, name
        elif isinstance(node.func, ast.Name) and node.func.id == "timeout":
            name, limit = "timeout", number(first)
        elif name in ("wait_for", "settimeout", "wait", "communicate"):
            limit = next(map(number, named), number(last))
        elif named:
            limit = number(named[0])
        if limit is not None and 0 < limit < PATIENCE_S:
            yield node.lineno, name or "timeout"


FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py"))


def test_a_test_waits_for_what_happens() -> None:
    for file in FILES:
        found = list(waits((TESTS / file).read_text()))
        if file in MAY_WAIT:
            assert found, f"{file} waits no more: take it out of the table"
        else:
            assert found == [], f"{file}: see tests/waiting.py"


def test_the_table_names_files() -> None:
    assert set(MAY_WAIT) <= set(FILES)


def test_what_waits_by_the_clock_is_found_however_it_is_written() -> None:
    wrong = """
await asyncio.sleep(0.01)
time.sleep(pause_s)
async with timeout(5): pass
await asyncio.wait_for(task, 3)
process.wait(10)
process.communicate(timeout=20)
line.settimeout(5)
await page.wait_for_timeout(300)
subprocess.run(command, timeout=30)
"""
    assert sorted(line for line, _ in waits(wrong)) == list(range(2, 11))
    right = """
await asyncio.sleep(0)
async with timeout(PATIENCE_S): pass
await asyncio.wait_for(task, PATIENCE_S)
process.wait()
await event.wait()
await asyncio.wait([task])
subprocess.run(command, timeout=60)
"""
    assert list(waits(right)) == []


def test_the_browser_s_tests_wait_for_what_happens_too() -> None:
    folder = ROOT / "client_demo" / "tests"
    waiting = {path.name for path in folder.glob("*.js") if "setTimeout" in path.read_text()}
    assert waiting == JS_MAY_WAIT.keys()
    assert not re.search(r"pause\([\d_]+\)", (folder / "live.test.js").read_text())


async def test_what_holds_is_waited_for_whether_it_is_asked_or_awaited() -> None:
    looks = 0

    def holds() -> bool:
        nonlocal looks
        looks += 1
        return looks % 3 == 0

    async def comes_to_hold() -> bool:
        return holds()

    await until(holds)
    await until(comes_to_hold)
    wait_until(holds)
    assert looks == 9
