"""What SIGHUP means with a terminal, without one, and under nohup."""

from __future__ import annotations

import os
import signal

import pytest
from grandstand.hangup import Hangup


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The terminals of this process, '/dev/tty' or none; a test may take it away."""
    terminals = {"/dev/tty"}
    open_file = os.open

    def opened(path: str, flags: int) -> int:
        if path not in terminals:
            raise OSError
        return open_file(os.devnull, os.O_RDONLY)

    monkeypatch.setattr("os.open", opened)
    monkeypatch.setattr("signal.getsignal", lambda _: signal.SIG_DFL)  # the tests' own may differ
    return terminals


def test_it_is_real_once_the_terminal_is_gone(terminal: set[str]) -> None:
    hangup = Hangup()
    assert not hangup.is_real
    terminal.clear()
    assert hangup.is_real


def test_it_is_never_real_where_there_was_no_terminal(terminal: set[str]) -> None:
    terminal.clear()
    assert not Hangup().is_real


def test_it_is_never_real_under_nohup(terminal: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.getsignal", lambda _: signal.SIG_IGN)
    hangup = Hangup()
    terminal.clear()
    assert not hangup.is_real
