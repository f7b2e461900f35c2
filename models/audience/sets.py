"""The shows that forecasts learn from and are tried on: ``NAME.csv`` with ``NAME.rundown.csv``.

Any edition in the folder is read, in the order of time. What is known before an edition is the
editions before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from grandstand.crowd.curve_file import read_items, read_show
from grandstand.crowd.history import cleaned
from grandstand.crowd.show import Floats, Item, Show

UNTIL = 1_577_836_800 // 60
"""2020: what began before it is trained on."""


@dataclass(frozen=True)
class Edition:
    """A show with its name; ``on`` says which minutes of its curves are within the show."""

    name: str
    show: Show
    on: slice

    def shifted(self, minutes: float) -> Edition:
        """Return it with a run-down that is so many minutes late."""
        items = [
            Item(item.start + minutes, item.end and item.end + minutes, item.title)
            for item in self.show.items
        ]
        return replace(self, show=replace(self.show, items=items))

    def without_run_down(self) -> Edition:
        """Return it without its run-down."""
        return replace(self, show=replace(self.show, items=()))

    def truth(self, comments: bool) -> Floats:
        """Return what was counted, (minutes,); NaN outside of the show and where nothing was."""
        clean = cleaned(self.show)
        curve = clean.comments if comments else clean.viewers
        found = np.full(len(curve), np.nan)
        found[self.on] = curve[self.on]
        return found


def editions(folder: Path) -> list[Edition]:
    """Return the editions of a folder."""
    found = []
    for path in folder.glob("*.rundown.csv"):
        name = path.name.removesuffix(".rundown.csv")
        curve = folder / f"{name}.csv"
        items = read_items(path.name, path.read_text("utf-8"))
        show = read_show(curve.name, curve.read_text("utf-8"), items)
        first = max(0, show.start - show.begin)
        on = slice(first, first + show.length)
        found.append(Edition(name, show, on))
    return sorted(found, key=lambda each: each.show.start)
