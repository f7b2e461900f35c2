from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from grandstand.moderation.scorer import ModelError, OnnxScorer, Scores, shouted
from hypothesis import given, settings
from hypothesis import strategies as st

MODEL = Path(__file__).parents[2] / "models" / "comment_scorer" / "model.onnx"
SCORER = OnnxScorer(MODEL)


def _columns(scores: Scores) -> list[list[float]]:
    columns = [*scores.categories.values(), scores.mood, scores.excitement]
    return [column.tolist() for column in columns]


@given(st.lists(st.text(max_size=60), max_size=5))
@settings(max_examples=50)
def test_any_text_gets_scores_within_their_ranges(texts: list[str]) -> None:
    scores = SCORER.score(texts)
    assert tuple(scores.categories) == SCORER.categories
    for column in (*scores.categories.values(), scores.mood, scores.excitement):
        assert column.shape == (len(texts),)
        assert column.dtype == np.float32
        assert np.isfinite(column).all()
        assert (column <= 1).all()
    for column in (*scores.categories.values(), scores.excitement):
        assert (column >= 0).all()
    assert (scores.mood >= -1).all()


def test_raw_text_that_nobody_cleaned_does_not_hurt() -> None:
    scores = SCORER.score(["\ud83d", "", "a" * 1_000_000, "👍", "\u0000"])
    assert np.isfinite(_columns(scores)).all()


def test_a_text_scores_the_same_in_any_batch() -> None:
    texts = ["what a goal", "加油", "", "you are an idiot", "x" * 300]
    together = np.array(_columns(SCORER.score(texts)))
    alone = np.hstack([_columns(SCORER.score([text])) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)


def test_threads_share_one_scorer() -> None:
    texts = [f"message number {n}" for n in range(64)]
    expected = _columns(SCORER.score(texts))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: _columns(SCORER.score(texts)), range(16)))
    assert all(result == expected for result in results)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: no such file"):
        OnnxScorer(tmp_path / "none.onnx")


def test_a_broken_model_is_named_in_one_line(tmp_path: Path) -> None:
    for name, data in (("cut", MODEL.read_bytes()[:1000]), ("text", b"not a model"), ("nil", b"")):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ModelError, match="not a readable ONNX model") as caught:
            OnnxScorer(path)
        assert "\n" not in str(caught.value)
        assert caught.value.path == path


@pytest.mark.parametrize(
    ("ours", "other", "why"),
    [
        (b"format\x12\x011", b"format\x12\x019", "format is '9'"),
        (b"features\x12\x011", b"features\x12\x010", "features is '0'"),
        (b"categories\x12", b"categorien\x12", "name no categories"),
    ],
)
def test_a_model_of_another_version_is_refused(
    tmp_path: Path, ours: bytes, other: bytes, why: str
) -> None:
    data = MODEL.read_bytes()
    assert data.count(ours) == 1
    path = tmp_path / "model.onnx"
    path.write_bytes(data.replace(ours, other))
    with pytest.raises(ModelError, match=why):
        OnnxScorer(path)


def test_shouting_is_seen_on_the_surface() -> None:
    assert shouted("quiet words") == 0
    assert shouted("GOAL") > 0
    assert shouted("GOAL goooool yes!!!") > shouted("goal!!")
    assert shouted("太棒了！！") > 0
