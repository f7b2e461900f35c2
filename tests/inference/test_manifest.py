"""A model is read with its manifest or not at all, and what is wrong is told in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from grandstand.inference.manifest import NAME, DataSet, ModelError, read, write

from tests.inference.predictor import PredictorManifest, graph, install


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read(path, PredictorManifest)
    line = str(caught.value)
    assert line == f"predictor {caught.value.path}: {caught.value.why}"
    assert "\n" not in line
    return line


def mend(path: Path, **other: Any) -> None:
    """Change some of a manifest, whether it fits then or not."""
    beside = path.with_name(NAME)
    beside.write_text(json.dumps({**json.loads(beside.read_bytes()), **other}))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"any bytes")
    sets = (DataSet(set="ours", licence="Apache-2.0"),)
    written = write(path, PredictorManifest, version="7", teams=2, trained_on=sets)
    found = read(path, PredictorManifest)
    assert (found.manifest, found.data, found.path) == (written, b"any bytes", path)
    assert (found.manifest.teams, found.manifest.trained_on) == (2, sets)
    assert sorted(each.name for each in tmp_path.iterdir()) == [NAME, "model.onnx"]


def test_a_manifest_is_flat_and_for_people_too(tmp_path: Path) -> None:
    text = install(tmp_path, "7").with_name(NAME).read_text()
    said = json.loads(text)
    assert said["version"] == "7"
    assert said["teams"] == 3
    assert said["bytes"] == len(graph())
    assert len(text.splitlines()) > 8


def test_what_would_be_refused_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"any bytes")
    with pytest.raises(ModelError, match="fewer than two teams"):
        write(path, PredictorManifest, version="7", teams=1, trained_on=())
    with pytest.raises(msgspec.ValidationError, match="teams"):
        write(path, PredictorManifest, version="7", trained_on=())
    assert not path.with_name(NAME).exists()


def test_a_model_may_be_named_by_its_manifest_alone(tmp_path: Path) -> None:
    path = install(tmp_path)
    assert read(tmp_path / NAME, PredictorManifest) == read(path, PredictorManifest)


def test_a_missing_model_or_manifest_is_named(tmp_path: Path) -> None:
    why = refused(tmp_path / "none.onnx")
    assert "none.onnx: no such file: correct GRANDSTAND_PREDICTOR" in why
    alone = tmp_path / "alone.onnx"
    alone.write_bytes(b"any bytes")
    assert f"{NAME}: can't be read (No such file" in refused(alone)
    path = install(tmp_path)
    mend(path, model="gone.onnx")
    assert "gone.onnx: can't be read (No such file" in refused(tmp_path / NAME)


def test_a_model_of_another_export_than_its_manifest_is_refused(tmp_path: Path) -> None:
    path = install(tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert "is not the file that manifest.json was written for" in refused(path)
    path.write_bytes(b"")
    assert "is not the file that manifest.json was written for" in refused(path)


def test_a_manifest_of_another_file_is_refused(tmp_path: Path) -> None:
    path = install(tmp_path)
    mend(path, model="other.onnx")
    assert "manifest.json beside it is of 'other.onnx'" in refused(path)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"format": "9"}, "is of format '9', this server reads '1'"),
        ({"model": "../model.onnx"}, "which is not in its own folder"),
        ({"version": ""}, "length >= 1 - at `$.version`"),
        ({"sha256": "abc"}, "at `$.sha256`"),
        ({"bytes": -1}, "at `$.bytes`"),
        ({"trained_on": [{"set": "ours"}]}, "missing required field `licence`"),
        ({"unheard_of": 1}, "unknown field `unheard_of`"),
        ({"teams": "two"}, "at `$.teams`"),
        ({"teams": 1}, "knows fewer than two teams"),
    ],
    ids=str,
)
def test_a_fault_in_a_manifest_is_told(tmp_path: Path, other: dict[str, Any], why: str) -> None:
    path = install(tmp_path)
    mend(path, **other)
    line = refused(path if "model" not in other else path.with_name(NAME))
    assert why in line
    assert NAME in line
    assert "export the model again" in line


@pytest.mark.parametrize("name", ["a\0b", "\0", "..", "n" * 300])
def test_a_name_that_no_file_has_is_told(tmp_path: Path, name: str) -> None:
    path = install(tmp_path)
    mend(path, model=name)
    assert "can't be read" in refused(path.with_name(NAME))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": "2"}', b"null"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, data: bytes) -> None:
    path = install(tmp_path)
    path.with_name(NAME).write_bytes(data)
    assert "is no manifest" in refused(path)
