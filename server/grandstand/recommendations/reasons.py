"""One line that says why a room is recommended, in the viewer's language. Pure but for loading."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from grandstand.recommendations.board import Pick
from grandstand.recommendations.bulletin import WATCHED

DEFAULT = "en"
_FILE = files("grandstand.recommendations").joinpath("reasons.toml")
_LINES: Mapping[str, Mapping[str, str]] = tomllib.loads(_FILE.read_text("utf-8"))
"""By what is said, and language."""


def language(lang: str) -> str:
    """Return in which language reasons are for a viewer who asks for one (BCP 47): in its base
    language, or in English."""
    base = lang.lower().partition("-")[0]
    return base if base in _LINES["follows"] else DEFAULT


def reason(pick: Pick, names: Mapping[str, str], lang: str = "") -> str:
    """Return why a room was picked. ``names`` are those of things; a thing without one is called by
    its id behind the colon."""
    name = names.get(pick.thing) or pick.thing.partition(":")[2] or pick.thing
    is_watched = pick.code == "alike" and pick.thing.startswith(WATCHED)
    line = _LINES["alike_watched" if is_watched else pick.code][language(lang)]
    return line.format(thing=name, viewers=pick.room.viewers)
