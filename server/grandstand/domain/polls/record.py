"""A poll as the room keeps it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from grandstand.wire.audits import Audit
from grandstand.wire.messages import PollKind, PollStatus
from grandstand.wire.translations import PERSON

ShowTally = Literal["always", "voted", "revealed"]
AuditMode = Literal["none", "tally", "receipts"]


class PollWords(Struct, frozen=True):
    """What a poll says in another language: its question, and all of its options in their order.

    ``by`` is who made it: ``person``, ``phrasebook``, or an engine whose words a person has seen.
    """

    question: str
    options: list[str]
    by: str = PERSON


class PollRecord(Struct, frozen=True, kw_only=True):
    """A poll with what viewers don't get: its answer before the reveal, its vote shards.

    Before it is ``announced`` viewers know nothing of it. ``audited`` is there once its votes were
    recounted, whether viewers may see it or not. ``translations`` are those that a person wrote or
    has seen, by language (BCP 47). ``by`` is the model that wrote it, "" if a person did.
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
    weights: bool = False
    audit: AuditMode = "none"
    audited: Audit | None = None
    translations: dict[str, PollWords] = {}
    by: str = ""

    @property
    def ended(self) -> bool:
        """Return whether no vote can change it any more."""
        return self.status != "open"

    @property
    def ends_at(self) -> int:
        """Return when the last vote may arrive (programme time, ms)."""
        return self.closes_at + self.grace

    @property
    def awaits_audit(self) -> bool:
        """Return whether its result stands and its votes are still to be recounted."""
        is_done = self.audited is not None or self.audit == "none"
        return self.final and self.status != "cancelled" and not is_done

    @property
    def tally_is_public(self) -> bool:
        """Return whether everyone may see the tally now."""
        if self.status == "cancelled":
            return False
        return self.show_tally == "always" or self.status == "revealed"
