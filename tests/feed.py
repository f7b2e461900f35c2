"""A reader of the programme feed, as the HTML standard has it: blocks of lines, ids, comments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One event; ``id`` is empty where it has none."""

    name: str
    data: Any
    id: str = ""


def read(text: str) -> list[Event]:
    """The events that came whole."""
    return list(_events(text))


def comments(text: str) -> int:
    """How many comment lines came whole."""
    return sum(line.startswith(":") for line in text.split("\n")[:-1])


def body(answer: str) -> str:
    """What follows the head of an answer whose chunks were joined."""
    return answer.replace("\r\n", "\n").partition("\n\n")[2]


def _events(text: str) -> Iterator[Event]:
    *blocks, _ = text.split("\n\n")
    for block in blocks:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            assert name not in fields, block
            assert name in ("", "event", "id", "data"), block
            fields[name] = value
        if fields.keys() != {""}:
            yield Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
