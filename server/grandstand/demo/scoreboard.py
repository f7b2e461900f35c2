"""What the demonstration's athletics tell as they go on: followers get each athlete's marks, and
everyone gets the leading board. Pure: bodies for ``POST …/stats``.

An athlete keeps one value for each discipline, that of its latest final, since an entity has a few
values and not one for each final of a night.
"""

from __future__ import annotations

from typing import Any

from grandstand.demo.meet import ATHLETES, EVENTS
from grandstand.overlays.card_rules.update import Figure

NAMES = {"Chen": "Chen 陈", "Eun": "Eun 은", "Hana": "Hana 花", "Lin": "Lin 林"}
"""Names of those who write them in another script too, so that they are found by it."""

DISCIPLINES = {
    event.value.label: f"{event.value.label} · {event.value.names['zh']}" for event in EVENTS
}
LEADING = 5
BOARD_S = 12
"""The board is told with each attempt, so it goes soon after the last one."""


def name_of(entity: str) -> str:
    """Return an athlete's name as pages show it."""
    athlete = entity.partition(":")[2]
    return NAMES.get(athlete, athlete)


def entries(at: int) -> list[dict[str, Any]]:
    """Return who takes part, with what each has reached in the first discipline; ``at`` is ms of
    programme time."""
    first = EVENTS[0]
    value = {"value": None, "unit": "m", "best": first.best}
    return [_to_followers(f"athlete:{name}", first.value.label, value, at) for name in ATHLETES]


class Scoreboard:
    """The marks of the present final."""

    def __init__(self) -> None:
        self._final = ""
        self._marks: dict[str, Figure] = {}
        self._told: dict[str, dict[str, Any]] = {}

    def take(self, entity: str, final: str, mark: Figure, at: int) -> list[dict[str, Any]]:
        """Take a mark; return what is new for those who follow anyone whose mark or place it is."""
        if final != self._final:
            self._final, self._marks, self._told = final, {}, {}
        self._marks[entity] = mark
        new = [
            (name, value) for name, value in self._values().items() if value != self._told.get(name)
        ]
        self._told |= dict(new)
        discipline = final.partition(",")[0]
        return [_to_followers(name, discipline, value, at) for name, value in new]

    def board(self, at: int) -> list[dict[str, Any]]:
        """Return who leads; nothing before the first mark."""
        if not self._marks:
            return []
        label, _, number = self._final.partition(",")
        leading = list(self._values().items())[:LEADING]
        values = {
            name_of(name): {"value": value["value"], "unit": "m", "rank": value["rank"]}
            for name, value in leading
        }
        board = {"entity": "meet:1", "name": f"{DISCIPLINES[label]},{number}"}
        return [board | {"at": at, "duration": BOARD_S, "values": values}]

    def _values(self) -> dict[str, dict[str, Any]]:
        """Return the marks with their places, the best first; of two equal ones the earlier."""
        best_first = sorted(self._marks.items(), key=lambda item: -float(item[1].value or 0))
        return {
            name: {"value": mark.value, "unit": "m", "rank": rank, "best": _best(mark)}
            for rank, (name, mark) in enumerate(best_first, 1)
        }


def _best(mark: Figure) -> float:
    """Return the best so far, this mark included."""
    return max(float(mark.value or 0), float(mark.best or 0))


def _to_followers(entity: str, label: str, value: dict[str, Any], at: int) -> dict[str, Any]:
    body = {"entity": entity, "name": name_of(entity), "audience": "followers", "at": at}
    return body | {"values": {DISCIPLINES[label]: value}}
