from __future__ import annotations

import json
from typing import Any

import pytest
from grandstand.crowd.weights import AHEAD, decode
from grandstand.errors import OperatorError
from grandstand.resources import audience_weights


def shipped() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(audience_weights().read_bytes())
    return read


def test_the_shipped_weights_are_whole() -> None:
    weights = decode("weights.json", audience_weights().read_bytes())
    assert set(weights.viewers.with_past) == set(AHEAD)
    assert "agdq2020" not in weights.trained_on


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000])
def test_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(OperatorError, match=r"weights\.json .*train it again"):
        decode("weights.json", data)


def test_weights_that_lack_something_are_refused() -> None:
    fewer = shipped()
    del fewer["viewers"]["alone"]["15"]
    with pytest.raises(OperatorError, match="some minutes ahead"):
        decode("weights.json", json.dumps(fewer).encode())
    shorter = shipped()
    shorter["comments"]["with_past"]["5"]["weights"].pop()
    with pytest.raises(OperatorError, match="length"):
        decode("weights.json", json.dumps(shorter).encode())
