from __future__ import annotations

import tomllib

import pytest
from grandstand.translation.phrasebook import PhraseBook

from loadtest.bench.languages import LANGUAGES, judged, phrases, sayings


def test_each_comment_is_new_and_a_phrase_in_all_languages() -> None:
    texts = sayings(50)
    book = PhraseBook.of(tomllib.loads(phrases(texts)))
    assert len(set(texts)) == 50
    assert len(set(LANGUAGES)) == 30
    assert all(book.find(text, "en", lang) for text in texts for lang in LANGUAGES)


def test_a_language_adds_what_the_room_without_them_does_not_take() -> None:
    dear = {"cpu_ms": 1200.0, "took_s": 10.0}
    cheap = {"cpu_ms": 1000.0, "took_s": 10.0}
    found = judged("four", {"with": [dear] * 3, "without": [cheap] * 3})
    assert found == {"ratio": 1.2, "of_a_core": pytest.approx(0.005)}
