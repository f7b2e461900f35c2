"""The languages of one room on this node: who gets its frames with translations, and into which.

It must not know messages or sessions. Theory of operation: who gets a language isn't in the room's
own audience, but in an audience like it, which gets the same frames with the same offsets. Where
translations came, the next numbered frame has them, made once for all of that audience; any other
frame is the very one that the room gets. If no numbered frame follows within a tick, or there is no
place in it, the translations come in a frame of their own.

A room has at most as many of these audiences as its settings name languages, and only those that
somebody here asked for. So a viewer can't make one up, and a room that nobody wants to have
translated has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from grandstand.domain.translations import language_of
from grandstand.edge.audience import Audience
from grandstand.edge.cohort import Outlet
from grandstand.replica.publication import Publication
from grandstand.replica.room import LiveRoom
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.frame_splitting import translation_frames, with_translations
from grandstand.wire.translations import Translations


class Speakers:
    """The viewers here who get one language."""

    def __init__(self, lang: str, live: LiveRoom, metrics: Metrics) -> None:
        self.audience = Audience(metrics, live.replica.offset)
        self.audience.bound(live.replica.state.settings.patience)
        self.count = 0
        """How many they are; some may not read, and aren't in the audience."""
        self._lang = lang
        self._live = live
        self._waiting_since: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def translated(self) -> None:
        """Note that a commit brings translations: they go with the next numbered frame, or after a
        tick, as far as they still count then."""
        if self._waiting_since is None:
            self._waiting_since = self._live.replica.seq
            tick_s = self._live.replica.state.settings.tick / 1000
            self._timer = asyncio.get_running_loop().call_later(tick_s, self._come)

    def published(self, publication: Publication, within_s: float) -> None:
        """Take a frame of the room."""
        if publication.offset is None:
            if within_s:
                self.audience.broadcast_within(within_s, publication)
            else:
                self.audience.broadcast(publication)
            return
        news = self._take()
        if not news:
            self.audience.broadcast(publication)
            return
        frame = decode_frame(publication.payload)
        whole, *own = with_translations(frame, news)
        if whole is not frame:
            payload = encode(whole, "msgpack")
            publication = Publication(payload, publication.offset, message=whole)
        for each in (publication, *map(Publication.of, own)):
            self.audience.broadcast(each)

    def forget(self) -> None:
        """Drop what waits."""
        self._take()

    def _come(self) -> None:
        news = self._take()
        if news:
            for frame in translation_frames(self._live.now(), news):
                self.audience.broadcast(Publication.of(frame))

    def _take(self) -> Translations:
        since, self._waiting_since = self._waiting_since, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if since is None:
            return Translations(self._lang)
        return self._live.replica.translations.since(self._lang, since)


class Languages:
    """The viewers of a room who asked for a language, and the audiences of those who get one."""

    def __init__(self, metrics: Metrics, live: LiveRoom, everyone: Audience) -> None:
        self._metrics = metrics
        self._live = live
        self._everyone = everyone
        self._asked: dict[Outlet, str] = {}
        self._given: dict[Outlet, str] = {}
        self._speakers: dict[str, Speakers] = {}

    # --- who gets which --------------------------------------------------------------------------

    @property
    def wanted(self) -> list[str]:
        """Return the languages that somebody here gets."""
        return [*self._speakers]

    def of(self, outlet: Outlet) -> str | None:
        """Return the language that a viewer gets, if any."""
        return self._given.get(outlet)

    def audience_of(self, outlet: Outlet) -> Audience:
        """Return the audience whose numbered frames a viewer gets."""
        lang = self._given.get(outlet)
        return self._everyone if lang is None else self._speakers[lang].audience

    def put_beside(self, outlet: Outlet, data: bytes) -> bool:
        """Do as the ``put_beside`` of the viewer's audience."""
        return self.audience_of(outlet).put_beside(outlet, data)

    def ask(self, outlet: Outlet, lang: str) -> None:
        """Note the language (BCP 47) that a viewer wants, ``""`` for none. It leaves its audience
        and must join the one that it belongs to now."""
        self.audience_of(outlet).leave(outlet)
        self._asked.pop(outlet, None)
        if lang:
            self._asked[outlet] = lang
        self._give(outlet, language_of(lang, self._live.replica.state.settings.languages))

    def forget(self) -> None:
        """Drop what waits: the room was loaded anew, and a welcome has what counts there."""
        for speakers in self._speakers.values():
            speakers.forget()

    def settle(self) -> list[Outlet]:
        """Compare with the languages that the room has now; return the viewers who get another one
        than before. They have left their audience."""
        languages = self._live.replica.state.settings.languages
        matches = {asked: language_of(asked, languages) for asked in set(self._asked.values())}
        moved = [each for each, asked in self._asked.items() if matches[asked] != self.of(each)]
        for outlet in moved:
            self.audience_of(outlet).leave(outlet)
            self._give(outlet, matches[self._asked[outlet]])
        return moved

    def leave(self, outlet: Outlet) -> None:
        """Remove a viewer."""
        if outlet in self._asked:
            self.audience_of(outlet).leave(outlet)
            del self._asked[outlet]
            self._give(outlet, None)

    def _give(self, outlet: Outlet, lang: str | None) -> None:
        before = self._given.pop(outlet, None)
        if lang is not None:
            if lang not in self._speakers:
                self._speakers[lang] = Speakers(lang, self._live, self._metrics)
            self._speakers[lang].count += 1
            self._given[outlet] = lang
        if before is not None:
            self._speakers[before].count -= 1
            if not self._speakers[before].count:
                self._speakers.pop(before).forget()

    # --- what they get ---------------------------------------------------------------------------

    def translated(self, news: Mapping[str, Translations]) -> None:
        """Take what a commit brings of translations, before its frames."""
        for lang, speakers in self._speakers.items():
            if lang in news:
                speakers.translated()

    def published(self, publication: Publication, within_s: float = 0.0) -> None:
        """Give a frame of the room to those who get a language."""
        for speakers in self._speakers.values():
            speakers.published(publication, within_s)

    def missed(self, outlet: Outlet, offset: int) -> Sequence[Publication]:
        """Return unnumbered frames with what was translated for a viewer since frame ``offset``."""
        lang = self._given.get(outlet)
        if lang is None:
            return ()
        news = self._live.replica.translations.after(lang, offset)
        frames = translation_frames(self._live.now(), news) if news else []
        return [Publication.of(frame) for frame in frames]

    def audiences(self) -> Iterator[Audience]:
        """Return the audience of each language."""
        for speakers in self._speakers.values():
            yield speakers.audience
