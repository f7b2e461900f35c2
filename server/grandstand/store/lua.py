"""The store's Lua scripts, as files of the package."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from importlib import resources

_INCLUDE = re.compile(r"^-- include (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script. ``sha1`` is its name at the server."""

    name: str
    source: str
    sha1: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha1", digest)


def load(name: str) -> Script:
    """Read ``store/scripts/{name}.lua`` from the package, with what it includes."""
    return Script(name, _INCLUDE.sub(lambda found: _source(found[1]), _source(name)))


def _source(name: str) -> str:
    file = resources.files("grandstand.store").joinpath("scripts", f"{name}.lua")
    return file.read_text(encoding="utf-8")
