"""A producer's calls: HTTP with a token and JSON both ways."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

TIMEOUT_S = 20.0


def call(url: str, token: str, method: str, path: str, body: Any = None) -> Any:
    """One call; its answer. Raises HTTPError if it is refused, URLError if nobody answers."""
    request = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        return json.load(response)
