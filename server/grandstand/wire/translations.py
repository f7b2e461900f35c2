"""What was said and shown, in another language: lists of translations, and how they are divided.

Pure. A translation names what it belongs to by its id and never replaces it: clients keep the
original.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Struct

By: TypeAlias = Annotated[
    str,
    Meta(
        max_length=100,
        description="`phrasebook`, `person`, or the engine's name: then a machine made it.",
    ),
]

PERSON = "person"


class TranslatedComment(Struct, frozen=True):
    """A comment's text."""

    id: str
    text: str
    by: By


class TranslatedOption(Struct, frozen=True):
    """The text of a poll's answer."""

    text: str


class TranslatedPoll(Struct, frozen=True):
    """A poll's question, and all of its answers in their order."""

    id: str
    question: str
    options: list[TranslatedOption]
    by: By


class TranslatedOverlay(Struct, frozen=True):
    """What of an overlay's ``data`` is text, of its version of programme time ``at`` (ms)."""

    id: str
    at: int
    data: dict[str, Any]
    by: By


class TranslatedCue(Struct, frozen=True):
    """What of a cue's ``data`` is text."""

    id: str
    data: dict[str, Any]
    by: By


class TranslatedTitle(Struct, frozen=True):
    """The room's title, which ``source`` is."""

    source: str
    text: str
    by: By


class Translations(Struct, frozen=True, omit_defaults=True):
    """Translations into one language (BCP 47)."""

    lang: str
    comments: list[TranslatedComment] = []
    polls: list[TranslatedPoll] = []
    overlays: list[TranslatedOverlay] = []
    cues: list[TranslatedCue] = []
    title: TranslatedTitle | None = None

    def __bool__(self) -> bool:
        return bool(self.comments or self.polls or self.overlays or self.cues or self.title)


def joined(lang: str, parts: Iterable[Translations]) -> Translations:
    """Return all of them in one, later ones in the place of earlier ones of the same thing."""
    comments = dict[str, TranslatedComment]()
    polls = dict[str, TranslatedPoll]()
    overlays = dict[str, TranslatedOverlay]()
    cues = dict[str, TranslatedCue]()
    title: TranslatedTitle | None = None
    for part in parts:
        comments |= {each.id: each for each in part.comments}
        polls |= {each.id: each for each in part.polls}
        overlays |= {each.id: each for each in part.overlays}
        cues |= {each.id: each for each in part.cues}
        title = part.title or title
    return Translations(
        lang,
        [*comments.values()],
        [*polls.values()],
        [*overlays.values()],
        [*cues.values()],
        title,
    )


def halves(whole: Translations) -> list[Translations]:
    """Return two parts that together are ``whole``; none if it has a single translation."""
    lang, title = whole.lang, whole.title
    single = [
        *(Translations(lang, comments=[each]) for each in whole.comments),
        *(Translations(lang, polls=[each]) for each in whole.polls),
        *(Translations(lang, overlays=[each]) for each in whole.overlays),
        *(Translations(lang, cues=[each]) for each in whole.cues),
        *([Translations(lang, title=title)] if title is not None else []),
    ]
    middle = len(single) // 2
    parts = (single[:middle], single[middle:]) if middle else ()
    return [joined(lang, part) for part in parts]
