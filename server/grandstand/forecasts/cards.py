"""What rows of entities and cards for everyone say of a match, in one form. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from grandstand.domain.entities import Measured, Plain, kind_of
from grandstand.forecasts.match import KIND, MODEL, OUTCOME
from grandstand.wire.messages import Overlay


class OfMatch(NamedTuple):
    """An update of a match, at programme time ``at`` (ms); without values the match is removed."""

    entity: str
    name: str
    at: int
    values: Mapping[str, Measured]
    is_card: bool = False

    @property
    def names_model(self) -> bool:
        """Return whether a forecast is asked for."""
        return MODEL in self.values

    @property
    def has_ended(self) -> bool:
        """Return whether its outcome is known."""
        outcome = self.values.get(OUTCOME)
        return outcome is not None and isinstance(outcome.value, str) and outcome.value != ""


def of_card(overlay: Overlay) -> OfMatch | None:
    """Return what a card for everyone says of a match; None if it is about something else, or is a
    card for people alone, which names no model."""
    data = overlay.data
    entity, name, values = (data.get(each) for each in ("entity", "name", "values"))
    if overlay.kind != "stats" or not isinstance(entity, str) or not isinstance(name, str):
        return None
    if kind_of(entity) != KIND or not isinstance(values, dict) or (values and MODEL not in values):
        return None
    found = {label: Measured(overlay.at, _plain(value)) for label, value in values.items()}
    return OfMatch(entity, name, overlay.at, found, is_card=True)


def _plain(value: object) -> Plain:
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, int | float | str) else None
