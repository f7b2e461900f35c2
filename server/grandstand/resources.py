"""Files that ship with the package: in an installed one beside this module, else in the source."""

from __future__ import annotations

from pathlib import Path

from grandstand.errors import OperatorError

_PACKAGE = Path(__file__).resolve().parent
PLACES = (_PACKAGE, _PACKAGE.parent.parent)
"""A wheel carries the files inside the package; an editable install leaves them at the root."""

FORECASTS = ("cricket", "football")
"""The forecast models that ship."""


def pages() -> Path:
    """Return the folder of the browser's pages. Raises OperatorError if it isn't there."""
    return found("client_demo", "viewer.html").parent


def model() -> Path:
    """Return the trained comment scorer; its manifest is beside it. Raises OperatorError without
    it."""
    return found("models/comment_scorer", "model.onnx")


def forecast_models() -> list[Path]:
    """Return the folders of the forecast models that ship. Raises OperatorError without one."""
    return [found(f"models/{name}", "manifest.json").parent for name in FORECASTS]


def audience_weights() -> Path:
    """Return what the audience's forecast has learnt. Raises OperatorError if it isn't there."""
    return found("models/audience", "weights.json")


def found(folder: str, name: str, places: tuple[Path, ...] = PLACES) -> Path:
    """Return the file in the first of the places that has it. Raises OperatorError if none has."""
    for place in places:
        path = place / folder / name
        if path.is_file():
            return path
    raise OperatorError(f"{folder}/{name} is missing from the installation: install it again")
