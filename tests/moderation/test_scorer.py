"""The shipped model, asked as the server asks it; and what is refused when it is loaded."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from grandstand.inference.manifest import ModelError
from grandstand.inference.session import Session
from grandstand.moderation.ngrams import MAX_CHARS
from grandstand.moderation.scorer import TOGETHER, OnnxScorer
from grandstand.moderation.scores import Scores
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.moderation.installation import SHIPPED, install, shipped
from tests.moderation.nasties import HARD, MEGABYTES, NASTIES

SCORER = OnnxScorer(SHIPPED)
ANY_TEXTS = st.lists(st.one_of(st.text(max_size=80), st.text(HARD, max_size=80)), max_size=8)
SAME = 1e-3
"""How far a text's scores may move with what else is in its batch."""


def columns(scores: Scores) -> NDArray[np.float32]:
    """All numbers, a row for each kind, a column for each text."""
    return np.vstack([*scores.categories.values(), scores.mood, scores.excitement, scores.fine])


def check(scores: Scores, count: int) -> None:
    """The shapes, kinds and ranges that are promised; NaN is in no range."""
    assert tuple(scores.categories) == SCORER.categories
    assert len(scores.languages) == count
    assert all(scores.languages)
    for column in (*scores.categories.values(), scores.mood, scores.excitement, scores.fine):
        assert column.shape == (count,)
        assert column.dtype == np.float32
    for column in (*scores.categories.values(), scores.excitement, scores.fine):
        assert ((column >= 0) & (column <= 1)).all()
    assert ((scores.mood >= -1) & (scores.mood <= 1)).all()


def alone(texts: Iterable[str]) -> NDArray[np.float32]:
    return np.hstack([columns(SCORER.score([text])) for text in texts])


@given(ANY_TEXTS)
@settings(max_examples=100)
def test_any_text_gets_scores_within_their_ranges(texts: list[str]) -> None:
    check(SCORER.score(texts), len(texts))


@given(ANY_TEXTS.filter(bool), st.randoms())
@settings(max_examples=50)
def test_a_text_scores_the_same_wherever_it_stands(texts: list[str], draw: random.Random) -> None:
    expected = columns(SCORER.score(texts))
    assert np.abs(expected - alone(texts)).max() < SAME
    order = list(range(len(texts)))
    draw.shuffle(order)
    among = SCORER.score([*(texts[at] for at in order), "x" * 500, *NASTIES.values()])
    assert np.abs(columns(among)[:, : len(texts)] - expected[:, order]).max() < SAME


@pytest.mark.parametrize("text", NASTIES.values(), ids=NASTIES.keys())
def test_nothing_that_one_could_send_hurts(text: str) -> None:
    began = time.process_time()
    scores = SCORER.score(["what a goal", text, "what a goal"])
    assert time.process_time() - began < 5
    check(scores, 3)
    goal = alone(["what a goal"])
    assert np.abs(columns(scores)[:, ::2] - goal).max() < SAME


def test_a_long_text_is_scored_by_its_beginning() -> None:
    text = "".join(f"word {n} " for n in range(MAX_CHARS))
    scores = SCORER.score([text, text[:MAX_CHARS], text + "x" * MEGABYTES])
    assert np.ptp(columns(scores), axis=1).max() == 0


def test_far_more_texts_at_once_than_are_scored_together_keep_their_places() -> None:
    count = 20 * TOGETHER
    few = SCORER.score(["what a goal", "加油", "", "\ud83d"] * count)
    check(few, 4 * count)
    distinct = SCORER.score([f"message {n}" for n in range(count)])
    check(distinct, count)
    assert np.ptp(columns(few)[:, ::4], axis=1).max() < SAME
    at = [0, TOGETHER - 1, TOGETHER, count - 1]
    assert np.abs(columns(distinct)[:, at] - alone(f"message {n}" for n in at)).max() < SAME


def test_threads_share_one_scorer() -> None:
    texts = [f"message number {n}" for n in range(64)]
    expected = columns(SCORER.score(texts))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: columns(SCORER.score(texts)), range(16)))
    assert all((result == expected).all() for result in results)


def test_it_is_what_its_manifest_says() -> None:
    manifest = shipped()
    assert SCORER.manifest == manifest
    assert (SCORER.version, SCORER.categories) == (manifest.version, manifest.categories)
    assert set(SCORER.thresholds) == set(SCORER.categories)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: no such file"):
        OnnxScorer(tmp_path / "none.onnx")


@pytest.mark.parametrize("size", [0, 1000, 100_000])
def test_a_model_cut_short_is_named_in_one_line_though_its_manifest_agrees(
    tmp_path: Path, size: int
) -> None:
    data = SHIPPED.read_bytes()[:size]
    path = install(tmp_path, sha256=hashlib.sha256(data).hexdigest(), bytes=size)
    path.write_bytes(data)
    with pytest.raises(ModelError, match="not a readable ONNX model") as caught:
        OnnxScorer(path)
    assert "\n" not in str(caught.value)
    assert caught.value.path == path


def test_a_model_for_other_features_is_refused(tmp_path: Path) -> None:
    path = install(tmp_path, features="of another time")
    with pytest.raises(ModelError, match="takes features 'of another time', this server makes"):
        OnnxScorer(path)


def test_a_model_of_other_outputs_than_its_manifest_says_is_refused(tmp_path: Path) -> None:
    path = install(tmp_path, heads=[*SCORER.heads, "joyful"])
    with pytest.raises(ModelError, match=rf"not \(1, {len(SCORER.heads) + 1}\)"):
        OnnxScorer(path)


def test_a_model_that_gives_no_probabilities_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = np.full((1, len(SCORER.heads)), np.nan, np.float32)
    monkeypatch.setattr(Session, "run", lambda self, inputs: [given])
    with pytest.raises(ModelError, match="no probabilities"):
        OnnxScorer(SHIPPED)


def test_every_head_has_its_opinion() -> None:
    texts = ["what a goal", "you are an idiot"]
    opinions, scores = SCORER.opinions(texts), SCORER.score(texts)
    assert opinions.shape == (2, len(SCORER.heads))
    insult = opinions[:, SCORER.heads.index("insult")]
    assert (insult == scores.categories["insult"]).all()
    assert SCORER.opinions([]).shape == (0, len(SCORER.heads))


def test_shouting_is_excitement() -> None:
    quiet, loud = SCORER.score(["what a goal", "WHAT A GOAL!!!"]).excitement
    assert loud > quiet
