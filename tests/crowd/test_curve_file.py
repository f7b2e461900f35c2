from __future__ import annotations

import numpy as np
import pytest
from grandstand.crowd.curve_file import read_items, read_show, written_items, written_show
from grandstand.crowd.show import Item, Show
from grandstand.errors import OperatorError


def test_rows_become_minutes_with_gaps() -> None:
    text = "t,viewers,chats,emotes\n60,10,3,1\n300,,4,0\n120,11,,\n"
    show = read_show("a.csv", text, [])
    assert show.begin == 1
    np.testing.assert_array_equal(show.viewers, [10, 11, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(show.comments, [3, np.nan, np.nan, np.nan, 4])
    assert show.start == 1
    assert show.length == 5


def test_a_curve_may_have_no_rows_or_no_chats() -> None:
    assert len(read_show("a.csv", "t,viewers\n", []).viewers) == 0
    assert np.isnan(read_show("a.csv", "t,viewers\n60,5\n", []).comments).all()


def test_items_have_an_end_if_they_have_a_duration() -> None:
    first, second = read_items("r.csv", "start,duration_s,name\n600,90,One\n720,,\n")
    assert (first.start, first.end, first.title) == (10, 11.5, "One")
    assert (second.start, second.end, second.title) == (12, None, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column t"),
        ("at,viewers\n1,2\n", "no column t"),
        ("t,viewers\nx,2\n", "line 2: t is no number: x"),
        ("t,viewers\n,2\n", "line 2: t must be seconds"),
        ("t,viewers\n1609692960000,2\n", "line 2: t must be seconds"),
        ("t,viewers\n60,2\n120,-2\n", "line 3: viewers must be 0 to 1e15"),
        ("t,viewers\n60,inf\n", "viewers must be 0 to 1e15"),
        ("t,viewers\n60,1e300\n", "viewers must be 0 to 1e15"),
        ("t,viewers\n60,2\n9000000,2\n", "is of 104 days"),
        ("t,viewers\n60," + "1" * 200_000 + "\n", "field larger than field limit"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        read_show("a.csv", text, [])


def test_a_run_down_ends_some_time() -> None:
    with pytest.raises(OperatorError, match="45 days"):
        read_items("r.csv", "start\n60\n9000000\n")
    with pytest.raises(OperatorError, match="45 days"):
        read_items("r.csv", "start,duration_s\n60,9000000\n")


def test_what_is_written_is_read_as_it_was() -> None:
    curves = np.array([[3, 1e7, np.nan, np.nan, 0], [np.nan, 2, np.nan, 0, 0]])
    text = written_show(Show(28_000_000, *curves))
    assert text.splitlines()[:2] == ["t,viewers,chats", "1680000000,3,"]
    again = read_show("a.csv", text, [])
    assert again.begin == 28_000_000
    np.testing.assert_array_equal([again.viewers, again.comments], curves)
    items = [Item(28_000_000.5, None, 'Run, "fast"'), Item(28_000_090, 28_000_090, "Pause\n晚")]
    assert read_items("r.csv", written_items(items)) == items
