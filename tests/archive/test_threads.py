"""Calls that block have threads, and one that never comes back holds up no exit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from functools import partial

import pytest
from grandstand.archive.threads import Threads

from tests.waiting import until

HANGS = """
import asyncio, threading
from grandstand.archive.threads import Threads

async def main():
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    threads = Threads("test", 1)

    def hang():
        loop.call_soon_threadsafe(begun.set)
        threading.Event().wait()

    hanging = asyncio.ensure_future(threads.run(hang))
    await begun.wait()
    hanging.cancel()
    threads.close()

asyncio.run(main())
"""


async def test_calls_return_and_raise_what_they_do() -> None:
    threads = Threads("test", 2)
    calls = [partial(divmod, n, 4) for n in range(9)]
    assert await asyncio.gather(*map(threads.run, calls)) == [divmod(n, 4) for n in range(9)]
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    threads.close()


async def test_a_call_that_waits_and_is_cancelled_is_not_made() -> None:
    threads, free, made = Threads("test", 1), threading.Event(), list[str]()

    def make(name: str) -> None:
        made.append(name)
        free.wait(60)

    first = asyncio.ensure_future(threads.run(partial(make, "first")))
    await until(lambda: made == ["first"])
    second = asyncio.ensure_future(threads.run(partial(make, "second")))
    third = asyncio.ensure_future(threads.run(partial(make, "third")))
    await asyncio.sleep(0)
    second.cancel()
    first.cancel()  # it runs: it goes on
    await asyncio.wait({first, second})
    free.set()
    await third
    assert made == ["first", "third"]
    threads.close()


def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], timeout=60, check=False)
    assert done.returncode == 0
