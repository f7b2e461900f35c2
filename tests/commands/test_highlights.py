"""Highlights of a recorded chat, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from grandstand.overlays.reaction import USUAL_MS

from tests.commands.conftest import Run
from tests.overlays.chats import MINUTE_S, Chat, cheer, murmur

BEGINS_S = (12 * MINUTE_S, 20 * MINUTE_S)
CHAT: Chat = [
    *murmur(1, 25 * MINUTE_S),
    *cheer(2, BEGINS_S[0], 150),
    *cheer(3, BEGINS_S[1], 90, ["fall", "oh no, a fall", "摔倒了", "shit", "@anna a fall"]),
]
START = 1_771_250_400_000


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def ndjson(tmp_path: Path) -> Path:
    path = tmp_path / "chat.ndjson"
    lines = (
        {"at": START + each.at, "user": each.user, "text": each.text, "id": f"c{number}"}
        for number, each in enumerate(CHAT)
    )
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def test_moments_are_told_in_their_order_with_what_they_are_about(run: Run, ndjson: Path) -> None:
    code, out, err = run("highlights", str(ndjson))
    assert code == 0
    first, second = rows(out)
    for row, begin_s in zip((first, second), BEGINS_S, strict=True):
        assert abs(row["onset"] + USUAL_MS - START - begin_s * 1000) <= 3000
        assert row["onset"] < row["noticed"] < row["until"]
        assert row["strength"] > 2
        assert len(row["comments"]) == len(row["texts"]) > 0
    assert "Messi" in " ".join(first["words"])
    assert "fall" in second["words"]
    assert not {"shit", "anna"} & {*second["words"]}
    assert err == "2 highlights in 0.4 hours\n"


def test_the_strongest_are_chosen(run: Run, ndjson: Path) -> None:
    _, out, _ = run("highlights", str(ndjson), "--per-hour", "2", "--delay", "0")
    (row,) = rows(out)
    assert abs(row["onset"] - START - BEGINS_S[0] * 1000) <= 3000


def test_what_a_room_would_have_found_can_be_asked_for(run: Run, ndjson: Path) -> None:
    _, out, _ = run("highlights", "--live", str(ndjson))
    assert 1 <= len(rows(out)) <= 2


def test_other_forms_are_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.xml"
    lines = (
        f'<d p="{each.at / 1000},1,25,16777215,0,0,{each.user},{n}">{escape(each.text)}</d>'
        for n, each in enumerate(CHAT)
    )
    path.write_text(f"<i>{''.join(lines)}</i>", "utf-8")
    code, out, _ = run("highlights", str(path))
    assert code == 0
    assert [round((row["onset"] + USUAL_MS) / 10_000) for row in rows(out)] == [72, 120]


def test_a_chat_without_authors_has_highlights_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.ndjson"
    lines = ({"at": each.at, "user": "viewer", "text": "x"} for each in CHAT)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    assert len(rows(run("highlights", str(path))[1])) == 2


def test_a_short_chat_is_told_to_be_too_short(run: Run) -> None:
    line = '{"at": 1, "user": "a", "text": "hello"}\n'
    code, out, err = run("highlights", "-", lines=line)
    assert (code, out) == (0, "")
    assert "too short to say what is usual" in err


def test_errors_are_named(run: Run, tmp_path: Path) -> None:
    code, out, err = run("highlights", str(tmp_path / "nowhere.xml"))
    assert (code, out) == (1, "")
    assert "can't be read" in err
    code, _, err = run("highlights", "-", lines="hello\n")
    assert code == 1
    assert "grandstand" in err
    assert run("highlights", "x", "--per-hour", "0")[0] == 2
    assert run("highlights", "x", "--format", "none")[0] == 2
