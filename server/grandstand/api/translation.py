"""What translating a room has sent to services, and what that costs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from grandstand.api.operations import Call, answer


class LanguageSent(Struct, frozen=True):
    """Characters that were sent for a language in this show; `limit` 0 sets none. `cost` is at the
    price that the operator set, in the operator's currency."""

    lang: str
    characters: Annotated[int, Meta(ge=0)]
    limit: Annotated[int, Meta(ge=0)]
    cost: Annotated[float, Meta(ge=0)]


class TranslationSent(Struct, frozen=True):
    """By language; the sum is what the room's show has cost."""

    languages: list[LanguageSent]
    cost: Annotated[float, Meta(ge=0)]


async def get(call: Call) -> Response:
    """Return what was sent to translators in this show, which ends when nothing was for six
    hours."""
    limits = call.api.translation_limits
    sent = await call.api.rooms.store.translations.sent(call.live.room)
    languages = [
        LanguageSent(lang, characters, limits.show, round(limits.cost(characters), 4))
        for lang, characters in sorted(sent.items())
    ]
    return answer(TranslationSent(languages, round(limits.cost(sum(sent.values())), 4)))
