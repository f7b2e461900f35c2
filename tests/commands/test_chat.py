"""Files of recorded chats, and moments in them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from grandstand.commands.chat import NAMED_MAX, is_dated, moment, recorded
from grandstand.faults import OperatorError

GOOD = '{"at": 1, "user": "u", "text": "t"}'


def written(folder: Path, text: str) -> Path:
    path = folder / "chat.ndjson"
    path.write_text(text, "utf-8")
    return path


def test_broken_lines_are_named_and_the_others_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "\n".join([GOOD, *["no"] * (NAMED_MAX + 2), GOOD]))
    assert len(recorded(path).comments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"{path}:2: broken: ")
    assert lines[-1] == f"{path}: 2 more broken"
    assert len(lines) == NAMED_MAX + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "has no comments"), ("\nno\n", ":2: "), ("[1", "no list"), ("<i></i>", "no comments")],
)
def test_a_file_without_a_good_line_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        recorded(written(tmp_path, text))


def test_a_file_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(OperatorError, match=str(path)):
            recorded(path)


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert len(recorded(Path("-")).comments) == 1


def test_times_from_a_start_are_told_from_dates(tmp_path: Path) -> None:
    assert not is_dated(recorded(written(tmp_path, GOOD)))
    dated = GOOD.replace("1,", "1771243200000,")
    assert is_dated(recorded(written(tmp_path, dated)))


def test_a_moment_is_a_number_or_a_date() -> None:
    assert moment("1771243200000", "--at") == 1771243200000
    assert moment("2026-02-16T20:00:00+08:00", "--at") == 1771243200000
    assert moment("2026-02-16T12:00:00.5Z", "--at") == 1771243200500


@pytest.mark.parametrize("text", ["soon", "", "-5", "1e9", "20:00", "9" * 16, "9999-99-99"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="--at"):
        moment(text, "--at")
