from __future__ import annotations

from typing import Any

import pytest
from grandstand.wire.readable import MAX_DEPTH, unreadable, with_plain_zeros


def nested(depth: int) -> Any:
    """Lists within each other."""
    whole: Any = 1
    for _ in range(depth):
        whole = [whole]
    return whole


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"a": [1, {"b": None, "c": "x"}], "d": True}, []),
        (7, []),
        (2**53, [""]),
        ({"a": 2**53 - 1, "b": -(2**53)}, ["b"]),
        ({"a": float("nan"), "b": [float("inf"), 1e308]}, ["a", "b[0]"]),
        ({"__proto__": {"__proto__": 1}, "constructor": 1}, ["__proto__", "__proto__.__proto__"]),
        ({"a.__proto__": 1}, []),
        (nested(MAX_DEPTH), []),
        (nested(MAX_DEPTH + 1), ["[0]" * MAX_DEPTH]),
        ({"a": [nested(100_000), 2**53]}, ["a[0]" + "[0]" * (MAX_DEPTH - 2), "a[1]"]),
    ],
)
def test_what_some_reader_cannot_read_is_named(value: Any, paths: list[str]) -> None:
    assert [path for path, _ in unreadable(value)] == paths


def test_no_zero_has_a_sign() -> None:
    value = with_plain_zeros({"a": [-0.0, 0, -1.5], "b": {"c": -0.0, "d": False}})
    assert repr(value) == "{'a': [0.0, 0, -1.5], 'b': {'c': 0.0, 'd': False}}"
    assert repr(with_plain_zeros(-0.0)) == "0.0"
