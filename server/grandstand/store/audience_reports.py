"""What each node knows of a room's viewers, for as long as the node says so."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from grandstand.domain.audience_report import AudienceReport
from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.reader import Reader
from grandstand.store.rooms import PRESENCE_MS


class _Row(Struct, frozen=True, array_like=True):
    written_ms: int
    report: AudienceReport


class AudienceReports:
    """The reports of all nodes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def write(
        self, node: str, reports: Mapping[str, AudienceReport], store_now_ms: float
    ) -> None:
        """Write this node's report of each room. Raises StoreUnavailable."""
        written = int(store_now_ms)
        await self._reader.ask_all(
            [
                ("HSET", keys.audience(room), node, msgspec.msgpack.encode(_Row(written, report)))
                for room, report in reports.items()
            ]
        )

    async def of(self, room: str, store_now_ms: float) -> dict[str, AudienceReport]:
        """Return the reports that were written lately, by node; old and unreadable ones are
        deleted.

        Raises StoreUnavailable.
        """
        rows = await self._reader.ask("HGETALL", keys.audience(room))
        fresh, silent = dict[str, AudienceReport](), []
        for node, payload in rows.items():
            row = item_of(payload, _Row)
            if row is not None and abs(store_now_ms - row.written_ms) <= PRESENCE_MS:
                fresh[node.decode()] = row.report
            else:
                silent.append(node)
        if silent:
            await self._reader.ask("HDEL", keys.audience(room), *silent)
        return fresh
