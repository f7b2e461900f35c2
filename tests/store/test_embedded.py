from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from grandstand.errors import OperatorError
from grandstand.store import embedded
from grandstand.store.connection import connect
from grandstand.store.embedded import EmbeddedStore
from grandstand.store.reader import Reader
from grandstand.store.store import retry_until
from grandstand.store.topology.single import Single
from grandstand.tasks import cancel_all
from redis.asyncio import Redis

from tests.processes import is_running
from tests.valkey import valkey
from tests.waiting import until

# Starts the store as a process of its own would, writes, tells its pid and waits to be killed.
PARENT = """
import asyncio, sys
from pathlib import Path
from grandstand.store.connection import connect
from grandstand.store.embedded import EmbeddedStore

async def main():
    store = EmbeddedStore(Path(sys.argv[1]))
    redis = connect(await store.start())
    await redis.set("written", "before the kill")
    print(store.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Redis]:
    redis = connect(url)
    try:
        yield redis
    finally:
        await redis.aclose()


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[int]:
    """Start a store in another process, ``kill -9`` that: the pid of the Valkey which lives on."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    yield pid
    if is_running(pid):
        os.kill(pid, signal.SIGKILL)


async def test_a_valkey_that_outlived_its_parent_is_adopted_and_stopped(
    tmp_path: Path, orphan: int
) -> None:
    store = EmbeddedStore(tmp_path)
    url = await store.start()
    assert (store.adopted, store.pid) == (True, orphan)
    async with client(url) as redis:
        assert await redis.get("written") == b"before the kill"
    await store.stop()
    assert not is_running(orphan)


