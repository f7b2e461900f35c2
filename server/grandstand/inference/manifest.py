"""The manifest of a model: what the file beside it is, and what it learnt from.

A model folder has ``model.onnx``, ``manifest.json`` and a card for people. The manifest is the one
truth about the model. The model's bytes are read once, compared with the manifest's hash and handed
on: whatever is replaced meanwhile, the reader gets a model with its own manifest, or an error.

Each kind of models derives its manifest from ``Manifest``. It adds fields and a check of its own;
the file stays flat.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec

NAME = "manifest.json"

Name = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class ModelError(Exception):
    """A model cannot be used. The fault is the operator's: the line says what to do."""

    def __init__(self, kind: str, path: Path, why: str) -> None:
        super().__init__(f"{kind} {path}: {why}")
        self.path = path
        self.why = why


class DataSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data set that a model learnt from. A kind of models may say more of each."""

    set: Name
    licence: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``manifest.json`` says of a model of any kind.

    ``sha256`` in hex and ``bytes`` are those of the file ``model`` in the same folder. ``format``
    is that of the manifest, and of the inputs and outputs of its model.
    """

    KIND: ClassVar[str]
    """What people call such a model, in errors and logs."""

    FORMAT: ClassVar[str]
    """The one ``format`` that this server reads."""

    SETTING: ClassVar[str]
    """The setting that names such a model."""

    format: str
    version: Name
    model: Name
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    bytes: Count
    trained_on: tuple[DataSet, ...]

    def fault(self) -> str:
        """Return what is wrong with the fields of this kind and the types don't see, or ''."""
        return ""


M = TypeVar("M", bound=Manifest)


@dataclass(frozen=True, slots=True)
class ModelFile(Generic[M]):
    """A model that fits its manifest. ``data`` is what the file at ``path`` had."""

    path: Path
    manifest: M
    data: bytes

    def refused(self, why: str) -> ModelError:
        """Return the error that says why this model cannot be used."""
        return ModelError(self.manifest.KIND, self.path, why)


def read(path: Path, kind: type[M]) -> ModelFile[M]:
    """Read a model of a kind, by its own path or its manifest's.

    Raises:
        ModelError: a file is missing, is no manifest, or doesn't fit the other one.
    """
    beside = path if path.name == NAME else path.with_name(NAME)
    if path != beside and not path.is_file():
        raise ModelError(kind.KIND, path, f"no such file: correct {kind.SETTING}")
    try:
        manifest = msgspec.json.decode(_bytes(beside, kind), type=kind)
    except (ValueError, RecursionError) as fault:  # of JSON, or of UTF-8
        why = f"is no manifest ({fault}): export the model again"
        raise ModelError(kind.KIND, beside, why) from None
    if why := _fault(manifest):
        raise ModelError(kind.KIND, beside, f"{why}: export the model again")
    if path != beside and manifest.model != path.name:
        why = f"{NAME} beside it is of {manifest.model!r}: put its own manifest there"
        raise ModelError(kind.KIND, path, why)
    path = beside.with_name(manifest.model)
    data = _bytes(path, kind)
    if len(data) != manifest.bytes or hashlib.sha256(data).hexdigest() != manifest.sha256:
        why = f"is not the file that {NAME} was written for: copy both from one export"
        raise ModelError(kind.KIND, path, why)
    return ModelFile(path, manifest, data)


def write(model: Path, kind: type[M], **said: Any) -> M:
    """Write the manifest of a model file beside it, in one step, after the model itself.

    ``said`` are the fields that the file itself doesn't tell.

    Raises:
        ModelError: ``read`` would refuse the manifest.
        msgspec.ValidationError: a field is missing, or of the wrong type.
    """
    data = _bytes(model, kind)
    measured = {
        "format": kind.FORMAT,
        "model": model.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
    }
    manifest = msgspec.convert({**measured, **said}, kind)
    if why := _fault(manifest):
        raise ModelError(kind.KIND, model, why)
    part = model.with_name(f"{NAME}.part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    part.replace(model.with_name(NAME))
    return manifest


def _bytes(path: Path, kind: type[Manifest]) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as fault:  # ValueError: no file can have such a name
        why = fault.strerror if isinstance(fault, OSError) else fault
        why = f"can't be read ({why}): a model has its {NAME} beside it"
        raise ModelError(kind.KIND, path, why) from None


def _fault(manifest: Manifest) -> str:
    """Return what the types alone don't see; '' if nothing is wrong."""
    if manifest.format != manifest.FORMAT:
        return f"is of format {manifest.format!r}, this server reads {manifest.FORMAT!r}"
    if Path(manifest.model).name != manifest.model:
        return f"names {manifest.model!r}, which is not in its own folder"
    return manifest.fault()
