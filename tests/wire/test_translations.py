from __future__ import annotations

import msgspec
from grandstand.wire.frame_splitting import fits, translation_frames, with_translations
from grandstand.wire.messages import Frame
from grandstand.wire.translations import (
    TranslatedComment,
    TranslatedCue,
    TranslatedOption,
    TranslatedOverlay,
    TranslatedPoll,
    TranslatedTitle,
    Translations,
    halves,
    joined,
)

WHOLE = Translations(
    "es",
    [TranslatedComment("a", "hola", "x"), TranslatedComment("b", "adiós", "x")],
    [TranslatedPoll("p", "¿Quién?", [TranslatedOption("yo")], "x")],
    [TranslatedOverlay("o", 5, {"text": "t"}, "x")],
    [TranslatedCue("c", {"text": "t"}, "x")],
    TranslatedTitle("The final", "La final", "x"),
)


def test_what_there_is_none_of_is_left_out() -> None:
    assert msgspec.to_builtins(Translations("es", WHOLE.comments[:1])) == {
        "lang": "es",
        "comments": [{"id": "a", "text": "hola", "by": "x"}],
    }
    assert (bool(Translations("es")), bool(Translations("es", title=WHOLE.title))) == (False, True)


def test_later_ones_take_the_place_of_earlier_ones() -> None:
    later = Translations("es", [TranslatedComment("a", "buenas", "person")])
    whole = joined("es", [WHOLE, later])
    assert [each.text for each in whole.comments] == ["buenas", "adiós"]
    assert (whole.polls, whole.title) == (WHOLE.polls, WHOLE.title)


def test_halves_lose_nothing_down_to_single_ones() -> None:
    parts = [WHOLE]
    while any(halves(each) for each in parts):
        parts = [half for each in parts for half in (halves(each) or [each])]
    assert len(parts) == 6
    assert joined("es", parts) == WHOLE


def test_a_frame_takes_them_along_if_they_fit() -> None:
    frame = Frame(now=1, offset=7)
    (whole,) = with_translations(frame, WHOLE)
    assert (whole.offset, whole.translations) == (7, WHOLE)


def test_what_does_not_fit_comes_in_pieces_and_what_is_too_large_by_itself_not_at_all() -> None:
    comments = [TranslatedComment(str(n), "\x01" * 500, "x") for n in range(100)]
    huge = TranslatedOverlay("o", 5, {"text": "x" * 70_000}, "x")
    frame = Frame(now=1, offset=7)
    first, *others = with_translations(frame, Translations("es", comments, overlays=[huge]))
    assert first is frame
    assert len(others) > 1
    assert all(fits(each) for each in others)
    there = joined("es", [each.translations for each in others if each.translations])
    assert there == Translations("es", comments)
    assert translation_frames(1, Translations("es", overlays=[huge])) == []
