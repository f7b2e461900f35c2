"""Guesses the language of short chat: by its script, and in Latin letters by py3langid.

Scripts are ``moderation.language``'s: 0.7 us a comment. py3langid takes 26 us and some 140 MB
(``loadtest/results/language_guess.json``), so it is loaded beside the event loop when it is first
needed. Until then, and where it isn't sure, a text in Latin letters is of no known language.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog

from grandstand.moderation.language import languages
from grandstand.text.normalise import clean
from grandstand.wire.messages import UNKNOWN_LANG

LATIN = ("en", "fr", "it", "es", "de", "pt", "nl", "pl", "tr", "vi", "id", "sv", "ro", "cs")
"""What is told apart: few languages, since each more makes short texts less sure."""

SURE_FROM = 0.6
"""Probability from which a guess is one."""

LEAST_LETTERS = 4
KEPT = 2000
"""Texts whose language is kept: those of a minute."""

log = structlog.get_logger(__name__)


class Guesser:
    """The guesser of one process."""

    def __init__(self) -> None:
        self._classify: Callable[[str], tuple[Any, Any]] | None = None
        self._loading: threading.Thread | None = None
        self._known: OrderedDict[str, str] = OrderedDict()

    def guess(self, text: str) -> str:
        """Return a BCP 47 tag, "" if it isn't sure. A text is asked for once for each language that
        a room is translated into, so the last ones are kept."""
        known = self._known.get(text)
        if known is None:
            known = self._guess(text)
            if self._classify is not None:
                self._known[text] = known
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return known

    def _guess(self, text: str) -> str:
        (by_script,) = languages([text])
        if by_script != UNKNOWN_LANG:
            return by_script
        if sum(letter.isalpha() for letter in text) < LEAST_LETTERS:
            return ""
        if self._classify is None:
            self._load()
            return ""
        tag, probability = self._classify(clean(text).lower())
        return str(tag) if float(probability) >= SURE_FROM else ""

    def loaded(self) -> None:
        """Wait until it knows Latin letters, too."""
        self._load()
        assert self._loading is not None
        self._loading.join()

    def _load(self) -> None:
        if self._loading is None:
            self._loading = threading.Thread(target=self._read, name="languages", daemon=True)
            self._loading.start()

    def _read(self) -> None:
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier

            made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
            made.set_languages(list(LATIN))
            self._classify = made.classify
        except Exception:  # texts in Latin letters are of no known language then
            log.exception("languages_not_loaded")
