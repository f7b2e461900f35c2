"""A model put in place for a test: the one that ships, under another version or spoilt."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from grandstand import resources
from grandstand.inference.manifest import NAME, read
from grandstand.moderation.manifest import ScorerManifest

SHIPPED = resources.model()
_DOC_STRING = 6 << 3 | 2
"""Of an ONNX model: the tag of its sixth field, a text. One that comes later replaces it."""


def manifest_of(path: Path, **other: Any) -> bytes:
    """The shipped model's manifest for a file, with some of it otherwise."""
    said = json.loads(SHIPPED.with_name(NAME).read_bytes())
    return json.dumps({**said, "model": path.name, **other}).encode()


def install(folder: Path, name: str = "model.onnx", **other: Any) -> Path:
    """The shipped model in a folder, model first and manifest last, each in one step.

    Its version stands in the model too, so that another version is another file.
    """
    path = folder / name
    part = folder / "part"
    words = str(other.get("version", "")).encode()
    data = SHIPPED.read_bytes() + bytes([_DOC_STRING, len(words)]) + words
    part.write_bytes(data)
    part.replace(path)
    sha256 = hashlib.sha256(data).hexdigest()
    part.write_bytes(manifest_of(path, **{"sha256": sha256, "bytes": len(data), **other}))
    part.replace(path.with_name(NAME))
    return path


def shipped() -> ScorerManifest:
    """What the shipped model's manifest says."""
    return read(SHIPPED, ScorerManifest).manifest


def thresholds(hold: float, reject: float) -> dict[str, list[list[float]]]:
    """The same for every level of every category of the shipped model."""
    return {name: [[hold, reject]] * 4 for name in shipped().categories}
