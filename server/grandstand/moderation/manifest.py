"""The manifest of a model: what the file beside it is, what it learnt from, when it acts.

``manifest.json`` stands in the folder of its model and is the one truth about it. The model's bytes
are read once, held against the manifest's hash and handed on: whatever is replaced meanwhile, one
gets a model with its own manifest, or an error.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec

from grandstand.moderation.policy import Thresholds

FORMAT = "3"
"""Of manifests, and of the inputs and outputs of their models."""

ALWAYS = ("mood", "excitement", "removed", "german")
"""Heads that every model has, beside its categories."""

NAME = "manifest.json"

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Level = tuple[_Probability, _Probability]


class ModelError(Exception):
    """A model cannot be used; the operator's fault, and a start ends with it."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"comment scorer {path}: {why}")
        self.path = path
        self.why = why


class TrainedOn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data set's share in one head of the model."""

    set: _Name
    head: _Name
    texts: _Count
    licence: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``manifest.json`` says.

    ``sha256`` in hex and ``bytes`` are those of the file ``model`` in the same folder; ``features``
    is the ``ngrams.VERSION`` that it fits; ``heads`` names the model's outputs in their order,
    ``categories`` those of them that are looked for in comments; ``thresholds`` has, for levels 1
    to 4 of each category, the probabilities from which it holds and rejects.
    """

    format: str
    version: _Name
    model: _Name
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    bytes: _Count
    features: str
    heads: Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1)]
    categories: Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1)]
    thresholds: dict[str, tuple[_Level, _Level, _Level, _Level]]
    trained_on: tuple[TrainedOn, ...]
    seed: int


def read(path: Path) -> tuple[Manifest, bytes]:
    """Read a model by its own path or its manifest's: the manifest, and the model's bytes.

    Raises ModelError, whose one line says what to do.
    """
    beside = path if path.name == NAME else path.with_name(NAME)
    if path != beside and not path.is_file():
        raise ModelError(path, "no such file: mend GRANDSTAND_MODEL")
    try:
        manifest = msgspec.json.decode(_bytes(beside), type=Manifest)
    except (ValueError, RecursionError) as fault:  # of JSON, or of UTF-8
        raise ModelError(beside, f"is no manifest ({fault}): export the model again") from None
    if why := _fault(manifest):
        raise ModelError(beside, f"{why}: export the model again")
    if path != beside and manifest.model != path.name:
        raise ModelError(
            path, f"{NAME} beside it is of {manifest.model!r}: put its own manifest there"
        )
    model = _bytes(beside.with_name(manifest.model))
    if len(model) != manifest.bytes or hashlib.sha256(model).hexdigest() != manifest.sha256:
        raise ModelError(
            beside.with_name(manifest.model),
            f"is not the file that {NAME} was written for: copy both from one export",
        )
    return manifest, model


def write(
    model: Path,
    *,
    version: str,
    features: str,
    heads: tuple[str, ...],
    categories: tuple[str, ...],
    thresholds: Thresholds,
    trained_on: tuple[TrainedOn, ...],
    seed: int,
) -> Manifest:
    """Write the manifest of a model file beside it, in one step, after the model itself.

    ``heads`` in the order of the model's outputs. Raises ModelError where ``read`` would
    refuse it.
    """
    data = _bytes(model)
    manifest = msgspec.convert(
        {
            "format": FORMAT,
            "version": version,
            "model": model.name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            "features": features,
            "heads": heads,
            "categories": categories,
            "thresholds": dict(thresholds),
            "trained_on": trained_on,
            "seed": seed,
        },
        Manifest,
    )
    if why := _fault(manifest):
        raise ModelError(model, why)
    part = model.with_name(f"{NAME}.part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    part.replace(model.with_name(NAME))
    return manifest


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as fault:  # ValueError: no file can have such a name
        why = fault.strerror if isinstance(fault, OSError) else fault
        raise ModelError(path, f"can't be read ({why}): a model has its {NAME} beside it") from None


def _fault(manifest: Manifest) -> str:
    """What the types alone don't see; '' if nothing is wrong."""
    if manifest.format != FORMAT:
        return f"is of format {manifest.format!r}, this server reads {FORMAT!r}"
    if Path(manifest.model).name != manifest.model:
        return f"names {manifest.model!r}, which is not in its own folder"
    if missing := {*manifest.categories, *ALWAYS} - set(manifest.heads):
        return f"has no head {min(missing)}"
    if set(manifest.thresholds) != set(manifest.categories):
        return "its thresholds are not those of its categories"
    for category, levels in manifest.thresholds.items():
        if any(hold > reject for hold, reject in levels):
            return f"{category} rejects before it holds"
        if any(
            one > other
            for milder, stricter in pairwise(levels)
            for one, other in zip(stricter, milder, strict=True)
        ):
            return f"{category} gets milder at a stricter level"
    return ""
