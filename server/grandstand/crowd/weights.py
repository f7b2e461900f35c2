"""What a forecast has learnt, as ``models/audience/weights.json`` holds it. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from grandstand.crowd.features import COUNT
from grandstand.errors import OperatorError

AHEAD = (1, 5, 15, 30, 60)
"""Minutes ahead of which there are weights."""

_Width = Annotated[float, msgspec.Meta(gt=0, le=10)]


class Widths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the 10 % and the 90 % quantile lie from the middle, as logarithms."""

    below: _Width
    above: _Width


class Horizon(Widths, frozen=True, forbid_unknown_fields=True):
    """What was learnt of one distance, with a weight for each feature."""

    weights: Annotated[tuple[float, ...], msgspec.Meta(min_length=COUNT, max_length=COUNT)]


class CurveWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was learnt of one curve, by minutes ahead: where past shows are known, and where not;
    and the widths of a forecast from before the show."""

    with_past: dict[int, Horizon]
    alone: dict[int, Horizon]
    before: Widths


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trained forecast."""

    version: str
    trained_on: tuple[str, ...]
    viewers: CurveWeights
    comments: CurveWeights


def decode(name: str, data: bytes) -> Weights:
    """Return the weights of a file.

    Raises:
        OperatorError: it holds something else.
    """
    try:
        weights = msgspec.json.decode(data, type=Weights)
    except (ValueError, RecursionError) as fault:  # of JSON, or of UTF-8
        raise OperatorError(
            f"{name} has no weights of a forecast ({fault}): train it again"
        ) from None
    for curve in (weights.viewers, weights.comments):
        if not set(AHEAD) <= curve.with_past.keys() & curve.alone.keys():
            raise OperatorError(f"{name} lacks weights for some minutes ahead: train it again")
    return weights
