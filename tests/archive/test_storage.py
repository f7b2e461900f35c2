"""One suite for every place in which the archive's files may lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from grandstand.archive.storage import Folder, Remote, Storage, storage
from grandstand.errors import OperatorError

from tests.archive.s3 import bucket, s3


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with s3() as environment, bucket(environment) as url:
        yield url


@pytest.fixture(params=["folder", "url of a folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, s3_url: str) -> Iterator[Storage]:
    url = {
        "folder": str(tmp_path / "deep" / "archive"),
        "url of a folder": f"file://{tmp_path / 'archive'}",
        "memory": f"memory://{uuid4().hex}/archive",
        "s3": s3_url,
    }[request.param]
    made = storage(url)
    assert isinstance(made, Remote if request.param in ("memory", "s3") else Folder)
    yield made
    made.delete("room")


def test_what_is_written_is_read_listed_and_deleted(place: Storage) -> None:
    assert place.names("room") == place.names("room/e") == []
    place.write("room/e/2", b"two")
    place.write("room/e/1", b"one")
    place.write("room/f/1", b"\x00" * 100_000)
    assert (place.read("room/e/1"), len(place.read("room/f/1"))) == (b"one", 100_000)
    assert (place.names("room"), place.names("room/e")) == (["e", "f"], ["1", "2"])
    place.write("room/e/1", b"again")
    assert place.read("room/e/1") == b"again"
    place.delete("room/e/1")
    place.delete("room/e/1")
    assert place.names("room/e") == ["2"]
    with pytest.raises(FileNotFoundError):
        place.read("room/e/1")
    place.delete("room")
    assert place.names("room") == []


def test_what_another_process_writes_and_deletes_is_seen(place: Storage, s3_url: str) -> None:
    """Nothing that a client knew before hides what changed meanwhile."""
    place.write("room/e/1", b"one")
    assert place.names("room/e") == ["1"]
    if isinstance(place, Remote):
        beside = type(place._files)(skip_instance_cache=True)
        beside.pipe_file(place._at("room/f/2"), b"two")
    else:
        place.write("room/f/2", b"two")
    assert place.names("room") == ["e", "f"]
    place.delete("room")
    assert (place.names("room"), place.names("room/f")) == ([], [])


def test_what_a_killed_process_left_half_written_is_not_there(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    place.write("room/e/1", b"one")
    assert [path.name for path in (tmp_path / "room" / "e").iterdir()] == ["1"]
    (tmp_path / "room" / "e" / ".2.abcd").write_bytes(b"tw")
    assert place.names("room/e") == ["1"]


def test_a_file_that_can_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    (tmp_path / "room" / "e" / "1").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        place.write("room/e/1", b"one")
    assert [path.name for path in (tmp_path / "room" / "e").iterdir()] == ["1"]


def test_a_url_of_an_unknown_kind_is_the_operators_error() -> None:
    with pytest.raises(OperatorError, match="GRANDSTAND_ARCHIVE_URL: nonsense: "):
        storage("nonsense://host/path")
