"""A storm of a handful of votes: that it measures, not how much."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtest.bench import votes


def test_all_vote_within_a_moment_and_it_is_written_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (("CALM_S", 0.8), ("STORM_S", 0.8), ("REST_S", 0.3)):
        monkeypatch.setattr(votes, name, value)
    monkeypatch.setattr(votes, "VOTES_WITHIN_S", 0.2)
    target = tmp_path / "votes.json"
    votes.main(["--viewers", "20", "--runs", "1"], target)
    (run,) = json.loads(target.read_text())["runs"]
    assert run["acked"] == run["counted"] == run["viewers"] == 20
    assert 0 < run["ack_p50_ms"] <= run["ack_max_ms"]
    assert 0 < run["frame_p50_ms"] <= run["frame_max_ms"]
    assert not run["lost"]


GOOD = {
    **dict.fromkeys(("viewers", "acked", "counted"), 20),
    **dict.fromkeys(("ack_max_ms", "frame_max_ms", "tick_late_max_ms"), 200),
    "tallies_per_s": 5,
    "lost": {},
}


@pytest.mark.parametrize(
    "bad",
    [
        {"acked": 19},
        {"counted": 19},
        {"ack_max_ms": 2001},
        {"frame_max_ms": 201},
        {"tick_late_max_ms": 201},
        {"tallies_per_s": 5.5},
        {"lost": {"1006": 1}},
    ],
)
def test_a_run_that_misses_anything_is_not_good(bad: dict[str, object]) -> None:
    assert votes.is_good(GOOD)
    assert not votes.is_good({**GOOD, **bad})
