"""Curves and run-downs in CSV files. Pure.

A curve has a row for each minute: ``t`` (seconds since 1970), ``viewers`` and ``chats`` (comments
within the minute). A run-down has a row for each item: ``start`` (seconds since 1970),
``duration_s`` and ``name``. All but ``t`` and ``start`` may be blank or missing, and
other columns are left aside.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

import numpy as np

from grandstand.crowd.show import Item, Show
from grandstand.errors import OperatorError

MINUTES_MAX = 45 * 1440
ITEMS_MAX = 5000
MOST = 1e15
T_MAX = 1e11
"""Seconds, of the year 5138: milliseconds are refused."""


def read_show(name: str, text: str, items: list[Item]) -> Show:
    """Return the show of a curve's text.

    Raises:
        OperatorError: it is no such file; the error names the line.
    """
    rows = [
        (
            _time(name, line, row, "t"),
            *(_number(name, line, row, key) for key in ("viewers", "chats")),
        )
        for line, row in _rows(name, text, "t", 2 * MINUTES_MAX)
    ]
    if not rows:
        return Show(0, np.zeros(0), np.zeros(0), items)
    minutes = [int(t // 60) for t, _, _ in rows]
    begin, length = min(minutes), max(minutes) - min(minutes) + 1
    if length > MINUTES_MAX:
        raise OperatorError(f"{name} is of {length // 1440} days; at most 45 are read")
    curves = np.full((2, length), np.nan)
    for minute, (_, viewers, comments) in zip(minutes, rows, strict=True):
        curves[:, minute - begin] = viewers, comments
    return Show(begin, curves[0], curves[1], items)


def read_items(name: str, text: str) -> list[Item]:
    """Return the items of a run-down's text.

    Raises:
        OperatorError: it is no such file; the error names the line.
    """
    items: list[Item] = []
    for line, row in _rows(name, text, "start", ITEMS_MAX):
        start = _time(name, line, row, "start") / 60
        duration = _number(name, line, row, "duration_s") / 60
        items.append(
            Item(start, None if math.isnan(duration) else start + duration, row.get("name") or "")
        )
    check_span(name, items)
    return items


def written_show(show: Show) -> str:
    """Return a curve's text, which ``read_show`` reads; a minute of which nothing is known has no
    row."""
    rows = [
        ((show.begin + minute) * 60, *map(_text, counts))
        for minute, counts in enumerate(zip(show.viewers, show.comments, strict=True))
    ]
    return _written(("t", "viewers", "chats"), [row for row in rows if any(row[1:])])


def written_items(items: Sequence[Item]) -> str:
    """Return a run-down's text, which ``read_items`` reads."""
    rows = [
        (
            round(item.start * 60),
            "" if item.end is None else round((item.end - item.start) * 60),
            item.title,
        )
        for item in items
    ]
    return _written(("start", "duration_s", "name"), rows)


def check_span(name: str, items: Sequence[Item]) -> None:
    """Raise OperatorError if a run-down goes on for longer than is read."""
    if items:
        last = max(item.end or item.start for item in items)
        if last - min(item.start for item in items) > MINUTES_MAX:
            raise OperatorError(f"{name} goes on for more than 45 days: correct its times")


def _written(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def _text(count: float) -> str:
    return "" if math.isnan(count) else f"{count:.0f}"


def _rows(name: str, text: str, key: str, most: int) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(StringIO(text, newline=""), restval="")
    try:
        if key not in (reader.fieldnames or ()):
            raise OperatorError(f"{name} has no column {key}: its first line names the columns")
        for count, row in enumerate(reader):
            if count >= most:
                raise OperatorError(f"{name} has more than {most} rows")
            yield reader.line_num, row
    except csv.Error as fault:
        raise OperatorError(f"{name}, line {reader.line_num}: {fault}") from None


def _time(name: str, line: int, row: dict[str, str], key: str) -> float:
    value = _number(name, line, row, key)
    if not 0 <= value <= T_MAX:
        raise OperatorError(f"{name}, line {line}: {key} must be seconds since 1970")
    return value


def _number(name: str, line: int, row: dict[str, str], key: str) -> float:
    """Return a count; NaN for a blank one."""
    text = row.get(key) or "nan"
    try:
        value = float(text)
    except ValueError:
        raise OperatorError(f"{name}, line {line}: {key} is no number: {text[:40]}") from None
    if value < 0 or value > MOST:
        raise OperatorError(f"{name}, line {line}: {key} must be 0 to 1e15: {text[:40]}")
    return value
