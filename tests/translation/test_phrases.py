from __future__ import annotations

from pathlib import Path

import pytest
from grandstand.errors import OperatorError
from grandstand.translation import phrases as module
from grandstand.translation.interpreter import Interpreter, Sentence
from grandstand.translation.phrasebook import our_own
from grandstand.translation.phrases import Phrases

EVERYWHERE = "names = ['Rosa Blitz']\n[[phrase]]\nen = 'goal'\nfr = 'but partout'\n"
OF_A_ROOM = "names = ['A.C. Nord']\n[[phrase]]\nen = 'goal'\nfr = 'but ici'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "final").mkdir()
    (tmp_path / "phrases.toml").write_text(EVERYWHERE)
    (tmp_path / "final" / "phrases.toml").write_text(OF_A_ROOM)
    return tmp_path


def test_a_rooms_own_book_comes_before_the_operators_and_ours(folder: Path) -> None:
    phrases = Phrases(folder)
    assert phrases.find("final", "goal", "en", "fr", ()) == "but ici"
    assert phrases.find("other", "goal", "en", "fr", ()) == "but partout"
    assert Phrases().find("other", "goal", "en", "fr", ()) == "but"
    assert phrases.find("final", "thanks", "en", "fr", ()) == "merci"


def test_names_are_those_of_the_room_and_of_every_room(folder: Path) -> None:
    phrases = Phrases(folder)
    assert phrases.glossary("final").names_in("Rosa Blitz of A.C. Nord") == (
        "Rosa Blitz",
        "A.C. Nord",
    )
    assert phrases.glossary("other").names_in("Rosa Blitz of A.C. Nord") == ("Rosa Blitz",)


def test_what_cannot_be_used_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperatorError, match="is no folder"):
        Phrases(folder / "phrases.toml")
    monkeypatch.setattr(module, "ROOMS_MAX", 0)
    with pytest.raises(OperatorError, match="over 0 rooms"):
        Phrases(folder)
    (folder / "final" / "phrases.toml").write_text("nonsense")
    monkeypatch.undo()
    with pytest.raises(OperatorError, match="final"):
        Phrases(folder)


async def test_our_own_book_is_read_when_a_language_is_first_asked_for() -> None:
    our_own.cache_clear()
    interpreter = Interpreter(phrases=Phrases())
    assert our_own.cache_info().currsize == 0
    (said,) = await interpreter.translate("final", "fr", [Sentence("thanks", "en")], 30)
    assert said is not None
    assert said.text == "merci"
    assert our_own.cache_info().currsize == 1
