"""Commands that end by themselves, run in this process."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable

import pytest
from grandstand import cli

from tests.server import SECRET

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: exit code, standard output, standard error."""
    for name in [name for name in os.environ if name.startswith("GRANDSTAND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GRANDSTAND_JWT_SECRET", SECRET)

    def command(*arguments: str, lines: str | bytes = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["grandstand", *arguments])
        given = lines.encode() if isinstance(lines, str) else lines
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8"))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return command
