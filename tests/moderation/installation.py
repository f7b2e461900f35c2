"""A model put in place for a test: the one that ships, under another version or spoilt."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from grandstand import resources
from grandstand.moderation.manifest import NAME, Manifest, read

SHIPPED = resources.model()


def manifest_of(path: Path, **other: Any) -> bytes:
    """The shipped model's manifest for a file, with some of it otherwise."""
    said = json.loads(SHIPPED.with_name(NAME).read_bytes())
    return json.dumps({**said, "model": path.name, **other}).encode()


def install(folder: Path, name: str = "model.onnx", **other: Any) -> Path:
    """The shipped model in a folder, model first and manifest last, each in one step."""
    path = folder / name
    part = folder / "part"
    shutil.copyfile(SHIPPED, part)
    part.replace(path)
    part.write_bytes(manifest_of(path, **other))
    part.replace(path.with_name(NAME))
    return path


def shipped() -> Manifest:
    """What the shipped model's manifest says."""
    return read(SHIPPED)[0]


def thresholds(hold: float, reject: float) -> dict[str, list[list[float]]]:
    """The same for every level of every category of the shipped model."""
    return {name: [[hold, reject]] * 4 for name in shipped().categories}
