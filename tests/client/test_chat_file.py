"""Files of recorded chats."""

from __future__ import annotations

import io
import sys
import tracemalloc
from pathlib import Path

import pytest
from grandstand.client.chat_file import NAMED_MAX, ChatFile, Faults, comments, recorded
from grandstand.errors import OperatorError

GOOD = '{"at": 1, "user": "u", "text": "t"}'


def written(folder: Path, text: str) -> Path:
    path = folder / "chat.ndjson"
    path.write_text(text, "utf-8")
    return path


def test_broken_lines_are_named_and_the_others_read_in_the_order_of_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = GOOD.replace("1", "20")
    path = written(tmp_path, "\n".join([late, *["no"] * (NAMED_MAX + 2), GOOD]))
    assert [line.at for line in recorded(path)] == [1, 20]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"{path}:2: broken: ")
    assert lines[-1] == f"{path}: 2 more broken"
    assert len(lines) == NAMED_MAX + 1


def test_what_else_a_file_holds_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, '<i><d p="1,1,25,0">hi</d><gift/><gift/><d p="1,8,25,0">x</d></i>')
    assert len(recorded(path)) == 1
    told = f"{path}: no comments, and left out: 2 gift elements, 1 scripts (mode 8)\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "has no comments"), ("\nno\n", ":2: "), ("[1", ":#1: "), ("<i></i>", "no comments")],
)
def test_a_file_without_a_comment_is_refused_with_the_forms_that_can_be_read(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(OperatorError, match=words) as refused:
        recorded(written(tmp_path, text))
    assert "twitch: " in str(refused.value)


def test_a_file_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(OperatorError, match=str(path)):
            recorded(path)
    with pytest.raises(OperatorError, match="no format 'csv'"):
        recorded(written(tmp_path, GOOD), "csv")


def test_standard_input_is_a_file_too_and_can_be_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    with ChatFile(Path("-")) as chat:
        for _ in range(2):
            assert len([*comments(chat, Faults())]) == 1


def test_a_large_file_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    path = tmp_path / "chat.xml"
    with path.open("w") as file:
        file.write("<i>")
        for number in range(30_000):
            file.write(f'<d p="{number},1,25,0,0,0,ann,{number}">comment number {number}</d>')
    tracemalloc.start()
    try:
        with ChatFile(path) as chat:
            count = sum(1 for _ in comments(chat, Faults()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert path.stat().st_size > 1_600_000
    assert peak < 900_000
