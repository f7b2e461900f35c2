"""The table of commands: each is explained, and each way of ending has its exit code."""

from __future__ import annotations

import sys

import pytest
from grandstand import __version__, cli


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["grandstand", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0), capsys.readouterr().out


def test_the_version_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ended(monkeypatch, capsys, "--version")
    assert told == (0, f"grandstand {__version__}\n")


NAMES = [(name,) for name in cli.COMMANDS] + [
    (group, str(command.name or getattr(command.callback, "__name__", "")))
    for group, commands in cli.GROUPS.items()
    for command in commands.registered_commands
]


@pytest.mark.parametrize("command", NAMES, ids=" ".join)
def test_every_command_is_explained_with_an_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    code, out = ended(monkeypatch, capsys, *command, "--help")
    assert code == 0
    assert "Example" in out
