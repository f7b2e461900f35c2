"""The embedded store's data folder: its owner, its locks, and the place of its socket.

Two locks, both held by open files and so released by the kernel however a process ends: ``lock``
belongs to the one Grandstand that uses the folder, ``valkey.lock`` to its Valkey (``embedded``).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from grandstand.errors import OperatorError

MAX_SOCKET_PATH_BYTES = 103
"""``sun_path`` has 104 bytes on macOS and 108 on Linux, a closing zero included."""

_OURS = frozenset(
    {"lock", "valkey.lock", "valkey.conf", "valkey.log", "valkey.pid", "valkey.sock"}
    | {"appendonlydir", "archive"}
)


def prepared(data_dir: Path) -> Path:
    """Create or check the data folder and return its resolved path."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(data_dir, error) from error
    return checked(data_dir)


def checked(data_dir: Path) -> Path:
    """Return the resolved path of an existing data folder; changes nothing. Raises
    OperatorError."""
    try:
        resolved = data_dir.resolve(strict=True)
        owner = resolved.stat().st_uid
        names = {entry.name for entry in resolved.iterdir()}
    except OSError as error:
        raise _unusable(data_dir, error) from error
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


def _unusable(data_dir: Path, error: OSError) -> OperatorError:
    advice = "give --data-dir another folder"
    if isinstance(error, FileExistsError | NotADirectoryError):
        return OperatorError(f"{error.filename} is not a folder: {advice}")
    return OperatorError(f"{data_dir} can't be used ({error.strerror}): {advice}")


def holder(path: Path) -> int | None:
    """Return the process that holds a lock file's lock, as Linux reports it without taking it; else
    None."""
    try:
        at = path.stat()
        table = Path("/proc/locks").read_text("ascii")
    except OSError:
        return None
    place = f"{os.major(at.st_dev):02x}:{os.minor(at.st_dev):02x}:{at.st_ino}"
    for row in table.splitlines():
        fields = row.split()
        if "FLOCK" in fields and place in fields:
            return int(fields[fields.index(place) - 1])
    return None


def opened(path: Path) -> int:
    """Open a lock file. Like every file in Python, it is closed in child processes unless passed
    on."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperatorError(
            f"{path} can't be written ({error.strerror}): "
            "make the folder writable, or give --data-dir another"
        ) from error


def try_lock(descriptor: int) -> bool:
    """Take an open file's lock if nobody has it; return whether it is ours now."""
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


def locked(data_dir: Path) -> int:
    """Take the folder for this process, for as long as the returned descriptor is open."""
    path = data_dir / "lock"
    descriptor = opened(path)
    try:
        if not try_lock(descriptor):
            raise OperatorError(
                f"{data_dir} is in use by another grandstand (pid {text_of(path) or 'unknown'}): "
                "stop it, or give --data-dir another folder"
            )
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def socket_place(data_dir: Path) -> Path:
    """Return where the socket goes: beside the data, or in a folder with a short name where that
    path would be too long."""
    path = data_dir / "valkey.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"gs-{os.geteuid()}-{digest}"
    return folder / "valkey.sock"


def socket_path(data_dir: Path) -> Path:
    """Return the path of the socket; its folder is made and private."""
    path = socket_place(data_dir)
    folder = path.parent
    if folder == data_dir:
        return path
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


def sync_files(data_dir: Path) -> None:
    """Bring to disk what a killed Valkey had written but not synced.

    The next Valkey will load it and answer resent requests from it as done, so it must not be lost
    after that.
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


def text_of(path: Path) -> str:
    """Return the content of a small file, empty if it isn't there."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
