from __future__ import annotations

from grandstand.domain.asked_languages import KEPT_S, AskedLanguages


def test_a_language_is_there_for_a_while_after_somebody_asked_for_it() -> None:
    asked = AskedLanguages()
    for room, lang, now_s in (("a", "es", 0.0), ("a", "fr", 5.0), ("b", "es", 5.0)):
        asked.note(room, lang, now_s)
    assert asked.by_room(KEPT_S) == {"a": ["es", "fr"], "b": ["es"]}
    asked.note("b", "es", KEPT_S)
    assert asked.by_room(KEPT_S + 6.0) == {"b": ["es"]}
    assert asked.by_room(3 * KEPT_S) == {}
