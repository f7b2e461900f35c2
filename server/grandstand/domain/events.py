"""The events that enter a room by its ingest stream; nothing else changes a room.

A ``CommentEvent`` gets its comment id from the append script. Every other event carries its own
``id``, by which its sender recognises the ``Outcome`` and a repeated append is recognised.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, field

from grandstand.domain.entities import EntityUpdate, Told
from grandstand.domain.erasure_events import CommentsErased, ErasureEnded, ViewerErased
from grandstand.domain.identity import Role
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.record import Row
from grandstand.domain.schemas import KindSchema
from grandstand.domain.utterance import Utterance, stored_color, stored_look
from grandstand.wire.audits import Audit
from grandstand.wire.messages import UNKNOWN_LANG, Cue, HeldComment, Mode, Overlay, Size
from grandstand.wire.translations import Translations


class CommentEvent(Struct, frozen=True, array_like=True, tag="c"):
    """A comment that moderation let through or held, as an array: fields are added at its end."""

    user: str
    name: str
    at: int
    text: str
    weight: float
    mood: float
    excitement: float
    dedupe_key: int
    mode: Mode = "scroll"
    size: Size = "normal"
    color: int | None = None
    held: bool = False
    category: str = ""
    reason: str = ""
    role: Role = "viewer"
    lang: str = UNKNOWN_LANG
    appeal: str | None = None
    model: str = ""

    @classmethod
    def of(
        cls,
        utterance: Utterance,
        weight: float,
        mood: float,
        excitement: float,
        dedupe_key: int,
        held: bool = False,
        category: str = "",
        reason: str = "",
        appeal: str | None = None,
        model: str = "",
    ) -> CommentEvent:
        """Return the event of ``utterance``, with what moderation found (``model`` scored it); of
        one that it refused, with what its author says to that."""
        return cls(
            utterance.user,
            utterance.name,
            utterance.at,
            utterance.text,
            weight,
            mood,
            excitement,
            dedupe_key,
            utterance.look.mode,
            utterance.look.size,
            stored_color(utterance.look),
            held,
            category,
            reason,
            utterance.role,
            utterance.lang,
            appeal,
            model,
        )

    @property
    def utterance(self) -> Utterance:
        """Return what the author said."""
        look = stored_look(self.mode, self.size, self.color)
        return Utterance(self.user, self.name, self.at, self.text, look, self.role, self.lang)

    def held_comment(self, comment_id: str) -> HeldComment:
        """Return what moderators see of it, if moderation held it."""
        said = self.utterance
        return HeldComment(
            comment_id,
            said.at,
            said.user,
            said.name,
            said.text,
            self.weight,
            [self.category] if self.category else [],
            self.reason,
            said.staff_role,
            said.lang,
            UNSET if self.appeal is None else self.appeal,
            self.model,
            mode=said.look.mode,
            color=said.look.color,
            size=said.look.size,
        )


class SettingsPut(Struct, frozen=True, tag="settings"):
    """The room's settings are replaced (``merge`` false) or changed in some places (deep merge)."""

    id: str
    changes: dict[str, Any]
    merge: bool


class ClockReset(Struct, frozen=True, tag="clock"):
    """A producer sets the room's clock by the store's, with another offset if one is given."""

    id: str
    offset: int | None = None


class PollOpened(Struct, frozen=True, tag="poll"):
    """A new poll."""

    id: str
    poll: PollRecord


class PollStepped(Struct, frozen=True, tag="step"):
    """A producer closes, reveals or cancels a poll at ``at``."""

    id: str
    poll: str
    step: Literal["close", "reveal", "cancel"]
    at: int
    grace: int | None = None


class PollExtended(Struct, frozen=True, tag="extend"):
    """A producer lets a poll's window end later, at ``closes_at``."""

    id: str
    poll: str
    closes_at: int


class PollResolved(Struct, frozen=True, tag="resolve"):
    """A producer says which option of a poll was right, which reveals it."""

    id: str
    poll: str
    answer: int


class PollFinished(Struct, frozen=True, tag="finish"):
    """Every shard is closed and was summed: the final result."""

    id: str
    poll: str
    tally: list[int]
    voters: int


class PollAudited(Struct, frozen=True, tag="audit"):
    """The votes of a final poll were recounted."""

    id: str
    poll: str
    audited: Audit


class CueGiven(Struct, frozen=True, tag="cue"):
    """A cue."""

    id: str
    cue: Cue


class StatsGiven(Struct, frozen=True, tag="stats"):
    """Versions of stats cards for everyone, then updates of entities for those who follow them,
    each in the order given."""

    id: str
    cards: list[Overlay]
    entities: list[EntityUpdate] = []


class CardFound(Struct, frozen=True, tag="card"):
    """Rules made a card of ``entity``, or took it back: for everyone, or for its followers."""

    id: str
    entity: str
    everyone: Overlay | None = None
    followers: Told | None = None


