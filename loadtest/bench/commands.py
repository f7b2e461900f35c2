"""What the bench may ask of the crowd's process: a line of JSON each, answered by a line."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class OpenSeats(Struct, frozen=True, tag="open"):
    """Ask for ``count`` seats in all; the answer is how many there are to be."""

    count: int


class CutAll(Struct, frozen=True, tag="cut"):
    """Break all connections; the answer is how many seats there are."""


class Say(Struct, frozen=True, tag="say"):
    """Let a seat that does not sample comment; the answer is which comment of all it is."""

    text: str


class AskTime(Struct, frozen=True, tag="ask_time"):
    """Let every seat ask for the time; the answer is how many seats there are."""


class Sleep(Struct, frozen=True, tag="sleep"):
    """Read nothing any more, or read again; the answer is ``asleep``."""

    asleep: bool


class TakeCounts(Struct, frozen=True, tag="counts"):
    """Tell what was counted so far, and which times since the command before."""


Command: TypeAlias = OpenSeats | CutAll | Say | AskTime | Sleep | TakeCounts
