"""Real models of a few hundred bytes: what runs, and what is refused when it is loaded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import exp
from pathlib import Path
from types import SimpleNamespace

import pytest
from grandstand.inference.manifest import ModelError
from grandstand.inference.session import Inputs, Outputs, Session

from tests.inference.onnx_bytes import FLOAT, INT64, info, model, tensor
from tests.inference.predictor import Predictor, graph, install

TEAMS = [info("home_team", INT64, ["games"]), info("away_team", INT64, ["games"])]


def refused(folder: Path, data: bytes, teams: int = 3) -> str:
    path = install(folder, data=data, teams=teams)
    with pytest.raises(ModelError) as caught:
        Predictor(path)
    assert caught.value.path == path
    assert str(caught.value) == f"predictor {path}: {caught.value.why}"
    assert "\n" not in caught.value.why
    return caught.value.why


def test_outputs_come_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    predictor = Predictor(install(tmp_path))
    near, far = predictor.predict([(1, 0), (2, 1)])
    assert near == pytest.approx((1, 1 / (1 + exp(-1))))
    assert far == pytest.approx((3, 1 / (1 + exp(-3))))


def test_threads_share_one_session(tmp_path: Path) -> None:
    predictor = Predictor(install(tmp_path))
    games = [(home, away) for home in range(3) for away in range(3)]
    expected = predictor.predict(games)
    with ThreadPoolExecutor(4) as pool:
        assert all(each == expected for each in pool.map(predictor.predict, [games] * 32))


def test_the_second_run_for_the_probe_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is slower: it makes what all others use again."""
    now_s, run = 0.0, Session.run

    def run_in_time(self: Session, inputs: Inputs) -> Outputs:
        nonlocal now_s
        now_s += 0.25 if now_s else 4.0
        return run(self, inputs)

    clock = SimpleNamespace(perf_counter=lambda: now_s)
    monkeypatch.setattr("grandstand.inference.session.time", clock)
    monkeypatch.setattr(Session, "run", run_in_time)
    assert Predictor(install(tmp_path)).probe_ms == 250


@pytest.mark.parametrize("data", [b"", b"no model", graph()[:100]])
def test_what_is_no_model_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "not a readable ONNX model (" in refused(tmp_path, data)


def test_a_model_that_raises_for_the_probe_is_refused(tmp_path: Path) -> None:
    assert "does not run (" in refused(tmp_path, graph(), teams=9)


def test_a_model_of_other_inputs_is_refused(tmp_path: Path) -> None:
    data = model(
        [("Identity", ["games"], "lead"), ("Sigmoid", ["lead"], "home")],
        [info("games", FLOAT, ["games"])],
        [info("lead", FLOAT, ["games"]), info("home", FLOAT, ["games"])],
    )
    assert "does not run (" in refused(tmp_path, data)


def test_a_model_without_an_output_is_refused(tmp_path: Path) -> None:
    data = model(
        [
            ("Gather", ["strengths", "home_team"], "of_home"),
            ("Sub", ["of_home", "of_home"], "lead"),
        ],
        TEAMS,
        [info("lead", FLOAT, ["games"])],
        [tensor("strengths", [0, 1, 2])],
    )
    assert refused(tmp_path, data) == "has no output home"


def test_a_model_of_other_numbers_is_refused(tmp_path: Path) -> None:
    data = model(
        [("Identity", ["home_team"], "lead"), ("Identity", ["away_team"], "home")],
        TEAMS,
        [info("lead", INT64, ["games"]), info("home", INT64, ["games"])],
    )
    assert refused(tmp_path, data) == "gives lead as tensor(int64), not as tensor(float)"


def test_a_model_of_another_shape_is_refused(tmp_path: Path) -> None:
    data = model(
        [
            ("Gather", ["strengths", "home_team"], "lead"),
            ("MatMul", ["lead", "lead"], "home"),
        ],
        TEAMS,
        [info("lead", FLOAT, ["games"]), info("home", FLOAT, [])],
        [tensor("strengths", [0, 1, 2])],
    )
    assert refused(tmp_path, data) == "gives home of shape (), not (1,)"