async def test_a_living_valkey_that_does_not_answer_is_never_doubled(
    tmp_path: Path, orphan: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ADOPT_TIMEOUT_S", 0.1)
    monkeypatch.setattr(embedded, "ANSWER_TIMEOUT_S", 0.1)
    os.kill(orphan, signal.SIGSTOP)
    with pytest.raises(OperatorError, match=f"pid {orphan}.* does not answer.*kill -CONT {orphan}"):
        await EmbeddedStore(tmp_path).start()
    os.kill(orphan, signal.SIGCONT)
    store = EmbeddedStore(tmp_path)
    await store.start()
    assert store.adopted
    await store.stop()


async def test_a_valkey_whose_settings_were_changed_is_not_adopted(
    tmp_path: Path, orphan: int
) -> None:
    async with client(f"unix://{tmp_path}/valkey.sock") as redis:
        await redis.config_set("appendfsync", "everysec")
        with pytest.raises(OperatorError, match=rf"appendfsync everysec.*kill {orphan}"):
            await EmbeddedStore(tmp_path).start()
        await redis.config_set("appendfsync", "always")
    async with valkey(tmp_path):
        pass


async def test_a_second_start_on_one_folder_is_refused(tmp_path: Path) -> None:
    async with valkey(tmp_path):
        with pytest.raises(OperatorError) as caught:
            await EmbeddedStore(tmp_path).start()
    assert str(caught.value) == (
        f"{tmp_path} is in use by another grandstand (pid {os.getpid()}): "
        "stop it, or give --data-dir another folder"
    )
    async with valkey(tmp_path):
        pass


async def test_what_was_written_survives_a_restart(tmp_path: Path) -> None:
    async with valkey(tmp_path) as url, client(url) as redis:
        await redis.set("x", "kept")
    async with valkey(tmp_path) as url, client(url) as redis:
        assert await redis.get("x") == b"kept"


async def test_what_was_written_survives_valkeys_own_kill(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    async with client(await store.start()) as redis:
        await redis.set("x", "kept")
        assert store.pid is not None
        os.kill(store.pid, signal.SIGKILL)
    await store.stop()
    async with valkey(tmp_path) as url, client(url) as redis:
        assert await redis.get("x") == b"kept"


async def test_a_long_loading_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with valkey(tmp_path) as url, client(url) as redis:
        pipe = redis.pipeline(transaction=False)
        for number in range(4000):
            pipe.set(f"key:{number}", "kept")
        await pipe.execute()
    slow = "key-load-delay 100\n"  # us for each; clients are answered every 1,024
    configuration = embedded.configuration
    monkeypatch.setattr(embedded, "configuration", lambda *paths: configuration(*paths) + slow)
    monkeypatch.setattr(embedded, "START_TIMEOUT_S", 0.3)
    store = EmbeddedStore(tmp_path)
    async with client(await store.start()) as redis:
        assert await redis.dbsize() == 4000
    await store.stop()


async def test_stopping_leaves_no_process_and_no_socket(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    await store.start()
    pid = store.pid
    assert pid is not None
    assert is_running(pid)
    await store.stop()
    assert not is_running(pid)
    assert not (tmp_path / "valkey.sock").exists()
    await store.stop()


async def test_a_stuck_valkey_is_killed_when_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ANSWER_TIMEOUT_S", 0.1)
    store = EmbeddedStore(tmp_path)
    await store.start()
    pid = store.pid
    assert pid is not None
    monkeypatch.setattr(embedded, "STOP_TIMEOUT_S", 0.1)
    os.kill(pid, signal.SIGSTOP)
    await store.stop()
    assert not is_running(pid)


async def test_valkey_is_out_of_reach_of_the_terminals_interrupt(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    await store.start()
    assert store.pid is not None
    assert os.getsid(store.pid) != os.getsid(0)
    await store.stop()


async def test_valkey_runs_as_our_promises_need_it(tmp_path: Path) -> None:
    async with valkey(tmp_path) as url, client(url) as redis:
        config = await redis.config_get("*")
    assert "pubsub 268435456 134217728 60" in (config["client-output-buffer-limit"] or "")
    assert {
        "port": "0",
        "dir": str(tmp_path),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "aof-use-rdb-preamble": "yes",
        "maxmemory-policy": "noeviction",
        "unixsocketperm": "700",
    }.items() <= config.items()


@pytest.mark.parametrize("name", ["a space", 'quote"and\\backslash', "übertragung 直播", "a%20b"])
async def test_any_name_of_a_folder_will_do(name: str) -> None:
    with TemporaryDirectory() as short:  # a socket's path may have 107 bytes
        folder = Path(short) / name
        async with valkey(folder) as url, client(url) as redis:
            assert await redis.ping()
            assert (folder / "valkey.sock").is_socket()


async def test_a_corrupt_file_is_told_with_the_logs_last_line(tmp_path: Path) -> None:
    async with valkey(tmp_path) as url, client(url) as redis:
        await redis.set("x", "kept")
    [file] = (tmp_path / "appendonlydir").glob("*.incr.aof")
    file.write_bytes(b"not a command\r\n" + file.read_bytes())
    with pytest.raises(OperatorError) as caught:
        await EmbeddedStore(tmp_path).start()
    assert "Bad file format reading the append only file" in str(caught.value)
    assert str(tmp_path / "valkey.log") in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_start_that_is_given_up_leaves_no_valkey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def never(self: EmbeddedStore) -> str:
        asked.set()
        await asyncio.Event().wait()
        return "no"

    store = EmbeddedStore(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedStore, "_answers", never)
        starting = asyncio.create_task(store.start())
        await asked.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    async with valkey(tmp_path):
        pass


async def test_a_valkey_that_ends_by_itself_is_started_again_with_what_it_acknowledged(
    tmp_path: Path,
) -> None:
    store = EmbeddedStore(tmp_path)
    url = await store.start()
    watching = asyncio.create_task(store.watch())
    try:
        async with client(url) as redis:
            await redis.set("x", "kept")
        assert store.pid is not None
        before = store.pid
        os.kill(before, signal.SIGKILL)
        await until(lambda: store.pid != before)
        async with client(url) as redis:
            reader = Reader(Single(redis))
            assert await retry_until(lambda: reader.ask("GET", "x"), patience_s=10) == b"kept"
    finally:
        await cancel_all([watching])
        await store.stop()
