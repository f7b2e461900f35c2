"""What a run is told, on the command line or in the form of Locust's page."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from locust.argument_parser import LocustArgumentParser

from loadtest.users.rhythm import RHYTHMS
from loadtest.users.service_levels import DEFAULT

DIALECTS = ["grandstand", "websocket", "socketio", "nats"]


def declare(parser: LocustArgumentParser) -> None:
    """Adds ours to Locust's own."""
    ours = parser.add_argument_group("Grandstand")

    def option(name: str, default: Any, words: str, **more: Any) -> None:
        told = words if default == "" else f"{words} [default: {default}]"
        ours.add_argument(name, default=default, type=type(default), help=told, **more)

    option("--room", "loadtest", "The room; made if it isn't there and a producer's token can be.")
    option("--room-settings", "", 'Settings as JSON for a room that is made, such as {"tick":100}.')
    option("--seats", 500, "Viewers of one BulkViewers or Lurker user.")
    option("--seats-per-s", 1000.0, "Connections a process begins in a second, at most.")
    option("--seats-at-once", 256, "Connections of a process that are on their way, at most.")
    option("--dialect", "grandstand", "What BulkViewers speak.", choices=DIALECTS)
    option("--path", "", "Where BulkViewers of --dialect websocket connect. [default: /sub/ROOM]")
    option("--deflate", "no", "Whether seats offer permessage-deflate.", choices=["no", "yes"])
    option("--patience", 0, "Milliseconds that frames of BulkViewers may wait at the server.")
    option("--sample-every", 100, "One seat in so many looks for what others have sent.")
    option("--look-every", 0.0, "Milliseconds between two looks of BulkViewers; 0: at once.")
    option("--comments-per-s", 2.0, "Comments of each process, on average.")
    option("--rhythm", "show", "When they come.", choices=[*RHYTHMS])
    option("--trace", "", "A recorded chat for their texts: NDJSON or Bilibili's XML, or a folder.")
    option("--voters", 0.1, "The share of viewers who vote in a poll.")
    option("--poll-every", 30.0, "Seconds between a Producer's polls; 0 for none.")
    option("--cue-every", 10.0, "Seconds between its cues; 0 for none.")
    option("--cue-bytes", 64, "Bytes of data in a cue.")
    option("--slo", "", f"Service levels, instead of: {DEFAULT}")
    option("--result", "", "A file for all figures, as JSON.")


@dataclass(frozen=True, slots=True)
class Options:
    """As they were given; see ``declare``."""

    room: str
    room_settings: str
    seats: int
    seats_per_s: float
    seats_at_once: int
    dialect: str
    path: str
    deflate: str
    patience: int
    sample_every: int
    look_every: float
    comments_per_s: float
    rhythm: str
    trace: str
    voters: float
    poll_every: float
    cue_every: float
    cue_bytes: int
    slo: str
    result: str

    @classmethod
    def of(cls, parsed: Namespace) -> Options:
        """Ours among Locust's."""
        return cls(**{name: getattr(parsed, name) for name in cls.__dataclass_fields__})

    @property
    def is_ours(self) -> bool:
        """Whether the server is a Grandstand: it has rooms, comments and polls."""
        return self.dialect == "grandstand"
