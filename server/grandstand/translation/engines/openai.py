"""Translation by a language model at an OpenAI-compatible endpoint: one request for a batch.

Each item has an id that nobody can guess, so that no comment can answer for another.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from grandstand.assistant.endpoint import Endpoint, Prompt
from grandstand.translation.engines.engine import Item

VERSION = 1
TOKENS_EACH = 24
TOKENS_A_LETTER = 3
"""Room for the answer: scripts such as Devanagari take up to three tokens a letter."""

_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["items"],
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "text"],
                "properties": {"id": {"type": "string"}, "text": {"type": "string"}},
            },
        }
    },
}


class _Answer(msgspec.Struct):
    items: list[Any]


class OpenAI:
    """The engine."""

    name = "openai"

    def __init__(self, url: str, model: str, key: str) -> None:
        self._endpoint = Endpoint(url, model, key)
        self._prompt = Prompt.load("grandstand.translation", "translate", VERSION)
        self.where = self._endpoint.where

    def takes(self, source: str, lang: str) -> bool:
        """Return True: a model finds out by itself."""
        return True

    async def translate(self, items: Sequence[Item], lang: str) -> list[str | None]:
        """Return the translations. Raises ServiceError."""
        ids = [secrets.token_hex(4) for _ in items]
        data = {
            "language": lang,
            "names": sorted({name for item in items for name in item.names}),
            "items": [{"id": id, "text": item.text} for id, item in zip(ids, items, strict=True)],
        }
        tokens_max = sum(TOKENS_EACH + TOKENS_A_LETTER * len(item.text) for item in items)
        said = await self._endpoint.ask(self._prompt, data, _SCHEMA, _Answer, tokens_max)
        found: dict[str, str | None] = {}
        for each in said.items:
            match each:
                case {"id": str(id), "text": str(text)}:
                    found[id] = None if id in found else text  # answered twice: which is right?
        return [found.get(id) for id in ids]

    async def check(self) -> str:
        """Return what can be said of the endpoint. Raises ServiceError."""
        return await self._endpoint.check()

    async def close(self) -> None:
        """End all connections."""
        await self._endpoint.close()
