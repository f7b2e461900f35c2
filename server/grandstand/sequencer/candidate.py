"""A comment on its way through a tick: as it came, as it is held, shown, recorded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET

from grandstand.domain.events import CommentEvent, held_comment
from grandstand.domain.ranking import Group
from grandstand.domain.record import Row
from grandstand.domain.selection import Choice
from grandstand.text.normalise import dedupe_key, skeleton
from grandstand.wire.messages import Comment, HeldComment


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comment that may be shown."""

    id: str
    event: CommentEvent

    @property
    def user(self) -> str:
        """Its author."""
        return self.event.user

    @property
    def dedupe_key(self) -> int:
        """Equal for comments that say the same."""
        return self.event.dedupe_key

    @property
    def gist(self) -> str:
        """Its normal form."""
        return skeleton(self.event.text)

    @property
    def weight(self) -> float:
        """How much it is worth by itself."""
        return self.event.weight

    @property
    def excitement(self) -> float:
        """What the scorer felt in it."""
        return self.event.excitement

    def held(self) -> HeldComment:
        """What moderators see of it."""
        return held_comment(self.id, self.event)

    @classmethod
    def approved(cls, held: HeldComment) -> Candidate:
        """What a moderator let through."""
        return cls(
            held.id,
            CommentEvent(
                user=held.user,
                name=held.name,
                at=held.at,
                text=held.text,
                weight=held.weight,
                mood=0.0,
                excitement=0.0,
                dedupe_key=dedupe_key(held.text),
                mode=held.mode,
                size=held.size,
                color=None if held.color is UNSET else held.color,
                role="viewer" if held.role is UNSET else held.role,
            ),
        )

    @classmethod
    def shown_before(cls, comment: Comment) -> Candidate:
        """A comment that was shown before this sequencer came."""
        event = CommentEvent(
            user=comment.user,
            name=comment.name,
            at=comment.at,
            text=comment.text,
            weight=comment.weight,
            mood=0.0,
            excitement=0.0,
            dedupe_key=dedupe_key(comment.text),
            role="viewer" if comment.role is UNSET else comment.role,
        )
        return cls(comment.id, event)


def shown(group: Group[Candidate]) -> Comment:
    """What viewers see; its weight is the one by which it was selected."""
    event = group.shown.event
    return Comment(
        id=group.shown.id,
        at=event.at,
        user=event.user,
        name=event.name,
        text=event.text,
        weight=group.weight,
        mode=event.mode,
        color=UNSET if event.color is None else event.color,
        size=event.size,
        count=group.count,
        role=event.role if event.role != "viewer" else UNSET,
    )


def rows(
    shown: Sequence[Group[Candidate]],
    choice: Choice[Candidate],
    hidden: Sequence[tuple[Candidate, str]],
) -> list[Row]:
    """What the record keeps of a tick: each comment once, shown or not.

    A shown one has the weight and the count of its frame; others the weight that they came with.
    ``hidden`` may not be shown; with the id of the retracted comment into which each is merged, or
    an empty one.
    """
    rows = []
    for group in shown:
        rows.append(_row(group.shown, group.weight, shown=True, count=group.count))
        rows += (_row(told, told.weight, merged_into=group.shown.id) for told in group.merged)
    rows += (_row(told, told.weight, merged_into=into) for told, into in (*choice.again, *hidden))
    rows += (_row(told, told.weight) for told in choice.rest)
    return rows


def _row(
    told: Candidate, weight: float, shown: bool = False, merged_into: str = "", count: int = 1
) -> Row:
    event = told.event
    return Row(
        id=told.id,
        at=event.at,
        user=event.user,
        name=event.name,
        text=event.text,
        weight=weight,
        shown=shown,
        merged_into=merged_into,
        count=count,
        mode=event.mode,
        size=event.size,
        color=event.color,
        role=event.role,
    )
