"""A match as a room's feed tells it, and the forecast that becomes of it. Pure.

Theory of operation: values are settled as those of entities are, each by itself: the newest moment
counts, and of two updates for one moment the later one. So it doesn't matter how a match goes, nor
whether its clock goes back. What was asked of the model for each point of the line is remembered.
When a value of the past changes (a goal that was none, a mistake corrected for the same moment),
the points from then on are asked again with it; who takes over has none of that, and takes them
out. What was already known to the audience and is taken back by a later update moves the line from
then on, and the event is marked as void.

The forecast has all that is needed to go on with it: nothing else is stored.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from grandstand.domain.entities import Measured, Plain
from grandstand.forecasts.line import thinned
from grandstand.inference.forecast_manifest import ForecastEvent, ForecastManifest
from grandstand.wire.forecasts import Forecast, Moment, Point

KIND = "match"
"""Of the entities that are matches: ``match:final``."""

MODEL = "model"
"""The value that names the model's folder."""

OUTCOME = "outcome"
"""The value that says which of the model's labels came true: the match has ended."""

CORRECTION, END = "correction", "end"

EVENTS_MAX = 30
DIGITS = 4
SEEN = 3
"""Digits of a probability that make a difference to anybody."""

Values: TypeAlias = Mapping[str, Plain]


class Match:
    """One match, whose forecast is made anew when something of it changes."""

    def __init__(self, entity: str, forecast: Forecast | None = None) -> None:
        """``forecast`` is the last one, if there was one."""
        self.entity = entity
        self.forecast = forecast
        self._name = forecast.name if forecast else ""
        self._values: dict[str, Measured] = {}
        self._changed: dict[str, int] = {}
        self._asked: dict[int, Values] = {}

    @property
    def model(self) -> str:
        """Return the name of the model that its feed asks for; "" for none."""
        return _text(self._values, MODEL)

    @property
    def has_changed(self) -> bool:
        """Return whether something is new since the last forecast."""
        return bool(self._changed)

    @property
    def outcome(self) -> str:
        """Return the label that came true; "" as long as none has."""
        return _text(self._values, OUTCOME)

    @property
    def newest(self) -> int:
        """Return the moment (programme ms) of the newest thing that is known of it."""
        moments = [each.at for each in self._values.values()]
        if self.forecast is not None:
            moments.append(int(self.forecast.line[-1][0]))
        return max(moments, default=0)

    # --- what a feed says ------------------------------------------------------------------------

    def know(self, name: str, values: Mapping[str, Measured]) -> None:
        """Take the present values where a forecast is there that may have been made of them."""
        self._name, self._values = name, dict(values)
        made_of = self.forecast.values if self.forecast else {}
        numbers = _numbers(values)
        self._changed = {
            label: each.at
            for label, each in values.items()
            if numbers.get(label) != made_of.get(label)
        }
        if OUTCOME in values and bool(self.outcome) != _is_over(self.forecast):
            self._changed[OUTCOME] = values[OUTCOME].at
        texts = _texts(values)
        if texts and self.forecast and self.forecast.texts not in ("", _digest(texts)):
            newest = max(texts, key=lambda label: values[label].at)  # it can't be told which it was
            self._changed[newest] = values[newest].at

    def update(self, name: str, values: Mapping[str, Measured]) -> None:
        """Take in an update, however late it comes."""
        self._name = name
        for label, new in values.items():
            old = self._values.get(label)
            if old is None or new.at >= old.at:
                self._values[label] = new
                if old is None or old.value != new.value:
                    self._changed[label] = min(new.at, self._changed.get(label, new.at))

    # --- what the model is asked, and says -------------------------------------------------------

    def questions(self) -> dict[int, Values]:
        """Return the values to ask the model about, by the moment (programme ms) of each point.

        The last one is the present; the others are of the past, which looks otherwise now. What
        was asked before a takeover isn't known: none of these is asked again.
        """
        at, since = self._span()
        if self.outcome:
            return {at: self._present}
        known = {each: values for each, values in self._asked.items() if each < at}
        moments = {each for each in (*known, *self._changed.values()) if since <= each < at}
        asked = {}
        for moment in sorted(moments):
            before = max((each for each in known if each <= moment), default=None)
            if before is not None:
                asked[moment] = self._corrected(known[before], moment)
        return {**asked, at: self._present}

    def answer(
        self,
        manifest: ForecastManifest,
        asked: Mapping[int, Values],
        answers: Sequence[Sequence[float]],
    ) -> Forecast | None:
        """Return the forecast that follows, or None if there is nothing new in it.

        ``answers`` are those to ``questions``, in their order.
        """
        before = self.forecast
        if before is not None and before.labels != manifest.labels:
            before = None
        points: list[Point] = [
            (at, *(round(each, DIGITS) for each in found))
            for at, found in zip(asked, answers, strict=True)
        ]
        events, news = self._events(manifest, before)
        right_until = points[0][0] if self.outcome else min(points[0][0], self._span()[1])
        line = [point for point in before.line if point[0] < right_until] if before else []
        self._changed = {}
        made = Forecast(
            self.entity,
            self._name,
            self.model,
            manifest.version,
            manifest.labels,
            points[-1][1:],
            thinned([*line, *points], {each.at for each in events}),
            tuple(events),
            news[-1] if news else before.because if before else None,
            _numbers(self._values),
            {label: text for label in manifest.labels if (text := _text(self._values, label))},
            _digest(_texts(self._values)),
        )
        if before is not None and not news and not _differs(before, points):
            return None
        there = {point[0] for point in made.line}
        known = {**self._asked, **asked}
        self._asked = {each: values for each, values in known.items() if each in there}
        self.forecast = made
        return made

    def _span(self) -> tuple[int, int]:
        """Return the moment of the present, and since when something looks otherwise."""
        at = self.newest  # no viewer sees a value before its moment
        return at, at if self.forecast is None else min(self._changed.values())

    @property
    def _present(self) -> Values:
        return {label: each.value for label, each in self._values.items()}

    def _corrected(self, values: Values, at: int) -> Values:
        """Return what was known at a moment, with what is known of it now."""
        new = {
            label: self._values[label].value
            for label, since in self._changed.items()
            if since <= at
        }
        return {**values, **new}

    # --- events ----------------------------------------------------------------------------------

    def _events(
        self, manifest: ForecastManifest, before: Forecast | None
    ) -> tuple[list[Moment], list[Moment]]:
        """Return all events by moment, and those that are new."""
        if before is None:
            return [], []
        news = [*_news(manifest.events, before.values, self._values)]
        if self.outcome and not _is_over(before):
            news.append(Moment(self._values[OUTCOME].at, END, OUTCOME, self.outcome))
        elif not self.outcome and _is_over(before):
            at = self._values[OUTCOME].at if OUTCOME in self._values else self._span()[0]
            news.append(Moment(at, CORRECTION, OUTCOME))
        past = [_voided(each, news) for each in before.events]
        return sorted([*past, *news], key=lambda each: each.at)[-EVENTS_MAX:], news


