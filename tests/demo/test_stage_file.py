"""The stage's state in a file."""

from __future__ import annotations

import os
from pathlib import Path

from grandstand.demo.stage import Stage, Take
from grandstand.demo.stage_file import Watch, keep, read

T = 1_790_000_000_000


def test_it_is_kept_and_seen_by_who_watches(tmp_path: Path) -> None:
    path = tmp_path / "stage.json"
    watch = Watch(path)
    assert watch.look() == read(path) == Stage()
    stage = Stage().follow(Take("Midnight Tram", 70, 58), "one", T)
    keep(stage, path)
    assert watch.look() == read(path) == stage
    assert watch.look() is watch.look()
    keep(stage.follow(Take("Red Moon", 1, 100), "two", T), path)
    assert watch.look().song == "Red Moon"
    path.unlink()
    assert watch.look().song == "Red Moon"
    assert os.listdir(tmp_path) == []


def test_what_can_not_be_read_is_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "stage.json"
    path.write_text('{"song": 7}')
    assert read(path) == Stage()
