"""Where the archive's files lie: a folder of this machine, or any place that ``fsspec`` reaches.

Calls block; ``archive.archive`` makes them in threads. A file is whole or not there: a folder gets
it by a rename, an object store by one request. Elsewhere a file may be seen in part; its checksum
tells.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from grandstand.errors import OperatorError


class Storage(Protocol):
    """Files by paths with slashes. Any call raises what the place raises."""

    def read(self, path: str) -> bytes:
        """Return a file. Raises FileNotFoundError."""

    def write(self, path: str, data: bytes) -> None:
        """Write a file, with the folders that lead there; it is on disk once this returns."""

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none if there is no such folder."""

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that it has; do nothing if there is none."""


class Folder:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        """Return a file. Raises FileNotFoundError."""
        return (self._root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """Write a file beside, and rename it."""
        whole = self._root / path
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = whole.parent / f".{whole.name}.{secrets.token_hex(4)}"
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(whole)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        folder = os.open(whole.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted, but for what a killed process left half written."""
        try:
            found = os.listdir(self._root / folder)
        except FileNotFoundError:
            return []
        return sorted(name for name in found if not name.startswith("."))

    def delete(self, path: str) -> None:
        """Delete a file, or a folder."""
        whole = self._root / path
        if whole.is_dir():
            shutil.rmtree(whole)
        else:
            whole.unlink(missing_ok=True)


class Remote:
    """A place that ``fsspec`` reaches."""

    def __init__(self, url: str) -> None:
        """Raises ValueError or ImportError for a URL of a kind that isn't known here."""
        import fsspec  # takes a while, and few need it

        self._files: Any
        self._files, self._root = fsspec.core.url_to_fs(url)

    def read(self, path: str) -> bytes:
        """Return a file. Raises FileNotFoundError."""
        return bytes(self._files.cat_file(self._at(path)))

    def write(self, path: str, data: bytes) -> None:
        """Write a file in one request."""
        whole = self._at(path)
        self._files.makedirs(whole.rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(whole, data)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted."""
        self._files.invalidate_cache()  # other processes write there, too
        try:
            found = self._files.ls(self._at(folder), detail=False)
        except FileNotFoundError:
            return []
        return sorted(name.rstrip("/").rpartition("/")[2] for name in found)

    def delete(self, path: str) -> None:
        """Delete a file, or a folder."""
        self._files.invalidate_cache()
        try:
            self._files.rm(self._at(path), recursive=True)
        except FileNotFoundError:
            return

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"


def storage(url: str) -> Storage:
    """Return the storage at a URL, or at a path of this machine. Raises OperatorError."""
    place = urlsplit(url)
    if not place.scheme or place.scheme == "file":
        return Folder(Path(place.path))
    try:
        return Remote(url)
    except (ValueError, ImportError) as error:
        raise OperatorError(f"GRANDSTAND_ARCHIVE_URL: {place.scheme}: {error}") from None
