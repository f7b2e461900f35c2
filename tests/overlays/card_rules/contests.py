"""Made-up contests: a throw (higher is better), a race (lower), a match of two that counts."""

from __future__ import annotations

from collections.abc import Iterable

from grandstand.domain.schemas import KindSchema, Stage, ValueSchema
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.finder import CardFinder
from grandstand.overlays.card_rules.update import Figure, Item, Start, Update

T = 1_700_000_000_000
"""ms of programme time."""

NAMES = {"a": "Ada", "b": "Bo", "c": "Cy", "d": "Dee", "e": "Eve"}
SCHEMAS = {
    "athlete": KindSchema(
        [
            ValueSchema(
                "Throw",
                unit="m",
                names={"zh": "投掷"},
                better="higher",
                decimals=2,
                close=0.05,
                improves=True,
            ),
            ValueSchema(
                "Race", unit="s", names={"zh": "赛跑"}, better="lower", decimals=2, improves=True
            ),
            ValueSchema("Lap", unit="s", better="lower", decimals=3, rules=["lead"]),
            ValueSchema("Speed", unit="km/h", better="higher", decimals=1, stale=60),
        ],
        records="record",
        marks={"WR": "record", "PB": "best", "SB": "season"},
        stages={"heat": Stage(0.5, {"zh": "预赛"}), "final": Stage(1.0, {"zh": "决赛"})},
    ),
    "team": KindSchema(
        [ValueSchema("Points", unit="points", better="higher", decimals=0, step=10, improves=True)],
        records="tally",
    ),
}


def said(
    who: str, at_s: float, value: float | str | None, label: str = "Throw, final", **more: object
) -> Update:
    """``who`` is a letter, or a whole entity."""
    entity = who if ":" in who else f"athlete:{who}"
    figure = Figure(value, **more)  # type: ignore[arg-type]
    name = NAMES.get(who, entity.partition(":")[2])
    return Update(entity, name, T + round(at_s * 1000), {label: figure})


def found(items: Iterable[Item], until_s: float = 3600) -> list[Card]:
    """All cards of a show that is read once, at its end."""
    finder = CardFinder(SCHEMAS)
    for item in items:
        give(finder, item)
    return finder.read(T + round(until_s * 1000)).cards


def give(finder: CardFinder, item: Item) -> None:
    if isinstance(item, Start):
        finder.start(item)
    else:
        finder.update(item)


def throws(*values: float, label: str = "Throw, final", every_s: float = 60) -> list[Update]:
    """One throw each, by Ada, Bo, Cy …, a minute apart."""
    return [said("abcde"[n], n * every_s, value, label) for n, value in enumerate(values)]
