from __future__ import annotations

import msgspec
import pytest
from grandstand.wire.settings import MAX_LANGUAGES, Moderation, Settings


def test_a_new_room_has_the_contracts_settings() -> None:
    assert msgspec.to_builtins(Settings()) == {
        "title": "",
        "stream": "",
        "guests": "comment",
        "transport": "socket",
        "sockets": 10_000,
        "max_text": 100,
        "max_latency": 60_000,
        "programme_offset": 0,
        "comment_interval": 2,
        "comment_burst": 3,
        "budget": 30,
        "tick": 200,
        "patience": 1000,
        "selection": {"novelty": 1, "fairness": 1, "moment": 1, "least": 0},
        "moderation": {"level": 2, "categories": {}, "on_timeout": "hold"},
        "assistant": {
            "poll-questions": True,
            "summary": True,
            "peak": True,
            "appeal": True,
            "sentences": False,
        },
        "shield": False,
        "highlights": 6,
        "cards": "everyone",
        "lang": "",
        "languages": [],
        "record_retention": 86_400,
        "held_for": 1800,
    }


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("comment_interval", 0, 3600),
        ("comment_burst", 1, 10_000),
        ("budget", 1, 1000),
        ("sockets", 0, 10_000_000),
        ("tick", 50, 2000),
        ("patience", 0, 2000),
        ("max_text", 1, 500),
        ("highlights", 0, 60),
    ],
)
def test_settings_have_the_contracts_bounds(name: str, lowest: int, highest: int) -> None:
    for value in (lowest, highest):
        assert getattr(msgspec.convert({name: value}, Settings), name) == value
    for value in (lowest - 1, highest + 1):
        with pytest.raises(msgspec.ValidationError, match=name):
            msgspec.convert({name: value}, Settings)


@pytest.mark.parametrize(
    ("name", "highest"), [("novelty", 2), ("fairness", 2), ("moment", 2), ("least", 10)]
)
def test_what_selection_is_tuned_by_is_off_at_0_and_has_its_bounds(name: str, highest: int) -> None:
    for value in (0, 0.5, highest):
        told = msgspec.convert({"selection": {name: value}}, Settings)
        assert getattr(told.selection, name) == value
    for value in (-0.1, highest + 0.1):
        with pytest.raises(msgspec.ValidationError, match=name):
            msgspec.convert({"selection": {name: value}}, Settings)


@pytest.mark.parametrize("raw", [{"colour": 1}, {"moderation": {"strict": True}}])
def test_unknown_settings_are_refused(raw: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(raw, Settings)


@pytest.mark.parametrize(
    "lang", ["english", "e", "en_US", "en\n", "1n", "en-" + "a" * 200, "x" * 200]
)
def test_what_is_no_language_is_refused(lang: str) -> None:
    for raw in ({"lang": lang}, {"languages": ["es", lang]}):
        with pytest.raises(msgspec.ValidationError, match="lang"):
            msgspec.convert(raw, Settings)


def test_a_room_is_translated_into_so_many_languages_at_most() -> None:
    tags = [f"{one}{two}" for one in "abcdefg" for two in "abcdefg"]
    assert msgspec.convert({"languages": tags[:MAX_LANGUAGES]}, Settings)
    with pytest.raises(msgspec.ValidationError, match="languages"):
        msgspec.convert({"languages": tags[: MAX_LANGUAGES + 1]}, Settings)


@pytest.mark.parametrize("level", [-1, 5])
def test_moderation_goes_from_off_to_strictest(level: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"level": level}, Moderation)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"categories": {"spam": level}}, Moderation)
