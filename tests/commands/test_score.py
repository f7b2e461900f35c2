"""Comments judged from the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from grandstand.commands.score import LINE_CHARS_MAX

from tests.commands.conftest import Run
from tests.moderation.installation import install, shipped, thresholds
from tests.moderation.nasties import NASTIES
from tests.waiting import PATIENCE_S

COMMAND = [sys.executable, "-m", "grandstand", "score"]
MEASURED = """
import sys
from grandstand.cli import main
try:
    main()
finally:
    status = open("/proc/self/status").read()
    sys.stderr.write(next(line for line in status.splitlines() if line.startswith("VmHWM")))
"""
"""The command, telling the most memory that it had, in KiB, on standard error."""

CATEGORIES = set(shipped().categories)


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if "GRANDSTAND" not in name}
    return {**ours, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_lines_are_judged_in_order_and_each_gives_one(run: Run) -> None:
    code, out, _ = run("score", lines="what a lovely night\n\n \t \nshut up you idiot\n加油")
    assert code == 0
    judged = rows(out)
    assert [row["text"] for row in judged] == [
        "what a lovely night",
        "",
        "",
        "shut up you idiot",
        "加油",
    ]
    assert [row["verdict"] for row in judged] == ["show", "show", "show", "reject", "show"]
    assert [row["weight"] for row in judged[1:3]] == [0, 0]
    assert judged[3]["category"] == "insult"
    assert judged[3]["reason"]
    assert judged[4]["language"] == "zh"
    for row in judged:
        assert set(row["categories"]) == CATEGORIES
        assert all(0 <= value <= 1 for value in row["categories"].values())
        assert 0 <= row["weight"] <= 10
        assert -1 <= row["mood"] <= 1
        assert 0 <= row["excitement"] <= 1
        assert "because" not in row


def test_the_readme_shows_what_the_command_says(run: Run) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    example = re.search(r"^\$ echo '(.+)' \| \S+ score\n(.+)$", readme, re.MULTILINE)
    assert example is not None
    _, out, _ = run("score", lines=example[1])
    (said,), (shown,) = rows(out), rows(example[2])
    assert said.pop("categories") == pytest.approx(shown.pop("categories"), abs=0.01)
    figures = ("mood", "excitement", "weight")
    assert [said.pop(each) for each in figures] == pytest.approx(
        [shown.pop(each) for each in figures], abs=0.1
    )
    assert said == shown


def test_a_score_can_be_explained(run: Run) -> None:
    _, out, _ = run("score", "--explain", lines="shut up you idiot\n\n")
    judged, blank = rows(out)
    assert ["insult", "you idiot"] in judged["rules"]
    assert judged["skeleton"] == "shut up you idiot"
    assert "idiot" in [each["span"] for each in judged["because"]]
    assert all(each["category"] == "insult" for each in judged["because"])
    assert all(each["lowers_by"] > 0 for each in judged["because"])
    assert blank["rules"] == blank["because"] == []


def test_the_level_decides(run: Run) -> None:
    for level, verdict in ((0, "show"), (2, "hold"), (4, "reject")):
        _, out, _ = run("score", "--level", str(level), lines="titties\n")
        assert rows(out)[0]["verdict"] == verdict
    assert run("score", "--level", "5")[0] == 2


def test_thresholds_are_those_of_the_model_that_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANDSTAND_MODEL", str(install(tmp_path, thresholds=thresholds(0, 0))))
    _, out, _ = run("score", lines="what a lovely night\n")
    assert rows(out)[0]["verdict"] == "reject"


def test_a_broken_model_is_told_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = install(tmp_path)
    path.write_bytes(b"no model")
    monkeypatch.setenv("GRANDSTAND_MODEL", str(path))
    code, out, err = run("score", lines="hello\n")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "model.onnx: is not the file" in err


def test_a_file_is_read_beyond_one_batch(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "comments.txt"
    path.write_text("".join(f"line {number}\n" for number in range(20_000)), "utf-8")
    _, out, _ = run("score", str(path))
    assert [row["text"] for row in rows(out)] == [f"line {number}" for number in range(20_000)]


def test_standard_input_may_be_called_by_a_dash(run: Run) -> None:
    _, out, _ = run("score", "-", lines="hello\n")
    assert rows(out)[0]["text"] == "hello"


def test_nothing_gives_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert run("score", str(tmp_path / "empty")) == (0, "", "")
    assert run("score") == (0, "", "")


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
def test_a_file_that_can_t_be_read_is_named(run: Run, tmp_path: Path, name: str) -> None:
    code, out, err = run("score", str(tmp_path / name))
    assert (code, out) == (1, "")
    assert err.startswith(f"grandstand: {tmp_path / name} can't be read: ")


def test_what_is_not_utf_8_is_replaced_and_the_rest_goes_on(run: Run) -> None:
    given = b"\xff\xfehello\n\xe5\x8a\n\xef\xbb\xbfbom\r\n\x00\xed\xa0\x80\nlast"
    code, out, _ = run("score", lines=given)
    assert code == 0
    texts = [row["text"] for row in rows(out)]
    assert texts == ["\ufffd\ufffdhello", "\ufffd", "bom", "\ufffd\ufffd\ufffd", "last"]


def test_of_a_line_of_ten_megabytes_the_beginning_is_read(run: Run) -> None:
    given = b"a" * 10_000_000 + b"\n" + "好".encode() * 3_000_000 + b"\nafter\n"
    code, out, _ = run("score", "--explain", lines=given)
    assert code == 0
    first, second, after = rows(out)
    assert first["text"] == "a" * LINE_CHARS_MAX
    assert second["text"] == "好" * LINE_CHARS_MAX
    assert after["text"] == "after"


def test_whatever_stands_in_a_file_gives_a_line_for_each(run: Run, tmp_path: Path) -> None:
    lines = [text.replace("\n", " ").encode("utf-8", "surrogatepass") for text in NASTIES.values()]
    path = tmp_path / "nasties"
    path.write_bytes(b"\n".join(lines) + b"\n" + os.urandom(100_000))
    code, out, err = run("score", "--level", "4", str(path))
    assert (code, err) == (0, "")
    assert len(rows(out)) >= len(lines)


def test_a_reader_that_has_enough_ends_it_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_text("what a night\n" * 200_000)
    began = subprocess.Popen(
        [*COMMAND, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert began.stdout is not None
    assert json.loads(began.stdout.readline())["text"] == "what a night"
    began.stdout.close()
    assert began.stderr is not None
    assert began.stderr.read() == b""
    began.stderr.close()
    assert began.wait(PATIENCE_S) != 0


def test_lines_are_answered_as_they_come_and_ctrl_c_ends_it_without_a_word() -> None:
    began = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert began.stdin is not None
    assert began.stdout is not None
    for text in ("one", "two"):
        began.stdin.write(f"{text}\n".encode())
        began.stdin.flush()
        assert json.loads(began.stdout.readline())["text"] == text
    began.send_signal(signal.SIGINT)
    _, err = began.communicate(timeout=PATIENCE_S)
    assert err == b""
    assert began.returncode == 130


def peak_kib(lines: int, folder: Path) -> int:
    """The most memory that judging so many distinct lines takes."""
    path = folder / f"{lines} lines"
    with path.open("w") as file:
        file.writelines(f"message {number} of many\n" for number in range(lines))
    with (folder / "out").open("wb") as out:
        ended = subprocess.run(
            [sys.executable, "-c", MEASURED, "score", str(path)],
            stdout=out,
            stderr=subprocess.PIPE,
            env=environment(),
            check=True,
        )
    with (folder / "out").open("rb") as out:
        assert sum(1 for _ in out) == lines
    return int(ended.stderr.split()[1])


def test_a_stream_takes_no_more_memory_the_longer_it_is(tmp_path: Path) -> None:
    assert peak_kib(50_000, tmp_path) < peak_kib(10_000, tmp_path) + 10_000
