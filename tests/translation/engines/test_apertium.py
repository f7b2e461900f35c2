"""Apertium itself: its programs run, hang, die and are replaced."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from grandstand.assistant.service import ServiceError
from grandstand.errors import OperatorError
from grandstand.translation.engines import apertium as module
from grandstand.translation.engines.apertium import MODES, Apertium, Program, commands
from grandstand.translation.engines.engine import Item
from grandstand.translation.interpreter import Interpreter, Sentence, Translated

ENGLISH = Item("the house is red", "en")
SPANISH = "la casa es roja"
DOOR = Item("the door is white", "en")


@pytest.fixture(scope="module")
def engine() -> Iterator[Apertium]:
    """One for all tests: to start a pair's programs takes half a second."""
    made = Apertium()
    yield made
    asyncio.run(made.close())


def programs(engine: Apertium) -> list[Program]:
    """Those from English to Spanish."""
    return list(engine._pipelines["en", "es"]._programs)


async def test_a_batch_comes_back_in_order_by_programs_that_stay(engine: Apertium) -> None:
    assert engine.takes("en", "es")
    assert engine.takes("es-MX", "en")
    assert not engine.takes("en", "zh")
    assert not engine.takes("", "es")
    assert await engine.translate([ENGLISH, DOOR, ENGLISH], "es") == [
        SPANISH,
        "la puerta es blanca",
        SPANISH,
    ]
    before = programs(engine)
    assert await engine.translate([ENGLISH], "es") == [SPANISH]
    assert programs(engine) == before
    assert all(program.poll() is None for program in before)
    assert await engine.translate([Item("la casa es roja", "es")], "it") == ["la casa è rossa"]
    assert "en-es" in await engine.check()


async def test_no_text_leaves_the_programs_out_of_step(engine: Apertium) -> None:
    for text in (
        *("", " ", "*", "**bold**", "^house<n>$", "[house", "house]", "a/b\\c", "\\", "<b>", "{x}"),
        *("@dog $5 ^", ".[][\n]", "the [x] dog 😀", "\x00", "~ the dog ~", "x" * 500),
    ):
        (_, said) = await engine.translate([Item(text, "en"), ENGLISH], "es")
        assert said == SPANISH, text


async def test_names_and_asterisks_stay_and_what_is_hardly_known_is_left(engine: Apertium) -> None:
    said = await engine.translate(
        [
            Item("we love Rose Field", "en", ("Rose Field",)),
            Item("the *dog* sleeps", "en"),
            Item("kjhg qwrt dog zxcv", "en"),
        ],
        "es",
    )
    assert said[0] is not None
    assert "Rose Field" in said[0]
    assert said[1] is not None
    assert said[1].count("*") == 2
    assert said[2] is None


async def test_a_program_that_dies_is_replaced_with_all_others(engine: Apertium) -> None:
    await engine.translate([ENGLISH], "es")
    before = programs(engine)
    before[5].kill()
    before[5].wait()
    with pytest.raises(ServiceError, match="eng-spa ends"):
        await engine.translate([ENGLISH], "es")
    assert await engine.translate([ENGLISH], "es") == [SPANISH]
    assert all(program.poll() is not None for program in before)


async def test_programs_that_hang_are_replaced(
    engine: Apertium, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.translate([ENGLISH], "es")
    before = programs(engine)
    before[3].send_signal(signal.SIGSTOP)
    monkeypatch.setattr(module, "BATCH_S", 0.05)
    with pytest.raises(ServiceError, match="eng-spa hangs"):
        await engine.translate([ENGLISH], "es")
    monkeypatch.undo()
    assert await engine.translate([ENGLISH], "es") == [SPANISH]
    assert all(program.poll() is not None for program in before)


async def test_a_batch_that_is_left_leaves_nothing_for_the_next(engine: Apertium) -> None:
    await engine.translate([ENGLISH], "es")
    programs(engine)[3].send_signal(signal.SIGSTOP)
    asking = asyncio.create_task(engine.translate([DOOR], "es"))
    await asyncio.sleep(0)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    assert await engine.translate([ENGLISH], "es") == [SPANISH]


async def test_more_pairs_than_are_kept_take_turns(
    engine: Apertium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIPELINES_MAX", 1)
    await engine.translate([ENGLISH], "es")
    before = programs(engine)
    assert await engine.translate([Item("la casa es roja", "es")], "it") == ["la casa è rossa"]
    assert all(program.poll() is not None for program in before)


async def test_the_interpreter_asks_it(engine: Apertium) -> None:
    sentences = [Sentence(ENGLISH.text, "en"), Sentence("Goal!", "en"), Sentence("狗在睡觉", "zh")]
    assert await Interpreter([engine]).translate("r", "es", sentences, 30.0) == [
        Translated(SPANISH, "apertium"),
        Translated("Gol!", "phrasebook"),
        None,
    ]


def test_where_nothing_is_installed_the_start_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"GRANDSTAND_TRANSLATORS: .* apt-get install"):
        Apertium(tmp_path)


def test_every_mode_that_is_installed_can_be_read() -> None:
    for path in MODES.glob("*.mode"):
        assert all("-z" in command for command in commands(path))
