"""A poll as the room keeps it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from grandstand.wire.messages import PollKind, PollStatus

ShowTally = Literal["always", "voted", "revealed"]


class PollRecord(Struct, frozen=True, kw_only=True):
    """A poll with what viewers don't get: its answer before the reveal, its vote shards.

    Before it is ``announced`` viewers know nothing of it.
    """

    id: str
    kind: PollKind
    question: str
    options: list[str]
    opens_at: int
    closes_at: int
    grace: int
    change: bool = False
    max_choices: int = 1
    show_tally: ShowTally = "always"
    answer: int | None = None
    shards: int = 8
    status: PollStatus = "open"
    announced: bool = False
    final: bool = False
    tally: list[int] | None = None
    voters: int | None = None
    tag: str | None = None

    @property
    def ended(self) -> bool:
        """Return whether no vote can change it any more."""
        return self.status != "open"

    @property
    def ends_at(self) -> int:
        """Return when the last vote may arrive (programme time, ms)."""
        return self.closes_at + self.grace

    @property
    def tally_is_public(self) -> bool:
        """Return whether everyone may see the tally now."""
        if self.status == "cancelled":
            return False
        return self.show_tally == "always" or self.status == "revealed"
