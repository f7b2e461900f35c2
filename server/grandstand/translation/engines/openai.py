"""Translation by a language model at an OpenAI-compatible endpoint: one request for a batch.

Each item has an id that nobody can guess, so that no comment can answer for another. What speaks to
the model is not sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from grandstand.assistant.endpoint import Endpoint, Prompt
from grandstand.assistant.instructions import speaks_to_a_model
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
        """Return the translations; None for what speaks to the model. Raises ServiceError."""
        asked = {
            place: secrets.token_hex(4)
            for place, item in enumerate(items)
            if not speaks_to_a_model(item.text)
        }
        if not asked:
            return [None] * len(items)
        data = {
            "language": lang,
            "names": sorted({name for place in asked for name in items[place].names}),
            "items": [{"id": id, "text": items[place].text} for place, id in asked.items()],
        }
        letters = sum(len(items[place].text) for place in asked)
        tokens_max = TOKENS_EACH * len(asked) + TOKENS_A_LETTER * letters
        said = await self._endpoint.ask(self._prompt, data, _SCHEMA, _Answer, tokens_max)
        found: dict[str, str | None] = {}
        for each in said.answer.items:
            match each:
                case {"id": str(id), "text": str(text)}:
                    found[id] = None if id in found else text  # answered twice: which is right?
        return [found.get(asked.get(place, "")) for place in range(len(items))]

    async def check(self) -> str:
        """Return what can be said of the endpoint. Raises ServiceError."""
        return await self._endpoint.check()

    async def close(self) -> None:
        """End all connections."""
        await self._endpoint.close()
