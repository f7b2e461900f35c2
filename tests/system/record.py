"""A room's record as a moderator reads it over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.server import ServerProcess


async def whole_record(server: ServerProcess, room: str) -> list[dict[str, Any]]:
    """Every comment, shown or not, page by page."""
    rows: list[dict[str, Any]] = []
    query = {"shown": "all"}
    while True:
        page = await server.produce("GET", f"/v1/rooms/{room}/comments?{urlencode(query)}")
        rows += page["comments"]
        if "next" not in page:
            return rows
        query["after"] = page["next"]
