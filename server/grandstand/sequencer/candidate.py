"""A comment in a tick: as it came, as it is shown, as it is recorded. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct

from grandstand.domain.events import CommentEvent
from grandstand.domain.ranking import Group
from grandstand.domain.record import Row
from grandstand.domain.selection import Choice
from grandstand.domain.translations import base_of
from grandstand.domain.utterance import Utterance, comment_of, utterance_of
from grandstand.text.normalise import dedupe_key, skeleton
from grandstand.wire.messages import UNKNOWN_LANG, Comment, HeldComment


class Candidate(Struct, frozen=True, gc=False):
    """A comment that may be shown.

    ``dedupe_key`` is equal for comments that say the same; ``weight`` is how much it is worth by
    itself, ``excitement`` is the scorer's.
    """

    id: str
    utterance: Utterance
    weight: float
    excitement: float
    dedupe_key: int

    @property
    def user(self) -> str:
        """Return its author."""
        return self.utterance.user

    @property
    def skeleton(self) -> str:
        """Return its normal form."""
        return skeleton(self.utterance.text)

    @classmethod
    def of_event(cls, comment_id: str, event: CommentEvent) -> Candidate:
        """Return the candidate of an event from the ingest stream."""
        return cls(comment_id, event.utterance, event.weight, event.excitement, event.dedupe_key)

    @classmethod
    def of_message(cls, message: Comment | HeldComment) -> Candidate:
        """Return the candidate of a comment that a moderator let through, or that was shown before
        this sequencer started."""
        return cls(message.id, utterance_of(message), message.weight, 0.0, dedupe_key(message.text))


def shown(group: Group[Candidate], home: str | None = None) -> Comment:
    """Return the comment as viewers see it; its weight is the one by which it was selected.

    It tells its language where that isn't ``home``, the room's. Without one it doesn't tell."""
    said = group.shown
    lang = said.utterance.lang
    is_foreign = home is not None and lang != UNKNOWN_LANG and base_of(lang) != base_of(home)
    return comment_of(
        said.id, said.utterance, group.weight, group.count, lang if is_foreign else UNSET
    )


def languages(groups: Sequence[Group[Candidate]]) -> dict[str, str]:
    """Return the languages of the shown comments whose language is known, by their ids."""
    said = ((group.shown.id, group.shown.utterance.lang) for group in groups)
    return {comment: lang for comment, lang in said if lang != UNKNOWN_LANG}


def rows(shown: Sequence[Group[Candidate]], choice: Choice[Candidate]) -> list[Row]:
    """Return the record's rows of what a tick could choose from: each comment once, shown or not.

    A shown one has the weight and the count of its frame; others the weight that they came with.
    """
    rows = []
    for group in shown:
        best = group.shown
        rows.append(Row.of(best.id, best.utterance, group.weight, True, count=group.count))
        rows += (_unshown(each, best.id) for each in group.merged)
    rows += (_unshown(each, into) for each, into in choice.again)
    rows += (_unshown(each) for each in choice.rest)
    return rows


def hidden_rows(hidden: Sequence[tuple[Candidate, str]]) -> list[Row]:
    """Return the record's rows of comments that may not be shown; each comes with the id of the
    retracted comment into which it is merged, or an empty one."""
    return [_unshown(each, into) for each, into in hidden]


def _unshown(candidate: Candidate, merged_into: str = "") -> Row:
    return Row.of(candidate.id, candidate.utterance, candidate.weight, False, merged_into)
