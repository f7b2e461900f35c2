"""What a scorer's manifest must say beside what every model's says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from grandstand.inference.manifest import NAME, ModelError, read, write
from grandstand.moderation.manifest import ALWAYS, ScorerManifest, TrainedOn

from tests.moderation.installation import SHIPPED, install, shipped

LEVELS = [[0.9, 0.99], [0.8, 0.9], [0.7, 0.8], [0.6, 0.7]]


def test_the_shipped_model_has_its_manifest() -> None:
    found = read(SHIPPED, ScorerManifest)
    manifest = found.manifest
    assert found.data == SHIPPED.read_bytes()
    assert manifest.sha256 == hashlib.sha256(found.data).hexdigest()
    assert manifest.format == ScorerManifest.FORMAT
    assert {each.head for each in manifest.trained_on} >= {*manifest.categories, "mood"}
    assert all(each.texts > 0 and each.licence for each in manifest.trained_on)
    assert shipped().version in SHIPPED.with_name(NAME).read_text()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"any bytes")
    rows = tuple((hold, reject) for hold, reject in LEVELS)
    written = write(
        model,
        ScorerManifest,
        version="7",
        features="1",
        heads=("spam", "insult", *ALWAYS),
        categories=("spam", "insult"),
        thresholds={"insult": rows, "spam": rows},
        trained_on=(TrainedOn(set="ours", head="spam", texts=3, licence="Apache-2.0"),),
        seed=1,
    )
    assert read(model, ScorerManifest).manifest == written
    assert written.categories == ("spam", "insult")


def test_a_missing_scorer_is_named_with_its_setting(tmp_path: Path) -> None:
    path = tmp_path / "none.onnx"
    with pytest.raises(ModelError) as caught:
        read(path, ScorerManifest)
    assert str(caught.value) == f"comment scorer {path}: no such file: correct GRANDSTAND_MODEL"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"format": "9"}, "is of format '9', this server reads '3'"),
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
        ({"trained_on": [{"set": "ours", "licence": ""}]}, "missing required field `head`"),
        ({"seed": None}, "at `$.seed`"),
    ],
    ids=str,
)
def test_a_fault_in_a_manifest_is_told(tmp_path: Path, other: dict[str, Any], why: str) -> None:
    with pytest.raises(ModelError) as caught:
        read(install(tmp_path, **other), ScorerManifest)
    line = str(caught.value)
    assert why in line
    assert NAME in line
    assert "export the model again" in line
