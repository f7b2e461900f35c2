"""A file that an operator names for a command to read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from grandstand.commands.input_file import read_text
from grandstand.errors import OperatorError

MARK = b"\xef\xbb\xbf"


def read(content: bytes, is_stdin: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if is_stdin:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
        return read_text("-")
    file = folder / "given"
    file.write_bytes(content)
    return read_text(str(file))


@pytest.mark.parametrize("is_stdin", [False, True])
def test_a_text_is_read_without_its_mark(
    is_stdin: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in ("投票\n".encode(), MARK + "投票\n".encode()):
        assert read(content, is_stdin, tmp_path, monkeypatch) == "投票\n"


@pytest.mark.parametrize("is_stdin", [False, True])
def test_what_is_not_utf_8_is_named(
    is_stdin: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OperatorError, match=r"(-|given) isn't UTF-8"):
        read(b"\xff\n", is_stdin, tmp_path, monkeypatch)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"nothing can't be read: No such file"):
        read_text(str(tmp_path / "nothing"))