def certain(manifest: ForecastManifest, outcome: str) -> list[float]:
    """Return the probabilities once the outcome is known."""
    return [float(label == outcome) for label in manifest.labels]


def _news(
    events: Sequence[ForecastEvent], before: Mapping[str, float], values: Mapping[str, Measured]
) -> Iterator[Moment]:
    now = _numbers(values)
    for event in events:
        new, old = now.get(event.stat), before.get(event.stat)
        if new is None or old is None:
            continue
        if event.within and now.get(event.within) != before.get(event.within):
            old = 0
        at = values[event.stat].at
        if new > old:
            yield Moment(at, event.what, event.stat, event.label, new)
        elif new < old:
            yield Moment(at, CORRECTION, event.stat, event.label, new)


def _voided(event: Moment, news: Sequence[Moment]) -> Moment:
    """Return an event of the past, void if one of the new ones takes it back."""
    for new in news:
        if new.what == CORRECTION and new.stat == event.stat and not event.void:
            is_less = event.value is None or (new.value is not None and event.value > new.value)
            if is_less and event.what != CORRECTION:
                return replace(event, void=True)
    return event


def _differs(before: Forecast, points: Sequence[Point]) -> bool:
    """Return whether anybody would see a difference between a line and its new points."""
    for point in points:
        held = [each for each in before.line if each[0] <= point[0]][-1:] or before.line[:1]
        if _seen(held[0]) != _seen(point):
            return True
    return False


def _seen(point: Point) -> list[float]:
    return [round(each, SEEN) for each in point[1:]]


def _is_over(forecast: Forecast | None) -> bool:
    last = [each for each in (forecast.events if forecast else ()) if each.stat == OUTCOME][-1:]
    return any(each.what == END for each in last)


def _numbers(values: Mapping[str, Measured]) -> dict[str, float]:
    found = {label: _number(each.value) for label, each in values.items()}
    return {label: number for label, number in found.items() if number is not None}


def _texts(values: Mapping[str, Measured]) -> dict[str, str]:
    """Return the values that are no numbers."""
    texts = ((label, each.value) for label, each in values.items())
    return {label: each for label, each in texts if isinstance(each, str) and _number(each) is None}


def _digest(texts: Mapping[str, str]) -> str:
    """Return eight characters that are others for other texts; "" for none."""
    told = msgspec.msgpack.encode(sorted(texts.items()))
    return hashlib.blake2b(told, digest_size=4).hexdigest() if texts else ""


def _number(value: Plain) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(values: Mapping[str, Measured], label: str) -> str:
    value = values[label].value if label in values else None
    return value if isinstance(value, str) else ""
