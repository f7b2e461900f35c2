"""The scorer: a batch of comments in, probabilities, mood and excitement out.

The only module that knows onnxruntime. A model is an ONNX file with its manifest beside it; one
that doesn't fit this server, doesn't run or gives no probabilities is refused when it is loaded,
not when it is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from grandstand.moderation import manifest, ngrams
from grandstand.moderation.language import languages
from grandstand.moderation.manifest import ModelError
from grandstand.moderation.normalise import skeleton
from grandstand.moderation.policy import Thresholds

MAX_CHARS = 600
"""Of a text that are looked at: the contract's longest comment has 500 code points."""

TOGETHER = 4096
"""Texts whose features are held at once: some 50 MB of them."""

_SHOUT = re.compile(r"[A-Z]{4,}|([!！?？])\1|([^\W\d])\2{2,}|(.)\3{3,}")


@dataclass(frozen=True, slots=True)
class Scores:
    """Of ``n`` texts, each array float32 of shape (n,).

    ``categories``: probability of each category the model was taught; ``mood`` -1 (bad) to 1
    (good); ``excitement`` 0 to 1; ``languages``: a BCP 47 tag each, a hint, ``und`` if unknown.
    """

    categories: dict[str, NDArray[np.float32]]
    mood: NDArray[np.float32]
    excitement: NDArray[np.float32]
    languages: list[str]


class Scorer(Protocol):
    """Whatever scores comments; called from one or more threads at once."""

    @property
    def version(self) -> str:
        """Tells one model from another, to people."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """What the texts are looked at for."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """Of each category: when its probabilities act."""
        ...

    def score(self, texts: list[str]) -> Scores:
        """Score cleaned texts, in order; an empty list gives empty arrays."""
        ...


class OnnxScorer:
    """A model in an onnxruntime session of one thread. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Load a model by its own path or its manifest's. Raises ModelError."""
        self.manifest, model = manifest.read(path)
        self.version = self.manifest.version
        self.categories: tuple[str, ...] = self.manifest.categories
        self.thresholds: Thresholds = self.manifest.thresholds
        path = path.with_name(self.manifest.model)
        if self.manifest.features != ngrams.VERSION:
            raise ModelError(
                path,
                f"takes features {self.manifest.features!r}, this server makes {ngrams.VERSION!r}: "
                "install a model of this release",
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
            self._rows = int(self._session.get_modelmeta().custom_metadata_map["rows"])
        except Exception as fault:  # onnxruntime's own kinds have no common base
            raise ModelError(path, f"not a readable ONNX model ({_first_line(fault)})") from fault
        try:
            probed = self._run(["probe"])
        except Exception as fault:  # as above
            raise ModelError(path, f"does not run ({_first_line(fault)})") from fault
        if probed.shape[1] != len(self.categories) + 2:
            raise ModelError(
                path, f"gives {probed.shape[1]} outputs for {len(self.categories)} categories"
            )
        if not ((probed >= 0) & (probed <= 1)).all():
            raise ModelError(path, "gives numbers that are no probabilities")

    def score(self, texts: list[str]) -> Scores:
        """Score cleaned texts, in order. About 10 us a text in a batch of 256, 150 us alone.

        A text is scored by its first ``MAX_CHARS``, and a million texts take no more memory than
        ``TOGETHER`` beside their scores.
        """
        if not texts:
            nothing = np.zeros(0, np.float32)
            return Scores(dict.fromkeys(self.categories, nothing), nothing, nothing, [])
        texts = [text[:MAX_CHARS] for text in texts]
        out = np.concatenate(
            [
                self._run([skeleton(text) for text in texts[first : first + TOGETHER]])
                for first in range(0, len(texts), TOGETHER)
            ]
        )
        # Case and repeats, which the skeleton drops, are excitement that anyone can see.
        shouts = np.fromiter((shouted(text) for text in texts), np.float32, len(texts))
        return Scores(
            {name: out[:, column] for column, name in enumerate(self.categories)},
            out[:, -2] * np.float32(2) - np.float32(1),
            np.float32(1) - (np.float32(1) - out[:, -1]) * (np.float32(1) - shouts),
            languages(texts),
        )

    def _run(self, skeletons: list[str]) -> NDArray[np.float32]:
        found = ngrams.features(skeletons, self._rows)
        (out,) = self._session.run(
            None,
            {
                "ids": found.ids,
                "ends": found.ends,
                "scale": (1 / np.sqrt(found.counts)).astype(np.float32),
            },
        )
        result: NDArray[np.float32] = out
        return result


def shouted(text: str) -> float:
    """Excitement on the surface, 0 to 0.6: capitals, repeated marks, letters drawn out."""
    found = len(_SHOUT.findall(text))
    return min(found, 3) * 0.2


def _first_line(fault: Exception) -> str:
    return str(fault).strip().split("\n", 1)[0][:200]
