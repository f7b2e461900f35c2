"""The doctor as a command: a table, JSON, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.server import ServerProcess


def test_a_server_that_runs_is_well(run: Run, shared_server: ServerProcess) -> None:
    where = ("--port", str(shared_server.port), "--data-dir", str(shared_server.data_dir))
    code, out, err = run("doctor", *where, "--json")
    found = {each["name"]: each for each in json.loads(out)}
    assert (code, err) == (0, "")
    for name in ("secret", "store", "durability", "clock", f"port {shared_server.port}", "model"):
        assert found[name]["level"] == "ok", found[name]
    code, out, _ = run("doctor", *where)
    assert code == 0
    assert all(line.startswith(("ok ", "warn ", " ")) for line in out.splitlines())


def test_anything_that_fails_is_said_with_what_to_do_and_ends_with_1(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANDSTAND_MODEL", str(tmp_path / "nowhere.onnx"))
    code, out, err = run("doctor", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert (code, err) == (1, "")
    assert "FAIL  model" in out
    assert not (tmp_path / "data").exists()


def test_translators_are_asked_how_they_are_and_a_wrong_key_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANDSTAND_TRANSLATORS", "openai:http://127.0.0.1:1/v1#m")
    monkeypatch.setenv("GRANDSTAND_OPENAI_KEY", "hush")
    monkeypatch.setenv("GRANDSTAND_ASSISTANT", "openai:http://127.0.0.1:1/v1#wise")
    monkeypatch.setenv("GRANDSTAND_ASSISTANT_KEY", "hush")
    code, out, _ = run("doctor", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert code == 1
    assert "FAIL  openai       m at http://127.0.0.1:1/v1: can't be reached" in out
    assert "FAIL  assistant    wise at http://127.0.0.1:1/v1: can't be reached" in out
    assert "ok    phrases" in out
    assert "hush" not in out


def test_faulty_settings_are_told_and_the_machine_looked_at_all_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANDSTAND_DRAIN_S", "soon")
    code, out, _ = run("doctor")
    assert code == 1
    assert out.startswith("FAIL  settings     GRANDSTAND_DRAIN_S: ")
    assert "memory" in out
