"""A run-down as a TOML file. Pure.

TOML has dates and no null, JSON has it the other way round. So a date with an offset stands for
programme time wherever it is, and a body that holds a null is written as text, in JSON.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from grandstand.errors import OperatorError

FIELDS = ("id", "kind", "title", "expected_at", "body")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*items[ \t]*\]\]", re.MULTILINE)
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class RundownFile:
    """The items of a file, as the API takes them.

    Raises OperatorError, which names the line or the item's field, if there is something else.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        try:
            read = tomllib.loads(text)
        except ValueError as fault:  # not TOML, or an integer of thousands of digits
            raise OperatorError(f"{name}: {fault}") from None
        except RecursionError:
            raise OperatorError(f"{name} is nested too deeply") from None
        for other in read.keys() - {"items"}:
            raise OperatorError(f"{name}: {other} isn't known; each item begins with [[items]]")
        items = read.get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise OperatorError(f"{name} has no items; each begins with [[items]]")
        starts = [text.count("\n", 0, found.start()) + 1 for found in _HEADER.finditer(text)]
        self._lines = starts if len(starts) == len(items) else []
        self.items = [self._item(index, item) for index, item in enumerate(items)]

    def _item(self, index: int, item: dict[str, Any]) -> dict[str, Any]:
        for other in item.keys() - set(FIELDS):
            raise self.fault(index, other, f"isn't known; known are {', '.join(FIELDS)}", item)
        try:
            plain = {name: _plain(value, name) for name, value in item.items()}
        except RecursionError:
            raise self.fault(index, "body", "is nested too deeply", item) from None
        except _Odd as odd:
            raise self.fault(index, odd.path, odd.words, item) from None
        if item.get("kind") in ("poll", "cue", "card") and isinstance(item.get("body"), str):
            try:
                plain["body"] = json.loads(item["body"])
            except (ValueError, RecursionError) as fault:
                raise self.fault(index, "body", f"is no JSON: {fault}", item) from None
        return plain

    def fault(
        self, index: int, path: str, words: str, item: dict[str, Any] | None = None
    ) -> OperatorError:
        """Return the error that names an item, its line and its field."""
        name = (self.items[index] if item is None else item).get("id")
        line = f", line {self._lines[index]}" if self._lines else ""
        who = f" ({name})" if isinstance(name, str) else ""
        return OperatorError(f"{self.name}{line}: item {index + 1}{who}: {path} {words}")


class _Odd(Exception):
    """A value that an item can't have."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(path)
        self.path, self.words = path, words


def _plain(value: Any, path: str) -> Any:
    """Return a value as JSON has it: dates are ms since 1970."""
    match value:
        case dict():
            return {name: _plain(each, f"{path}.{name}") for name, each in value.items()}
        case list():
            return [_plain(each, f"{path}[{index}]") for index, each in enumerate(value)]
        case datetime() if value.tzinfo is not None:
            return round(value.timestamp() * 1000)
        case date() | time():
            raise _Odd(path, "must be a date and a time with an offset: 2026-02-16T20:00:00+08:00")
        case float() if value != value or value in (float("inf"), float("-inf")):
            raise _Odd(path, "must be a finite number")
    return value


def written(items: Sequence[dict[str, Any]]) -> str:
    """Return a file of these items, as the API gives them."""
    return "\n".join("\n".join(_lines(item)) + "\n" for item in items)


def _lines(item: dict[str, Any]) -> Iterator[str]:
    yield "[[items]]"
    for name in ("id", "kind", "title"):
        yield f"{name} = {_toml(item[name])}"
    if "expected_at" in item:
        at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=item["expected_at"])
        yield f"expected_at = {at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
    body = item.get("body")
    if isinstance(body, dict) and not _holds_null(body):
        yield "[items.body]"
        for name, value in body.items():
            yield f"{_key(name)} = {_toml(value)}"
    elif body is not None:
        text = json.dumps(body, ensure_ascii=False) if isinstance(body, dict) else body
        yield f"body = {_toml(text)}"


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_null, value.values()))
    return any(map(_holds_null, value)) if isinstance(value, list) else value is None


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():  # JSON's escapes are TOML's, which wants one more
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case dict():
            inside = ", ".join(f"{_key(name)} = {_toml(each)}" for name, each in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _toml(name)
