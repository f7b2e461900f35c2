"""The translations that came lately into one room, for viewers who come in or come back. Pure.

Theory of operation: commits bring translations of what frames of earlier commits showed. They are
kept as long as the ring keeps frames, so a viewer who gets old frames gets what was translated of
them. A comment that was taken back leaves at once, and a translation that comes after that isn't
taken. A room without languages has nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from grandstand.domain.envelope import Commit
from grandstand.wire import redaction
from grandstand.wire.codec import decode_frame
from grandstand.wire.translations import Translations, joined

KEPT = 4000
"""Commits with translations that are kept at most, however few frames the ring has."""

GONE_KEPT = 2000
"""Comments that were taken back and are remembered: a translation takes seconds."""


class TranslationRing:
    """The newest translations of one room, by commit."""

    def __init__(self) -> None:
        # A list: of many rooms most have none, and an empty deque has 760 bytes.
        self._kept: list[tuple[int, int, Mapping[str, Translations]]] = []
        self._gone: dict[str, None] = {}

    def take(self, commit: Commit) -> Mapping[str, Translations]:
        """Take the next commit; return what it brings, by language."""
        self._take_back(redaction.retracted(commit.frames))
        by_lang = dict[str, list[Translations]]()
        for each in commit.private.translations:
            by_lang.setdefault(each.lang, []).append(self._without_gone(each))
        news = {lang: joined(lang, parts) for lang, parts in by_lang.items()}
        news = {lang: each for lang, each in news.items() if each}
        if news:
            self._kept.append((commit.now, commit.offset, news))
            del self._kept[:-KEPT]
        return news

    def after(self, lang: str, offset: int) -> Translations:
        """Return what came in a language since frame ``offset``."""
        found = (each[lang] for _, at, each in self._kept if at >= offset and lang in each)
        return joined(lang, found)

    def between(self, lang: str, since: int, until: int) -> Translations:
        """Return what came in a language from ``since`` to before ``until`` (programme ms)."""
        found = (each[lang] for now, _, each in self._kept if since <= now < until and lang in each)
        return joined(lang, found)

    def forget_before(self, offset: int) -> None:
        """Forget what came before frame ``offset``, as the ring forgets its frames."""
        over = 0
        while over < len(self._kept) and self._kept[over][1] < offset:
            over += 1
        del self._kept[:over]

    def forget(self) -> None:
        """Forget all of them."""
        self._kept.clear()

    def _take_back(self, gone: Collection[str]) -> None:
        if not gone:
            return
        self._gone |= dict.fromkeys(gone)
        while len(self._gone) > GONE_KEPT:
            del self._gone[next(iter(self._gone))]
        for place, (now, offset, by_lang) in enumerate(self._kept):
            left = {lang: self._without_gone(each) for lang, each in by_lang.items()}
            self._kept[place] = now, offset, left

    def _without_gone(self, each: Translations) -> Translations:
        if not any(comment.id in self._gone for comment in each.comments):
            return each
        comments = [one for one in each.comments if one.id not in self._gone]
        return replace(each, comments=comments)


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
