"""What of a room's commits people read, and the translations that follow from an answer.

Only what viewers were shown is here: frames have no hidden poll and no held comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import UNSET

from grandstand.domain.envelope import Commit
from grandstand.domain.polls import views
from grandstand.domain.polls.record import PollRecord, PollWords
from grandstand.domain.segments import Shown
from grandstand.domain.translations import text_of
from grandstand.translation.interpreter import PHRASEBOOK, Sentence, Translated
from grandstand.wire.codec import decode_frame
from grandstand.wire.messages import Comment, Cue, Overlay, Poll
from grandstand.wire.settings import Settings
from grandstand.wire.translations import (
    TranslatedComment,
    TranslatedCue,
    TranslatedOption,
    TranslatedOverlay,
    TranslatedPoll,
    TranslatedTitle,
    Translations,
)

Written: TypeAlias = Mapping[str, Sequence[Translated | None]]

Key: TypeAlias = tuple[str, str, int]
"""Kind, id and an overlay's ``at``."""


@dataclass(frozen=True, slots=True)
class ShownText:
    """One thing that people read. A poll has its question and its options, all others have one
    sentence. ``at`` is an overlay's. ``written`` has what a person wrote or has seen of all
    sentences, by language: of those nobody else is asked. None: it is shown as it is."""

    kind: Literal["comment", "poll", "overlay", "cue", "title"]
    id: str
    sentences: tuple[Sentence, ...]
    at: int = 0
    written: Written = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Return its first sentence."""
        return self.sentences[0].text

    @property
    def key(self) -> Key:
        """Return what names it among all that a room shows at a time."""
        return (self.kind, self.id, self.at)


def texts_of(commit: Commit, settings: Settings) -> Iterator[ShownText]:
    """Return what a commit shows that people read; ``settings`` are the room's after it."""
    written = _written(commit.private.polls)
    for payload in commit.frames:
        frame = decode_frame(payload)
        yield from _comments(frame.comments or (), commit.private.languages, settings)
        yield from _polls(frame.polls or (), written, settings)
        yield from _others(frame.overlays or (), frame.cues or (), settings)
        if frame.settings is not UNSET:
            yield from _title(frame.settings)


def texts_on_show(shown: Shown) -> Iterator[ShownText]:
    """Return what a room shows now that people read."""
    polls = [views.for_viewers(poll) for poll in shown.polls if poll.announced]
    yield from _comments(shown.recent, {}, shown.settings)
    yield from _polls(polls, _written(shown.polls), shown.settings)
    yield from _others(shown.overlays, shown.cues, shown.settings)
    yield from _title(shown.settings)


def _comments(
    comments: Iterable[Comment], languages: Mapping[str, str], settings: Settings
) -> Iterator[ShownText]:
    for each in comments:
        lang = languages.get(each.id, each.lang or "")
        yield ShownText("comment", each.id, (Sentence(each.text, lang, settings.max_text),))


def _polls(
    polls: Iterable[Poll], written: Mapping[str, Written], settings: Settings
) -> Iterator[ShownText]:
    for poll in polls:
        texts = (poll.question, *(option.text for option in poll.options))
        sentences = tuple(Sentence(each, settings.lang) for each in texts)
        yield ShownText("poll", poll.id, sentences, written=written.get(poll.id, {}))


def _written(polls: Iterable[PollRecord]) -> Mapping[str, Written]:
    """Return what a person wrote or has seen of polls in other languages, by the polls' ids."""
    return {
        poll.id: {lang: _said(poll, words) for lang, words in poll.translations.items()}
        for poll in polls
        if poll.translations
    }


def _said(poll: PollRecord, words: PollWords) -> list[Translated | None]:
    """Return a poll's words, None for those that are the poll's own."""
    own, texts = (poll.question, *poll.options), (words.question, *words.options)
    return [
        None if text == source else Translated(text, words.by)
        for text, source in zip(texts, own, strict=True)
    ]


def _others(
    overlays: Iterable[Overlay], cues: Iterable[Cue], settings: Settings
) -> Iterator[ShownText]:
    for overlay in overlays:
        if text := text_of(overlay.data):
            lang = overlay.data.get("lang")
            source = lang if isinstance(lang, str) else settings.lang
            yield ShownText("overlay", overlay.id, (Sentence(text, source),), overlay.at)
    for cue in cues:
        if text := text_of(cue.data):
            yield ShownText("cue", cue.id, (Sentence(text, settings.lang),))


def _title(settings: Settings) -> Iterator[ShownText]:
    if settings.title:
        yield ShownText("title", "", (Sentence(settings.title, settings.lang),))


def translations(
    lang: str, texts: Sequence[ShownText], answers: Sequence[Translated | None]
) -> Translations:
    """Return the translations of ``texts``, whose sentences were asked for one after the other."""
    found = Translations(lang, [], [], [], [])
    title: TranslatedTitle | None = None
    place = 0
    for each in texts:
        said = answers[place : place + len(each.sentences)]
        place += len(each.sentences)
        by = _author(said)
        if not by:
            continue
        words = [
            sentence.text if answer is None else answer.text
            for sentence, answer in zip(each.sentences, said, strict=True)
        ]
        match each.kind:
            case "comment":
                found.comments.append(TranslatedComment(each.id, words[0], by))
            case "poll":
                options = [TranslatedOption(word) for word in words[1:]]
                found.polls.append(TranslatedPoll(each.id, words[0], options, by))
            case "overlay":
                data = {"text": words[0]}
                found.overlays.append(TranslatedOverlay(each.id, each.at, data, by))
            case "cue":
                found.cues.append(TranslatedCue(each.id, {"text": words[0]}, by))
            case "title":
                title = TranslatedTitle(each.text, words[0], by)
    return Translations(lang, found.comments, found.polls, found.overlays, found.cues, title)


def keys_of(known: Translations) -> set[Key]:
    """Return the keys of what has these translations."""
    found: set[Key] = {("comment", each.id, 0) for each in known.comments}
    found |= {("poll", each.id, 0) for each in known.polls}
    found |= {("overlay", each.id, each.at) for each in known.overlays}
    found |= {("cue", each.id, 0) for each in known.cues}
    return found | ({("title", "", 0)} if known.title is not None else set())


def _author(answers: Iterable[Translated | None]) -> str:
    """Return who translated, ``""`` if nobody did: an engine rather than the phrase book, since its
    part is marked."""
    authors = {answer.by for answer in answers if answer is not None}
    return next(iter(authors - {PHRASEBOOK}), "") or (PHRASEBOOK if authors else "")
