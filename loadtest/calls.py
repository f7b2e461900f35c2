"""A producer's calls: HTTP with a token and JSON both ways."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

TIMEOUT_S = 20.0


def call(url: str, token: str, method: str, path: str, body: Any = None) -> Any:
    """One call; its answer. Raises HTTPError if it is refused, URLError if nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    return _call(url + path, token, method, data, "application/json")


def give_lines(url: str, token: str, path: str, bodies: Sequence[Any]) -> list[str]:
    """Updates of stats, as one call of many lines; what became of each. Raises as ``call``."""
    data = b"\n".join(json.dumps(body).encode() for body in bodies)
    answer = _call(url + path, token, "POST", data, "application/x-ndjson")
    return [each["status"] for each in answer["stats"]]


def _call(url: str, token: str, method: str, data: bytes | None, media_type: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    request = urllib.request.Request(url, method=method, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        return json.load(response)
