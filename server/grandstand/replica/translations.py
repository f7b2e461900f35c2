"""The translations that came lately into one room, for viewers who come in or come back. Pure.

Theory of operation: commits bring translations of what frames of earlier commits showed. They are
kept as long as the ring keeps frames, and those of comments as long as a ``welcome`` has these. So
a viewer who gets old frames gets what was translated of them. A comment that was taken back leaves
at once, and a translation that comes after that isn't taken.

An overlay may be told again with the same ``at`` and another text. So a translation counts until
its overlay is told again: also where it waits to be sent, and where it is cut into segments. A room
without languages has nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from grandstand.domain.envelope import Commit
from grandstand.domain.translations import without_comments
from grandstand.wire import redaction
from grandstand.wire.codec import decode_frame
from grandstand.wire.translations import TranslatedComment, Translations, joined

KEPT = 4000
"""Commits with translations that are kept at most, however few frames the ring has."""

GONE_KEPT = 2000
"""Comments that were taken back and are remembered: a translation takes seconds."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one commit brought, by language, and then told: overlays with text, by id and ``at``."""

    seq: int
    now: int
    offset: int
    news: Mapping[str, Translations]
    told: frozenset[tuple[str, int]]


class TranslationRing:
    """The newest translations of one room, by commit."""

    def __init__(self) -> None:
        # A list: of many rooms most have none, and an empty deque has 760 bytes.
        self._kept: list[_Entry] = []
        self._gone: dict[str, None] = {}
        self._recent: dict[str, dict[str, TranslatedComment]] = {}

    def __bool__(self) -> bool:
        return bool(self._recent) or any(entry.news for entry in self._kept)

    def take(self, commit: Commit) -> Mapping[str, Translations]:
        """Take the next commit; return what it brings, by language."""
        self._take_back(redaction.retracted(commit.frames))
        told = redaction.overlays_with_text(commit.frames)
        by_lang = dict[str, list[Translations]]()
        for each in commit.private.translations:
            by_lang.setdefault(each.lang, []).append(
                _untold(without_comments(each, self._gone), told)
            )
        news = {lang: joined(lang, parts) for lang, parts in by_lang.items()}
        news = {lang: each for lang, each in news.items() if each}
        if news or told:
            self._kept.append(_Entry(commit.seq, commit.now, commit.offset, news, told))
            del self._kept[:-KEPT]
        return news

    def after(self, lang: str, offset: int) -> Translations:
        """Return what came in a language since frame ``offset``."""
        return _whole(lang, (each for each in self._kept if each.offset >= offset))

    def since(self, lang: str, seq: int) -> Translations:
        """Return what came in a language from commit ``seq`` on."""
        return _whole(lang, (each for each in self._kept if each.seq >= seq))

    def comments(self, lang: str) -> Translations:
        """Return all of comments that are kept in a language: also of those which are among the
        room's recent ones for longer than the ring has their frames."""
        recent = Translations(lang, [*self._recent.get(lang, {}).values()])
        return Translations(lang, joined(lang, [recent, self.after(lang, 0)]).comments)

    def between(self, lang: str, since: int, until: int, frames_until: int) -> Translations:
        """Return what came in a language from ``since`` to before ``until`` (programme ms), of what
        frames before ``frames_until`` told."""
        parts: list[Translations] = []
        told_later = set[tuple[str, int]]()
        for each in self._kept:
            if since <= each.now < until:
                if lang in each.news:
                    parts.append(_untold(each.news[lang], told_later))
                if each.now < frames_until:
                    parts = [_untold(part, each.told) for part in parts]
                else:
                    told_later |= each.told
        return joined(lang, parts)

    def forget_before(self, offset: int, recent: Iterable[str] = ()) -> None:
        """Forget what came before frame ``offset``, as the ring forgets its frames, but for the
        comments of the ids ``recent``."""
        over = 0
        while over < len(self._kept) and self._kept[over].offset < offset:
            over += 1
        if not over and (self._kept or not self._recent):
            return
        gone, self._kept = self._kept[:over], self._kept[over:]
        known = frozenset(recent)
        for entry in gone:
            for lang, each in entry.news.items():
                kept = {comment.id: comment for comment in each.comments}
                self._recent[lang] = self._recent.get(lang, {}) | kept
        by_lang = {
            lang: {id: comment for id, comment in comments.items() if id in known}
            for lang, comments in self._recent.items()
        }
        self._recent = {lang: comments for lang, comments in by_lang.items() if comments}

    def forget(self) -> None:
        """Forget all of them."""
        self._kept.clear()
        self._recent.clear()

    def _take_back(self, gone: Collection[str]) -> None:
        if not gone:
            return
        self._gone |= dict.fromkeys(gone)
        while len(self._gone) > GONE_KEPT:
            del self._gone[next(iter(self._gone))]
        for place, entry in enumerate(self._kept):
            left = {lang: without_comments(each, self._gone) for lang, each in entry.news.items()}
            self._kept[place] = _Entry(entry.seq, entry.now, entry.offset, left, entry.told)
        for comments in self._recent.values():
            for id in gone:
                comments.pop(id, None)


def _whole(lang: str, entries: Iterable[_Entry]) -> Translations:
    """Return what entries brought, without what was told again since."""
    parts: list[Translations] = []
    for entry in entries:
        if lang in entry.news:
            parts.append(entry.news[lang])
        if entry.told:
            parts = [_untold(part, entry.told) for part in parts]
    return joined(lang, parts)


def _untold(each: Translations, told: Collection[tuple[str, int]]) -> Translations:
    """Return translations without those of overlays that were told again, which may have another
    text by now."""
    if not any((one.id, one.at) in told for one in each.overlays):
        return each
    return replace(each, overlays=[one for one in each.overlays if (one.id, one.at) not in told])


def of_frames(whole: Translations, frames: Iterable[bytes]) -> Translations | UnsetType:
    """Return what of ``whole`` belongs to what these frames (msgpack) show, if anything does."""
    comments, polls, cues = set[str](), set[str](), set[str]()
    overlays = set[tuple[str, int]]()
    titles = set[str]()
    for frame in map(decode_frame, frames):
        comments |= {each.id for each in frame.comments or ()}
        polls |= {each.id for each in frame.polls or ()}
        overlays |= {(each.id, each.at) for each in frame.overlays or ()}
        cues |= {each.id for each in frame.cues or ()}
        titles |= {frame.settings.title} if frame.settings else set()
    title = whole.title
    shown = Translations(
        whole.lang,
        [each for each in whole.comments if each.id in comments],
        [each for each in whole.polls if each.id in polls],
        [each for each in whole.overlays if (each.id, each.at) in overlays],
        [each for each in whole.cues if each.id in cues],
        title if title is not None and title.source in titles else None,
    )
    return shown if shown else UNSET