class SchemaPut(Struct, frozen=True, tag="schema"):
    """A producer says which values a kind of entity has; with None it may have any."""

    id: str
    kind: str
    schema: KindSchema | None


class HighlightFound(Struct, frozen=True, tag="highlight"):
    """The audience stirs, or has stirred: a version of the overlay that tells of it."""

    id: str
    overlay: Overlay


class HighlightDeleted(Struct, frozen=True, tag="delete highlight"):
    """A producer deletes a highlight: the last version of its overlay, which goes at once."""

    id: str
    overlay: Overlay


class Translated(Struct, frozen=True, tag="translated"):
    """What viewers were shown was translated: of each language what came together.

    ``sources`` has the texts of overlays that were translated, by the overlays' ids: one that has
    another text by now is not translated.
    """

    id: str
    translations: list[Translations]
    sources: dict[str, str] = {}


class CommentsImported(Struct, frozen=True, tag="import"):
    """Comments from elsewhere, only for the record; those that it has already change nothing."""

    id: str
    rows: list[Row]


class Retracted(Struct, frozen=True, tag="retract"):
    """A moderator takes a comment back; ``user`` is its author.

    ``dedupe_key`` is that of its text if it was shown: for a while others' copies are not shown.
    """

    id: str
    comment: str
    user: str
    dedupe_key: int | None = field(default=None, name="likeness")


class HeldDecided(Struct, frozen=True, tag="decide"):
    """A moderator decides a held comment, and may tell its author ``text``, which ``by`` wrote."""

    id: str
    comment: str
    approved: bool
    text: str = ""
    by: str = ""


class HeldDecidedTogether(Struct, frozen=True, tag="decide together"):
    """A moderator approves or rejects many held comments; those that aren't held any more stay."""

    id: str
    comments: list[str]
    approved: bool


class Sanctioned(Struct, frozen=True, tag="bar"):
    """A moderator mutes or bans a viewer until a time (None: for good)."""

    id: str
    user: str
    kind: Literal["mute", "ban"]
    until: int | None


class StaffCame(Struct, frozen=True, tag="staff"):
    """A moderator or producer is here. No moderator may mute or ban this person, and nobody else
    may use the name."""

    id: str
    user: str
    role: Literal["moderator", "producer"]
    name: str


class GuestBanned(Struct, frozen=True, tag="hints"):
    """The hints of a banned guest, each until its time."""

    id: str
    user: str
    hints: dict[str, int]


class Restored(Struct, frozen=True, tag="restore"):
    """A moderator lifts a mute or a ban."""

    id: str
    user: str


class EffectsChanged(Struct, frozen=True, tag="effects"):
    """A producer put or removed an effect; it lies in the store."""

    id: str


class EffectTested(Struct, frozen=True, tag="test effect"):
    """A producer wants an effect to fire once with made-up data."""

    id: str
    effect: str


class RundownPut(Struct, frozen=True, tag="rundown"):
    """A producer puts a run-down in the place of that of version ``before``.

    ``ids`` are those of its items. ``items`` is in the form of the store: the fold doesn't read it.
    """

    id: str
    before: int
    ids: list[str]
    items: bytes


class RundownGo(Struct, frozen=True, tag="go"):
    """An item of the run-down goes, if it waits: it ``does`` something or nothing, and is on air.

    ``version`` is that of the run-down in which the item was read.
    """

    id: str
    item: str
    version: int
    does: PollOpened | CueGiven | StatsGiven | None = None


class RundownReset(Struct, frozen=True, tag="again"):
    """Items of the run-down of version ``before`` wait again: these, or with None all of them."""

    id: str
    before: int
    items: list[str] | None = None


ControlEvent: TypeAlias = (
    SettingsPut
    | ClockReset
    | PollOpened
    | PollStepped
    | PollExtended
    | PollResolved
    | PollFinished
    | PollAudited
    | CueGiven
    | StatsGiven
    | CardFound
    | SchemaPut
    | HighlightFound
    | HighlightDeleted
    | Translated
    | CommentsImported
    | Retracted
    | ViewerErased
    | CommentsErased
    | ErasureEnded
    | HeldDecided
    | HeldDecidedTogether
    | Sanctioned
    | Restored
    | StaffCame
    | GuestBanned
    | EffectsChanged
    | EffectTested
    | RundownPut
    | RundownGo
    | RundownReset
)


_encoder = msgspec.msgpack.Encoder()
_comment_decoder = msgspec.msgpack.Decoder(CommentEvent)
_control_decoder = msgspec.msgpack.Decoder(ControlEvent)


def encode(event: CommentEvent | ControlEvent) -> bytes:
    """Return an event in the form of the ingest stream."""
    return _encoder.encode(event)


def decode(payload: bytes, comment_id: str) -> CommentEvent | ControlEvent:
    """Return an event of the ingest stream; it is a comment if it has a comment id."""
    return _comment_decoder.decode(payload) if comment_id else _control_decoder.decode(payload)
