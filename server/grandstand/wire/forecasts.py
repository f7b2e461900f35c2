"""Forecasts on the wire: the ``data`` of overlays of kind ``forecast``. Pure."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from grandstand.wire.messages import Time

KIND = "forecast"

Point: TypeAlias = tuple[int | float, ...]
"""A programme time (ms), and from then on the probability of each label."""


class Moment(Struct, frozen=True, omit_defaults=True):
    """What moved a forecast: at ``at`` a value that counts something had become ``value``.

    ``what`` is the model's word for it (``goal``, ``wicket``), or ``correction`` where a count was
    taken back, or ``end``. ``label`` is the outcome for which it was good. One that was taken back
    later is ``void``.
    """

    at: Time
    what: str
    stat: str = ""
    label: str = ""
    value: float | None = None
    void: bool = False


class Forecast(Struct, frozen=True, omit_defaults=True):
    """How probable each outcome of a match is, and was since it began.

    The overlay's ``at`` is that of the newest update which it was made of. ``model`` is the name of
    the model's folder: a model said all this, no person.
    """

    entity: str
    name: Annotated[str, Meta(description="The match's, as its feed has it.")]
    model: str
    version: str
    labels: tuple[str, ...]
    probabilities: Annotated[tuple[float, ...], Meta(description="In the order of `labels`.")]
    line: Annotated[
        tuple[Point, ...],
        Meta(description="[[at, a probability for each label]]: each holds until the next."),
    ]
    events: Annotated[tuple[Moment, ...], Meta(description="What moved it, by `at`.")] = ()
    because: Annotated[Moment | None, Meta(description="The last event that moved it.")] = None
    values: Annotated[
        dict[str, float], Meta(description="The numbers that it was made of, by name.")
    ] = {}
    names: Annotated[dict[str, str], Meta(description="What outcomes are called, by label.")] = {}
    texts: Annotated[str, Meta(description="Another one if the texts it was made of changed.")] = ""
