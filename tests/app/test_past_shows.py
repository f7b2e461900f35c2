"""What an operator's folder tells of past shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from grandstand.app.past_shows import past_shows
from grandstand.errors import OperatorError


def curve(path: Path, begin_s: int = 1_700_000_040, minutes: int = 40) -> None:
    path.parent.mkdir(exist_ok=True)
    rows = [f"{begin_s + 60 * minute},{100 + minute},5" for minute in range(minutes)]
    path.write_text("\n".join(["t,viewers,chats", *rows]))


def test_without_a_folder_there_are_none() -> None:
    assert past_shows(None) == {}


def test_shows_come_in_the_order_of_time_each_with_its_rundown(tmp_path: Path) -> None:
    curve(tmp_path / "a.csv", 1_800_000_000)
    curve(tmp_path / "b.csv")
    (tmp_path / "b.rundown.csv").write_text("start,duration_s,name\n1700000100,60,Opening\n")
    (tmp_path / "notes.txt").write_text("not a curve")
    (first, second) = past_shows(tmp_path)[""].shows
    assert [item.title for item in first.show.items] == ["Opening"]
    assert first.show.begin < second.show.begin


def test_a_room_with_a_folder_has_its_own(tmp_path: Path) -> None:
    curve(tmp_path / "any.csv")
    curve(tmp_path / "gala" / "last-year.csv", minutes=7)
    (tmp_path / "No Room").mkdir()
    found = past_shows(tmp_path)
    assert found.keys() == {"", "gala"}
    assert [len(each.show.viewers) for each in found["gala"].shows] == [7]


def test_what_is_no_curve_is_named(tmp_path: Path) -> None:
    curve(tmp_path / "good.csv")
    bad = tmp_path / "bad.csv"
    for text, words in (
        ("minute,viewers\n1,2\n", "has no column t"),
        ("t,viewers\n", "has no minute"),
        ("t,viewers\nsoon,2\n", "is no number"),
    ):
        bad.write_text(text)
        with pytest.raises(OperatorError, match=rf"bad\.csv.* {words}"):
            past_shows(tmp_path)
    bad.write_bytes(b"t,viewers\n\xff,1\n")
    with pytest.raises(OperatorError, match="isn't UTF-8"):
        past_shows(tmp_path)
    with pytest.raises(OperatorError, match=r"GRANDSTAND_PAST_SHOWS: .*nowhere"):
        past_shows(tmp_path / "nowhere")
