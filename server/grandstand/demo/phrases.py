"""The crowd's comments and names: templates of our own, drawn at random. Pure but for loading."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random

from grandstand.demo.rhythm import Occasion

UNFRIENDLY_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Phrases:
    """Templates by occasion, and the words for their slots."""

    templates: Mapping[str, Sequence[str]]
    slots: Mapping[str, Sequence[str]]
    names: Sequence[str]

    @classmethod
    def load(cls, name: str = "phrases.toml") -> Phrases:
        """Return the phrases of a file that comes with the package."""
        read = tomllib.loads(files("grandstand.demo").joinpath(name).read_text("utf-8"))
        slots, names = read.pop("slots"), read.pop("names")["first"]
        return cls({occasion: table["phrases"] for occasion, table in read.items()}, slots, names)

    def say(self, random: Random, occasion: Occasion, options: Sequence[str] = ()) -> str:
        """Return a comment for the occasion; ``options`` are those of the open poll."""
        kind = "unfriendly" if random.random() < UNFRIENDLY_SHARE else occasion
        if kind == "poll" and not options:
            kind = "moment"
        return self.fill(random, random.choice(self.templates[kind]), options)

    def fill(self, random: Random, template: str, options: Sequence[str] = ()) -> str:
        """Return a template with words in its slots."""
        return template.format_map(_Draw(random, {**self.slots, "option": options}))

    def name(self, random: Random) -> str:
        """Return a viewer's name."""
        return f"{random.choice(self.names)}{random.randrange(100):02d}"


class _Draw(dict[str, str]):
    """Fills a slot when the template reaches it."""

    def __init__(self, random: Random, slots: Mapping[str, Sequence[str]]) -> None:
        self._random = random
        self._slots = slots

    def __missing__(self, slot: str) -> str:
        return self._random.choice(self._slots[slot])
