"""A model is read with its manifest or not at all, and what is wrong is told in one line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from grandstand.moderation.manifest import ALWAYS, FORMAT, NAME, ModelError, TrainedOn, read, write

from tests.moderation.installation import SHIPPED, install, manifest_of, shipped

LEVELS = [[0.9, 0.99], [0.8, 0.9], [0.7, 0.8], [0.6, 0.7]]


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read(path)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_the_shipped_model_has_its_manifest() -> None:
    manifest, model = read(SHIPPED)
    assert model == SHIPPED.read_bytes()
    assert manifest.sha256 == hashlib.sha256(model).hexdigest()
    assert manifest.format == FORMAT
    assert {each.head for each in manifest.trained_on} >= {*manifest.categories, "mood"}
    assert all(each.texts > 0 and each.licence for each in manifest.trained_on)


def test_a_model_may_be_named_by_its_manifest_alone(tmp_path: Path) -> None:
    path = install(tmp_path, "second.onnx")
    assert read(tmp_path / NAME) == read(path)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"any bytes")
    rows = tuple((hold, reject) for hold, reject in LEVELS)
    written = write(
        model,
        version="7",
        features="1",
        heads=("spam", "insult", *ALWAYS),
        categories=("spam", "insult"),
        thresholds={"insult": rows, "spam": rows},
        trained_on=(TrainedOn(set="ours", head="spam", texts=3, licence="Apache-2.0"),),
        seed=1,
    )
    assert read(model) == (written, b"any bytes")
    assert written.categories == ("spam", "insult")
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, "model.onnx"]


def test_what_would_be_refused_is_not_written(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"any bytes")
    milder = ((0.5, 0.6), (0.5, 0.6), (0.5, 0.6), (0.5, 0.7))
    with pytest.raises(ModelError, match="gets milder"):
        write(
            model,
            version="7",
            features="1",
            heads=("spam", *ALWAYS),
            categories=("spam",),
            thresholds={"spam": milder},
            trained_on=(),
            seed=1,
        )
    assert not model.with_name(NAME).exists()


def test_a_missing_model_or_manifest_is_named(tmp_path: Path) -> None:
    assert "none.onnx: no such file: mend GRANDSTAND_MODEL" in refused(tmp_path / "none.onnx")
    alone = tmp_path / "alone.onnx"
    alone.write_bytes(b"any bytes")
    assert f"{NAME}: can't be read (No such file" in refused(alone)
    (tmp_path / NAME).write_bytes(manifest_of(tmp_path / "gone.onnx"))
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
    path.with_name(NAME).write_bytes(manifest_of(tmp_path / "other.onnx"))
    assert "manifest.json beside it is of 'other.onnx'" in refused(path)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"format": "9"}, "is of format '9', this server reads"),
        ({"model": "../model.onnx"}, "which is not in its own folder"),
        ({"version": ""}, "length >= 1 - at `$.version`"),
        ({"sha256": "abc"}, "at `$.sha256`"),
        ({"categories": []}, "at `$.categories`"),
        ({"heads": ["insult", "spam", "mood"]}, "has no head excitement"),
        ({"categories": ["insult"]}, "not those of its categories"),
        ({"thresholds": {}}, "not those of its categories"),
        (
            {"heads": ["x", *ALWAYS], "categories": ["x"], "thresholds": {"x": LEVELS[:3]}},
            "length 4",
        ),
        (
            {
                "heads": ["x", *ALWAYS],
                "categories": ["x"],
                "thresholds": {"x": [[0.9, 1.5], *LEVELS[1:]]},
            },
            "<= 1.0",
        ),
        (
            {
                "heads": ["x", *ALWAYS],
                "categories": ["x"],
                "thresholds": {"x": [[-0.1, 0.5], *LEVELS[1:]]},
            },
            ">= 0.0",
        ),
        (
            {
                "heads": ["x", *ALWAYS],
                "categories": ["x"],
                "thresholds": {"x": [[0.95, 0.92], *LEVELS[1:]]},
            },
            "before it hold",
        ),
        (
            {"heads": ["x", *ALWAYS], "categories": ["x"], "thresholds": {"x": LEVELS[::-1]}},
            "x gets milder at a stricter",
        ),
        ({"unheard_of": 1}, "unknown field `unheard_of`"),
        ({"seed": None}, "at `$.seed`"),
    ],
    ids=str,
)
def test_a_fault_in_a_manifest_is_told(tmp_path: Path, other: dict[str, Any], why: str) -> None:
    path = install(tmp_path, **other)
    line = refused(path if "model" not in other else path.with_name(NAME))
    assert why in line
    assert NAME in line
    assert "export the model again" in line


@pytest.mark.parametrize("name", ["a\0b", "\0", "..", "n" * 300])
def test_a_name_that_no_file_has_is_told(tmp_path: Path, name: str) -> None:
    path = install(tmp_path, model=name)
    assert "can't be read" in refused(path.with_name(NAME))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": "2"}', b"null"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, data: bytes) -> None:
    path = install(tmp_path)
    path.with_name(NAME).write_bytes(data)
    assert "is no manifest" in refused(path)


def test_the_manifest_is_for_people_too() -> None:
    assert shipped().version in SHIPPED.with_name(NAME).read_text()
    assert json.loads(SHIPPED.with_name(NAME).read_text())["bytes"] == SHIPPED.stat().st_size
    assert len(SHIPPED.with_name(NAME).read_text().splitlines()) > 10
