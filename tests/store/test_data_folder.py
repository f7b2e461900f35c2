"""The data folder: what may be used, who may use it, and where its socket lies."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from grandstand.errors import OperatorError
from grandstand.store import data_folder
from grandstand.store.embedded import EmbeddedStore

from tests.store.test_embedded import client
from tests.valkey import valkey


async def test_a_path_too_long_for_a_socket_gets_a_short_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    data_dir = tmp_path / ("long" * 20) / ("path" * 20)
    async with valkey(data_dir) as url, client(url) as redis:
        assert await redis.ping()
        socket = Path(unquote(urlsplit(url).path))
        assert len(os.fsencode(socket)) <= data_folder.MAX_SOCKET_PATH_BYTES
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    socket.parent.chmod(0o755)
    with pytest.raises(OperatorError, match="not a private folder"):
        await EmbeddedStore(data_dir).start()


async def test_a_path_too_long_everywhere_is_the_operators_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("t" * 100)))
    with pytest.raises(OperatorError, match="give --data-dir a shorter path"):
        await EmbeddedStore(tmp_path / ("d" * 100)).start()


async def test_a_file_in_place_of_the_folder_is_the_operators_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for data_dir in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OperatorError, match=r" is not a folder: give --data-dir"):
            await EmbeddedStore(data_dir).start()


async def test_a_folder_that_cannot_be_written_is_the_operators_fault() -> None:
    with pytest.raises(OperatorError, match=r"can't be used .*: give --data-dir"):
        await EmbeddedStore(Path("/proc/grandstand")).start()
    with pytest.raises(OperatorError, match=r"can't be written .*--data-dir"):
        data_folder.opened(Path("/proc/lock"))


async def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(OperatorError, match="belongs to another user"):
        await EmbeddedStore(tmp_path).start()


async def test_a_folder_with_files_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").touch()
    with pytest.raises(OperatorError, match=r"aren't Grandstand's \(dump.rdb\)"):
        await EmbeddedStore(tmp_path).start()
    assert os.listdir(tmp_path) == ["dump.rdb"]


async def test_files_that_joined_ours_later_do_no_harm(tmp_path: Path) -> None:
    async with valkey(tmp_path):
        (tmp_path / "notes.txt").touch()
    async with valkey(tmp_path):
        pass


def test_who_holds_a_lock_is_told_without_touching_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert data_folder.holder(path) is None
    held = data_folder.locked(tmp_path)
    try:
        assert data_folder.holder(path) == os.getpid()
    finally:
        os.close(held)
    assert data_folder.holder(path) is None
