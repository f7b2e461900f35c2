"""Run a feed through the card rules, from its first row to its last, and say what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grandstand.domain.schemas import KindSchema
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.finder import CardFinder
from grandstand.overlays.card_rules.update import Item, Start, Update
from grandstand.overlays.sentences.languages import CODES
from grandstand.overlays.sentences.sentence import sentence, unfounded

READ_EVERY_MS = 1_000
SILENCE_MS = 1_800_000
"""Hours without an update aren't hours of the show."""


@dataclass(slots=True)
class Report:
    """What a feed's cards were. ``hours`` are those in which it sent."""

    items: int = 0
    hours: float = 0.0
    seconds: float = 0.0
    rules: Counter[str] = field(default_factory=Counter)
    audiences: Counter[str] = field(default_factory=Counter)
    everyone: Counter[str] = field(default_factory=Counter)
    unfounded: list[str] = field(default_factory=list)
    taken_back: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return the figures."""
        shown = self.audiences["everyone"]
        return {
            "items": self.items,
            "hours": round(self.hours, 1),
            "cpu_s": round(self.seconds, 2),
            "cpu_us_per_item": round(1e6 * self.seconds / max(1, self.items)),
            "cards": dict(self.rules.most_common()),
            "to_everyone": dict(self.everyone.most_common()),
            "audiences": dict(self.audiences),
            "to_everyone_per_hour": round(shown / self.hours, 1) if self.hours else 0,
            "taken_back": self.taken_back,
            "unfounded": self.unfounded[:20],
            "counts": dict(self.counts),
        }


def run(items: Iterable[Item], schemas: Mapping[str, KindSchema]) -> tuple[Report, list[Card]]:
    """Give a finder all items, reading once a second of the feed's time; return all cards."""
    finder, report, cards = CardFinder(schemas), Report(), list[Card]()
    began, read_at, before = time.process_time(), 0, 0
    for item in items:
        if item.due - read_at >= READ_EVERY_MS:
            cards += finder.read(item.due - 1).cards
            read_at = item.due
            report.hours += min(item.due - before, SILENCE_MS) / 3_600_000 if before else 0
            before = item.due
        match item:
            case Start():
                finder.start(item)
            case Update():
                finder.update(item)
        report.items += 1
    last = finder.read(before + 3_600_000)
    cards += last.cards
    report.seconds = time.process_time() - began
    report.counts = finder.counts
    for card in cards:
        report.rules[card.rule] += 1
        report.audiences[card.audience] += 1
        report.everyone[card.rule] += card.audience == "everyone"
        for lang in CODES:
            text = sentence(card, lang).text
            wrong = unfounded(text, card, lang) or (not text and ["nothing"])
            report.unfounded += [f"{lang}: {text}: {wrong}"] if wrong else []
    return report, cards
