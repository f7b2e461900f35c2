"""What the interpreter asks of an engine, and what an engine may rely on.

An engine gets one batch for one language at a time, and sends one request for it if its service
takes such. It returns an answer for each text, None where there is none, and checks nothing: what
it returns is examined by the interpreter. It raises ServiceError for everything that a service can
do wrong. It may be cancelled at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Item:
    """One text: ``source`` is its language (BCP 47) or "", ``names`` those in it that no engine may
    change."""

    text: str
    source: str = ""
    names: tuple[str, ...] = ()


class Engine(Protocol):
    """One engine; ``name`` is what viewers are told, ``where`` what operators are."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def where(self) -> str:
        """Return which service it is, without any key."""

    def takes(self, source: str, lang: str) -> bool:
        """Return whether it translates from ``source``, or "" if that isn't known, into
        ``lang``."""

    async def translate(self, items: Sequence[Item], lang: str) -> list[str | None]:
        """Return the translations, in the items' order. Raises ServiceError."""

    async def check(self) -> str:
        """Return what can be said of it, at best without cost. Raises ServiceError."""

    async def close(self) -> None:
        """End what it began."""


def base(tag: str) -> str:
    """Return the language of a BCP 47 tag without script and region; "" for an unknown one."""
    language = tag.partition("-")[0].lower()
    return "" if language == "und" else language
