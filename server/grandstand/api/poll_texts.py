"""A poll in other languages: what translators suggest, and what a producer wrote or has seen."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call, answer
from grandstand.api.problems import Fault, invalid
from grandstand.api.validation import NOT_BLANK
from grandstand.domain.polls.record import PollWords
from grandstand.replica.entities import EntityTable
from grandstand.text.normalise import clean
from grandstand.translation.glossary import Glossary, spoken
from grandstand.translation.interpreter import TEXT_MAX, Sentence
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.translations import PERSON, By

TEXTS_MAX = 21
"""A question, and as many options as a poll may have."""

LANGUAGES_MAX = 40
"""As many as a room may have."""

CHARACTERS_MAX = 20_000
"""Of a poll's translations together: they lie in the room's state."""

DEADLINE_S = 5.0
"""How long translators may take: a producer waits for them."""

WORDS_MAX = 60
"""Words of a poll for which names are looked up, 1 ms each in a room of 100,000 entities."""

NAMES_OF_WORD = 20
"""Of so many entities whose names have a word; of more, their whole names may stay unknown."""

_WORD = re.compile(r"[^\W\d_]{2,}")

Language = Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$(?!\n)")]
Text = Annotated[str, Meta(min_length=1, max_length=300, pattern=NOT_BLANK)]
Translation = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=NOT_BLANK)]
Author = Annotated[str, Meta(max_length=100, pattern=r"^[!-~]+$(?!\n)")]


class PollTranslation(Struct, frozen=True, forbid_unknown_fields=True):
    """A poll's words in ``lang`` (BCP 47), longer than the poll's own if need be.

    ``by`` is who made them, as ``…/translations`` says of what stayed as it was. Words that are the
    poll's own are shown as they are.
    """

    lang: Language
    question: Translation
    options: Annotated[list[Translation], Meta(max_length=20)] = []
    by: Author = PERSON


PollTranslations: TypeAlias = Annotated[list[PollTranslation], Meta(max_length=LANGUAGES_MAX)]


class TextsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Texts in the room's ``lang``, and into which of its ``languages``; without them all."""

    texts: Annotated[list[Text], Meta(min_length=1, max_length=TEXTS_MAX)]
    languages: Annotated[list[Language], Meta(max_length=LANGUAGES_MAX)] | UnsetType = UNSET


class SuggestedText(Struct, frozen=True):
    """A translation, and who made it."""

    text: str
    by: By


class Suggestion(Struct, frozen=True):
    """The texts in ``lang``, in their order; null: nobody translates it, it is shown as it is."""

    lang: str
    texts: list[SuggestedText | None]


class Suggestions(Struct, frozen=True):
    """What viewers would be shown, by language."""

    translations: list[Suggestion]


async def suggest(call: Call) -> Response:
    """Say how texts would be translated now, for a producer to correct before they go out.

    Nothing is shown to anyone. It counts in the budget of translations, and what isn't there after
    5 s is null.
    """
    settings = call.live.replica.state.settings
    body = call.body(TextsBody)
    languages = settings.languages if body.languages is UNSET else [*dict.fromkeys(body.languages)]
    if unknown := [each for each in languages if each not in settings.languages]:
        raise invalid([Fault("languages", f"{unknown[0]} is none of the room's `languages`")])
    wait_ms = call.api.suggestions.take(call.live.room, time.monotonic() * 1000)
    if wait_ms:
        words = "translations are asked for too often in this room"
        raise RefusedError(ErrorCode.RATE_LIMITED, words, wait_ms / 1000)
    sentences = [Sentence(clean(each), settings.lang) for each in body.texts]
    names = _names_in(call.live.entities, body.texts)
    found = await asyncio.gather(*(_suggested(call, each, sentences, names) for each in languages))
    return answer(Suggestions(found))


def _names_in(entities: EntityTable, texts: Sequence[str]) -> Glossary:
    """Return the names of entities that may be in texts: no translator may change them."""
    words = dict.fromkeys(word for text in texts for word in _WORD.findall(text))
    found = {
        entity: None
        for word in islice(words, WORDS_MAX)
        for _, entity in entities.search(word, "", NAMES_OF_WORD)
    }
    named = (entities.get(each) for each in found)
    return Glossary(name for entity in named if entity is not None for name in spoken(entity.name))


async def _suggested(
    call: Call, lang: str, sentences: Sequence[Sentence], names: Glossary
) -> Suggestion:
    room = call.live.room
    said = await call.api.interpreter.translate(room, lang, sentences, DEADLINE_S, names=names)
    texts = [None if each is None else SuggestedText(each.text, each.by) for each in said]
    return Suggestion(lang, texts)


# --- what goes along with a poll -----------------------------------------------------------------


def translation_words(
    given: Iterable[PollTranslation], numbers: Sequence[str]
) -> dict[str, PollWords]:
    """Return translations without faults by language; ``numbers`` are a rating's options, which
    are the same in all languages."""
    return {
        each.lang: PollWords(
            clean(each.question),
            [*numbers] or [clean(text) for text in each.options],
            each.by,
        )
        for each in given
    }


def translation_faults(given: Sequence[Any], options: int) -> Iterator[Fault]:
    """Yield the faults of a poll's translations beyond their fields; the poll has ``options``."""
    known = dict[str, int]()
    for index, each in enumerate(given):
        path = f"translations[{index}]"
        if (same := known.setdefault(each.lang, index)) != index:
            yield Fault(f"{path}.lang", f"is that of translations[{same}]")
        if len(each.options) != options:
            yield Fault(f"{path}.options", f"must be as many as the poll's, {options}")
        if not clean(each.question):
            yield Fault(f"{path}.question", "is blank")
        for place, text in enumerate(each.options):
            if not clean(text):
                yield Fault(f"{path}.options[{place}]", "is blank")
    texts = [text for each in given for text in (each.question, *each.options)]
    if (characters := sum(map(len, texts))) > CHARACTERS_MAX:
        words = f"have {characters} characters; {CHARACTERS_MAX} may be"
        yield Fault("translations", words)
