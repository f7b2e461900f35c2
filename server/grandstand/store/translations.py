"""Translations of what rooms show, for a while: the first of a text stands for all processes.

They lie in a hash for each five minutes, so the store forgets each within ten, as the contract says
of erased viewers' words, and a leader that takes a room over finds what the one before has said.
That is all that they are for: what is older is in the room's frames, and a process keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from grandstand.store import keys
from grandstand.store.reader import Reader
from grandstand.store.topology.topology import Command

PERIOD_MS = 300_000
KEPT_MAX = 100_000
"""Translations of a room in a period, 15 MB; further ones are not kept."""


class Translations:
    """The translations in all rooms."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def find(
        self, room: str, lang: str, texts: Sequence[str], now_ms: float
    ) -> tuple[list[bytes | None], int]:
        """Return what each text was translated to, None if it wasn't, and how many characters have
        been sent for that language in the show; ``texts`` isn't empty. Raises StoreUnavailable."""
        fields = [_field(lang, text) for text in texts]
        now, before = _periods(room, now_ms)
        new, old, sent = await self._reader.ask_all(
            [
                ("HMGET", now, *fields),
                ("HMGET", before, *fields),
                ("HGET", keys.translated(room), lang),
            ]
        )
        return [one if one is not None else other for one, other in zip(new, old, strict=True)], (
            int(sent or 0)
        )

    async def keep(
        self, room: str, lang: str, said: Mapping[str, bytes], characters: int, now_ms: float
    ) -> list[bytes | None]:
        """Keep what texts were translated to, and count ``characters`` that were sent. Return what
        stands for each: another process's, if that was first; None if there are too many.

        Raises StoreUnavailable.
        """
        now, _ = _periods(room, now_ms)
        sent: list[Command] = [
            ("HINCRBY", keys.translated(room), lang, characters),
            ("EXPIRE", keys.translated(room), keys.SHOW_S),
        ]
        if not said or await self._reader.ask("HLEN", now) >= KEPT_MAX:
            await self._reader.ask_all(sent)
            return [None] * len(said)
        fields = {_field(lang, text): value for text, value in said.items()}
        first: list[Command] = [("HSETNX", now, field, value) for field, value in fields.items()]
        read = ("HMGET", now, *fields)
        ends = ("PEXPIRE", now, int(2 * PERIOD_MS - now_ms % PERIOD_MS))
        replies = await self._reader.ask_all([*sent, *first, ends, read])
        return list(replies[-1])

    async def sent(self, room: str) -> dict[str, int]:
        """Return the characters that were sent in the show, by language. Raises
        StoreUnavailable."""
        found = await self._reader.ask("HGETALL", keys.translated(room))
        if not isinstance(found, dict):
            found = dict(zip(found[::2], found[1::2], strict=True))
        return {lang.decode(): int(count) for lang, count in found.items()}


def _periods(room: str, now_ms: float) -> tuple[str, str]:
    period = int(now_ms // PERIOD_MS)
    return keys.translations(room, period), keys.translations(room, period - 1)


def _field(lang: str, text: str) -> bytes:
    digest = blake2b(f"{lang}\n{text}".encode("utf-8", "surrogatepass"), digest_size=16)
    return digest.digest()
