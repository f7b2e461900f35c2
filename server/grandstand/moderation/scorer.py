"""The scorer: a batch of comments in; probabilities, mood and excitement out.

A model that doesn't fit this server, doesn't run or gives no probabilities is refused when it is
loaded, not when it is asked.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grandstand.inference.manifest import read
from grandstand.inference.session import Inputs, Session
from grandstand.moderation import ngrams
from grandstand.moderation.language import languages
from grandstand.moderation.manifest import ScorerManifest
from grandstand.moderation.ngrams import MAX_CHARS
from grandstand.moderation.policy import Thresholds
from grandstand.moderation.scores import Scores
from grandstand.moderation.text_features import shouted, surfaces
from grandstand.text.normalise import skeleton

TOGETHER = 512
"""Texts that go through the model at once: their data stays in a processor's cache."""

_ONE = np.array(1, np.float32)  # as an array: see ``ngrams``
_MOST = ngrams.COLUMNS * (MAX_CHARS + 3)
_SCALES = (1 / np.sqrt(np.maximum(np.arange(_MOST), 1))).astype(np.float32)
"""What the model takes of how many features a text has."""


class OnnxScorer:
    """A model in a session. Threads may share it."""

    def __init__(self, path: Path) -> None:
        """Load a model by its own path or its manifest's. Raises ModelError."""
        file = read(path, ScorerManifest)
        self.manifest = file.manifest
        self.version = self.manifest.version
        self.heads: tuple[str, ...] = self.manifest.heads
        self.categories: tuple[str, ...] = self.manifest.categories
        self._columns = {name: column for column, name in enumerate(self.heads)}
        self.thresholds: Thresholds = self.manifest.thresholds
        if self.manifest.features != ngrams.VERSION:
            raise file.refused(
                f"takes features {self.manifest.features!r}, this server makes {ngrams.VERSION!r}: "
                "install a model of this release"
            )
        probe = _inputs(["probe"], surfaces(["probe"]))
        self._session = Session(file, probe, {"opinions": (1, len(self.heads))})
        self.probe_ms = self._session.probe_ms
        (probed,) = self._session.probed
        if not ((probed >= 0) & (probed <= 1)).all():
            raise file.refused("gives numbers that are no probabilities")

    def score(self, texts: list[str]) -> Scores:
        """Score cleaned texts, in order. About 18 us a text in a batch of 256, 120 to 200 us alone.

        A text is scored by its first ``MAX_CHARS``. A million texts take no more memory than
        ``TOGETHER``, apart from their scores.
        """
        if not texts:
            nothing = np.zeros(0, np.float32)
            return Scores(dict.fromkeys(self.categories, nothing), nothing, nothing, nothing, [])
        texts = [text[:MAX_CHARS] for text in texts]
        looks, opinions = self._asked(texts)
        column, said = self._columns, opinions.T
        unsaid = _ONE - said
        mood = said[column["mood"]]
        categories = {name: said[column[name]] for name in self.categories}
        fine = unsaid[column["removed"]]
        for name in self.categories:
            fine *= unsaid[column[name]]
        return Scores(
            categories,
            mood + mood - _ONE,
            # Words of excitement, which the model knows, and shouting, which text features show.
            _ONE - unsaid[column["excitement"]] * (_ONE - shouted(looks)),
            fine,
            languages(texts, said[column["german"]].tolist()),
        )

    def opinions(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the probabilities of every head for cleaned texts, (n, heads)."""
        if not texts:
            return np.zeros((0, len(self.heads)), np.float32)
        return self._asked([text[:MAX_CHARS] for text in texts])[1]

    def _asked(self, texts: list[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The surface of each text, (n, text_features.WIDTH), and what every head says."""
        looks: list[NDArray[np.float32]] = []
        opinions: list[NDArray[np.float32]] = []
        for first in range(0, len(texts), TOGETHER):
            some = texts[first : first + TOGETHER]
            looks.append(surfaces(some))
            skeletons = [skeleton(text) for text in some]
            opinions += self._session.run(_inputs(skeletons, looks[-1]))
        if len(looks) == 1:
            return looks[0], opinions[0]
        return np.concatenate(looks), np.concatenate(opinions)


def _inputs(skeletons: list[str], looks: NDArray[np.float32]) -> Inputs:
    found = ngrams.features(skeletons)
    return {
        "ids": found.ids,
        "owners": found.owners,
        "scale": _SCALES.take(found.counts),
        "surface": looks,
    }
