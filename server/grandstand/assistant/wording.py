"""Words of cards by the model, for viewers: in time, or not at all.

A card comes two seconds after its moment, and most viewers are further behind live than that. So a
card may wait ``WORD_S`` for its words without being late for them; then the template's are told.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from grandstand.assistant.assistant import Assistant, SuggestionError
from grandstand.assistant.features.sentence import CardSentence
from grandstand.assistant.material import Material, RestedItem
from grandstand.store.errors import StoreUnavailable

WORD_S = 1.5

_SENTENCE = CardSentence()

log = structlog.get_logger(__name__)


class CardWording:
    """Words cards of all rooms by one assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    async def word(
        self, room: str, lang: str, text: str, names: Sequence[str], at: int
    ) -> tuple[str, str] | None:
        """Return the words in place of a template's ``text``, and by which model; None if there are
        none, after ``WORD_S`` at most. Never raises."""
        assistant = self._assistant
        if not assistant.has_endpoint:
            return None
        material = Material(at, at, items=[RestedItem("", text)], words=names)
        try:
            found = await assistant.suggest(room, _SENTENCE, material, lang, at, WORD_S)
        except (SuggestionError, StoreUnavailable):
            return None  # it is counted, and the template's text is as good
        except Exception:
            log.exception("card_not_worded", room=room)
            return None
        return found.suggestions[0].text, found.by
