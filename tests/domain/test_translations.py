from __future__ import annotations

import pytest
from grandstand.domain.state import PrivateChanges, RoomState, fold
from grandstand.domain.translations import fitting, language_of
from grandstand.wire.messages import Cue, Frame, Overlay
from grandstand.wire.settings import Settings
from grandstand.wire.translations import (
    TranslatedComment,
    TranslatedCue,
    TranslatedOverlay,
    TranslatedPoll,
    TranslatedTitle,
    Translations,
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("es-MX", "es"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh", "zh-Hans"),  # the first of those with its base
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("fr", None),
        ("e", None),
        ("", None),
        ("-" * 35, None),
    ],
)
def test_a_viewer_gets_the_language_that_is_nearest(wanted: str, found: str | None) -> None:
    assert language_of(wanted, ["es", "zh-Hans", "zh-Hant", "pt-BR"]) == found


CARD = Overlay("o", "sentence", 5, {"text": "Bo leads"})
FOUND = Translations(
    "es",
    [TranslatedComment("a", "hola", "x")],
    [TranslatedPoll("no such poll", "¿?", [], "x")],
    [TranslatedOverlay("o", 5, {"text": "Bo va primera"}, "x")],
    [TranslatedCue("c", {"text": "gol"}, "x")],
    TranslatedTitle("The final", "La final", "x"),
)
LEFT = Translations("es", [], [], FOUND.overlays, FOUND.cues, FOUND.title)


def room() -> RoomState:
    return RoomState(
        settings=Settings(title="The final", languages=["es"]),
        overlays={"o": CARD},
        cues=[Cue("c", "goal", 1, {"text": "goal"})],
    )


def translated() -> RoomState:
    state = room()
    assert fold(state, [], PrivateChanges(translations=[FOUND])) == {"translations"}
    return state


def test_only_what_the_room_shows_and_speaks_is_taken() -> None:
    state = room()
    (kept,) = fitting([FOUND, Translations("fr", FOUND.comments)], {"o": "Bo leads"}, state)
    assert (kept.comments, kept.polls) == (FOUND.comments, [])
    assert (kept.overlays, kept.cues) == (FOUND.overlays, FOUND.cues)
    for other in (
        Overlay("o", "sentence", 5, {"text": "Bo is second"}),
        Overlay("o", "s", 6, CARD.data),
    ):
        state.overlays["o"] = other
        assert fitting([FOUND], {"o": "Bo leads"}, state)[0].overlays == []


def test_the_state_keeps_what_lasts_and_no_comments() -> None:
    assert translated().translations == {"es": LEFT}


@pytest.mark.parametrize(
    ("frame", "gone"),
    [
        (Frame(2, drop=["o"]), "overlays"),
        (Frame(2, overlays=[Overlay("o", "sentence", 5, {"text": "Bo is second"})]), "overlays"),
        (Frame(2, overlays=[Overlay("o", "sentence", 6, CARD.data)]), "overlays"),
        (Frame(2, settings=Settings(title="Another", languages=["es"])), "title"),
        (Frame(10**9, cues=[Cue("d", "other", 10**9, {})]), "cues"),
    ],
)
def test_translations_go_with_what_they_are_of(frame: Frame, gone: str) -> None:
    state = translated()
    assert "translations" in fold(state, [frame], PrivateChanges())
    assert not getattr(state.translations["es"], gone)


def test_what_stays_as_it_is_keeps_its_translation() -> None:
    state = translated()
    fold(state, [Frame(2, overlays=[CARD])], PrivateChanges())
    assert state.translations == {"es": LEFT}
    changed = fold(state, [Frame(2, settings=Settings(title="The final"))], PrivateChanges())
    assert (state.translations, changed) == ({}, {"settings", "translations"})
