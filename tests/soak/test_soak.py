from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.processes import children, is_running
from tests.soak import __main__ as soak
from tests.soak import effect_kills
from tests.soak.kills import endure

TESTS = Path(__file__).parents[1]


def part(name: str, is_well: bool = True, beside_burners: bool = False) -> soak.Part:
    """A part that ends at once."""
    code = "print('all said')" if is_well else "print('all said'); 1 / 0"
    return soak.Part(name, ("timeit", "-n1", "-r1", code), beside_burners=beside_burners)


def test_a_part_that_fails_fails_the_soak_and_the_others_are_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [part("one"), part("two", is_well=False), part("three")]
    monkeypatch.setattr(soak, "parts", lambda *_: iter(made))
    assert soak.main([]) == 1
    out, err = capsys.readouterr()
    table = [line.split() for line in out.splitlines()[2:]]
    assert [(row[0], row[2]) for row in table] == [
        ("one", "well"),
        ("two", "failed"),
        ("three", "well"),
    ]
    told = err.partition("--- two\n")[2]
    assert "all said" in told
    assert "ZeroDivisionError" in told
    monkeypatch.setattr(soak, "parts", lambda *_: iter(made[:1]))
    assert soak.main([]) == 0


def test_burners_burn_beside_a_part_and_end_with_it() -> None:
    before = set(children())
    with soak.burners(2):
        burning = set(children()) - before
        assert len(burning) == 2
    assert not any(map(is_running, burning))
    assert soak.outcome(part("beside", beside_burners=True)).code == 0


def test_parts_are_modules_and_tests_that_there_are() -> None:
    for each in soak.parts(rounds=2, kills=1, inputs=1, seed=1):
        module, *arguments = each.command
        if module.startswith("tests."):
            path = TESTS.parent / module.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()
        paths = [TESTS.parent / word for word in arguments if word.startswith("tests/")]
        assert all(path.exists() for path in paths)


async def test_what_is_acknowledged_outlives_two_kills(tmp_path: Path) -> None:
    done = await endure(tmp_path, kills=2, draw=random.Random(3))
    assert sum(done.values()) - done["comments"] == 2
    assert done["comments"] > 80


async def test_every_effect_outlives_a_kill_between_the_end_and_itself(tmp_path: Path) -> None:
    victims = ("store", "server and store")
    done = await effect_kills.endure(tmp_path, victims, random.Random(5), workers=1)
    assert done["effects"] == 3 * effect_kills.POLLS * len(victims)
    assert done["with effects still due"] == len(victims)
