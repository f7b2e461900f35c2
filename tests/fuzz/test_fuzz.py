from __future__ import annotations

import time

import pytest

from tests.fuzz.mutator import Mutator
from tests.fuzz.target import CORPUS, MOST_MS, Target, fuzz
from tests.fuzz.targets import MANIFESTS, TARGETS

INPUTS = 30_000
"""For all parsers together, some 40 s; the whole is `make fuzz`."""

SHARES = sum(target.share for target in TARGETS)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_escapes_and_nothing_takes_long(target: Target) -> None:
    report = fuzz(target, len(target.seeds()) + INPUTS * target.share // SHARES, seed=7)
    assert report.is_good, (report.escaped[:3], report.slow[:3])
    assert report.outcomes > 3  # it isn't always turned away for the same reason


def test_no_manifest_escapes() -> None:
    report = fuzz(MANIFESTS, 500, seed=7)
    assert not report.escaped, report.escaped[:3]


def test_the_same_seed_makes_the_same_inputs() -> None:
    one, other = (Mutator(3, [b"abcdef", b"xyz"], [b"word"], 64) for _ in range(2))
    made = [one.next() for _ in range(200)]
    assert made == [other.next() for _ in range(200)]
    assert len(set(made)) > 150
    assert max(map(len, made)) <= 64


def test_what_escapes_and_what_takes_long_is_told(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "weak.txt").write_text("YWJj\n")
    monkeypatch.setattr("tests.fuzz.target.CORPUS", folder)

    def weak(data: bytes) -> str:
        if b"z" in data:
            raise ZeroDivisionError("escaped")
        if b"y" in data:
            began_s = time.thread_time()
            while (time.thread_time() - began_s) * 1000 <= MOST_MS:
                pass
        return "fine"

    report = fuzz(Target("weak", weak, words=(b"y", b"z")), 40, seed=1)
    assert not report.is_good
    assert all(b"z" in data for data, _ in report.escaped)
    assert report.escaped
    assert all(b"y" in data for data, _ in report.slow)
    assert report.slow


def test_every_parser_has_kept_inputs() -> None:
    assert {path.stem for path in CORPUS.glob("*.txt")} == {
        target.name for target in (*TARGETS, MANIFESTS)
    }
