"""Which translations fit a room's state, and which of them it keeps. Pure.

A poll and a cue never change their texts, so their ids tell what was translated. An overlay may: a
translation belongs to the version of its ``at``, and to the text that this had.

The state keeps translations of what a ``welcome`` shows for long: polls, overlays, cues and the
title. Those of comments are in commits alone, as many as a welcome needs (``replica``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from grandstand.wire.messages import Cue, Overlay
from grandstand.wire.settings import Settings
from grandstand.wire.translations import Translations, joined


class Shows(Protocol):
    """What of a room's state translations belong to."""

    @property
    def settings(self) -> Settings:
        """Return the room's settings."""

    @property
    def polls(self) -> Mapping[str, Any]:
        """Return its polls."""

    @property
    def overlays(self) -> Mapping[str, Overlay]:
        """Return its overlays."""

    @property
    def cues(self) -> Sequence[Cue]:
        """Return its cues."""


def text_of(data: Mapping[str, Any]) -> str:
    """Return what of an overlay's or a cue's data people read, ``""`` if there is none."""
    text = data.get("text")
    return text if isinstance(text, str) else ""


def language_of(wanted: str, languages: Iterable[str]) -> str | None:
    """Return the one of a room's languages (BCP 47) that serves who wants ``wanted``: the same, the
    same without its last parts, or one with the same base; None if there is none."""
    known = {each.lower(): each for each in reversed([*languages])}
    parts = wanted.lower().split("-")
    for count in range(len(parts), 0, -1):
        found = known.get("-".join(parts[:count]))
        if found is not None:
            return found
    return next((known[each] for each in reversed(known) if base_of(each) == parts[0]), None)


def base_of(lang: str) -> str:
    """Return a tag's language without script, region and variants."""
    return lang.partition("-")[0].lower()


def fitting(
    found: Iterable[Translations], sources: Mapping[str, str], state: Shows
) -> list[Translations]:
    """Return of ``found`` what belongs to what the room still shows, in the languages that it has.

    ``sources`` are the texts of overlays when they were given to be translated, by their ids.
    """
    cues = {cue.id for cue in state.cues}
    fits = []
    for each in found:
        kept = Translations(
            each.lang,
            each.comments,
            [poll for poll in each.polls if poll.id in state.polls],
            [
                one
                for one in each.overlays
                if one.id in state.overlays
                and state.overlays[one.id].at == one.at
                and text_of(state.overlays[one.id].data) == sources.get(one.id)
            ],
            [cue for cue in each.cues if cue.id in cues],
            each.title,
        )
        if kept and each.lang in state.settings.languages:
            fits.append(kept)
    return fits


def without_comments(found: Translations, gone: Collection[str]) -> Translations:
    """Return translations without those of the comments of these ids."""
    if not any(each.id in gone for each in found.comments):
        return found
    return replace(found, comments=[each for each in found.comments if each.id not in gone])


def rewritten(known: Mapping[str, Overlay], said: Iterable[Overlay]) -> set[str]:
    """Return the ids of overlays that are there and are ``said`` with another text."""
    return {
        each.id
        for each in said
        if each.id in known and text_of(known[each.id].data) != text_of(each.data)
    }


def kept(
    known: Mapping[str, Translations],
    found: Iterable[Translations],
    state: Shows,
    gone: Iterable[str] = (),
) -> dict[str, Translations]:
    """Return what a state keeps of ``known`` and of ``found``, which came later, by language;
    ``gone`` are ids of overlays that were rewritten since both were translated."""
    cues, rewritten_ids = {cue.id for cue in state.cues}, frozenset(gone)
    by_lang: dict[str, list[Translations]] = {}
    for each in (*known.values(), *found):
        by_lang.setdefault(each.lang, []).append(each)
    title, languages = state.settings.title, state.settings.languages
    kept = {}
    for lang, parts in by_lang.items():
        whole = joined(lang, parts)
        left = Translations(
            lang,
            [],
            [poll for poll in whole.polls if poll.id in state.polls],
            [
                one
                for one in whole.overlays
                if one.id in state.overlays
                and state.overlays[one.id].at == one.at
                and one.id not in rewritten_ids
            ],
            [cue for cue in whole.cues if cue.id in cues],
            whole.title if whole.title and whole.title.source == title else None,
        )
        if left and lang in languages:
            kept[lang] = left
    return kept
