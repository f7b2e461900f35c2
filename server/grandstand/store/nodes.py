"""The processes that share the store: how many viewers each lets in a second, and who is stopping.

A process that stops reads here how fast the others can take its viewers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grandstand.store import keys
from grandstand.store.reader import Reader

HEARD_MS = 5_000
"""How long a report counts. Processes report once a second."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What processes let in together: those that go on let in ``stay_per_s`` viewers a second, and
    ``leaving`` processes share that between their viewers."""

    stay_per_s: int
    leaving: int


class Nodes:
    """The reports of all processes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._has_reported = False

    async def report(
        self, node: str, admits_per_s: int, store_now_ms: float, is_leaving: bool = False
    ) -> None:
        """Write what this process lets in, and whether it is stopping. The first report deletes
        those of processes that are gone: a killed one doesn't delete its own.

        Raises StoreUnavailable.
        """
        word = "leaves" if is_leaving else "stays"
        report = f"{admits_per_s}:{word}:{store_now_ms:.0f}"
        await self._reader.ask("HSET", keys.NODES, node, report)
        if not self._has_reported:
            await self.capacity(store_now_ms)
            self._has_reported = True

    async def capacity(self, store_now_ms: float) -> Capacity:
        """Return what the processes that reported lately let in together; old and unreadable
        reports are deleted.

        Raises StoreUnavailable.
        """
        capacity, silent = _sum(await self._reader.ask("HGETALL", keys.NODES), store_now_ms)
        if silent:
            await self._reader.ask("HDEL", keys.NODES, *silent)
        return capacity


def _sum(rows: Mapping[bytes, bytes], store_now_ms: float) -> tuple[Capacity, list[bytes]]:
    """Return the sum of the reports that count, and the nodes of those that don't."""
    stay_per_s, leaving, silent = 0, 0, []
    for node, report in rows.items():
        admits, _, rest = report.partition(b":")
        word, _, when = rest.partition(b":")
        is_read = admits.isdigit() and when.isdigit() and word in (b"stays", b"leaves")
        if not is_read or abs(store_now_ms - int(when)) > HEARD_MS:
            silent.append(node)
        elif word == b"leaves":
            leaving += 1
        else:
            stay_per_s += int(admits)
    return Capacity(stay_per_s, leaving), silent
