"""Revoked tokens, for all rooms: one hash, and a message on the bus when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import structlog

from grandstand.domain.revocations import MAX_REVOCATIONS, Kind, Revocation
from grandstand.store import keys
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Call, Writer

_REVOKE, _RESTORE = load("revoke"), load("restore")
_VERSION = b"v"

log = structlog.get_logger(__name__)


class Revocations:
    """The revocations of one installation."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def put(self, kind: Kind, value: str, until: int) -> bool:
        """Revoke until then (ms, the store's clock), or lift it if that time is over; return False
        if full.

        Raises StoreUnavailable; then the same call may be made again.
        """
        call: Call = (
            _REVOKE,
            [keys.REVOKED],
            [keys.bus(keys.EVERYWHERE), f"{kind}:{value}", until, MAX_REVOCATIONS, b""],
        )
        (reply,) = await self._writer.all([call])
        return bool(reply)

    async def restore(self, lost: Iterable[Revocation], version: int) -> None:
        """Write back what the store has lost of what was known at ``version``.

        Raises StoreUnavailable; then the same call may be made again.
        """
        values: list[Argument] = [keys.bus(keys.EVERYWHERE), b"", version]
        for each in lost:
            values += (f"{each.kind}:{each.value}", f"{each.at}:{each.until}")
        await self._writer.all([(_RESTORE, [keys.REVOKED], values)])

    async def version(self) -> int:
        """Return a number that every change raises. Raises StoreUnavailable."""
        return int(await self._reader.ask("HGET", keys.REVOKED, _VERSION) or 0)

    async def all(self) -> tuple[int, dict[tuple[Kind, str], Revocation]]:
        """Return the version, and all revocations, also those that are over. Raises
        StoreUnavailable."""
        stored = await self._reader.ask("HGETALL", keys.REVOKED)
        version = int(stored.pop(_VERSION, 0))
        found = {}
        for field, times in stored.items():
            kind, _, value = field.decode(errors="replace").partition(":")
            try:
                at, until = map(int, times.split(b":"))
            except ValueError:  # one that a newer version wrote must not hide the others
                log.error("revocation_unreadable", kind=kind)
                continue
            key = (cast("Kind", kind), value)
            found[key] = Revocation(*key, at, until)
        return version, found
