"""A room's record goes into a file and comes back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grandstand.commands import import_batches
from grandstand.commands.remote import Remote

from tests.commands.conftest import Run
from tests.server import ServerProcess
from tests.viewer import viewing

Told = tuple[int, str, str]


@pytest.fixture
def command(run: Run, shared_server: ServerProcess) -> Callable[..., Told]:
    return lambda *arguments: run(*arguments, "--url", shared_server.url)


def now(server: ServerProcess, room: str) -> int:
    return int(server.call("GET", f"/v1/rooms/{room}", None, server.producer_token).json["now"])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def put(path: Path, *comments: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in comments), "utf-8")
    return path


async def test_what_viewers_said_comes_back_in_another_room(
    command: Callable[..., Told], shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    one, other = (shared_server.make_room(f"{room[:50]}-{n}") for n in "ab")
    async with viewing(shared_server.url, one, shared_server.token("ann", name="Ann")) as ann:
        for number in range(3):
            await ann.comment(f"word {number}", color=number)
        await ann.comment("晚安", mode="bottom", size="small")
        await ann.seen("晚安")
    first, second = tmp_path / "1.ndjson", tmp_path / "2.ndjson"
    assert command("export", one, "--all", "-o", str(first))[0] == 0
    code, out, err = command("import", other, str(first))
    assert (code, out, err) == (0, "4 imported, 0 known already, 0 refused\n", "")
    assert command("import", other, str(first))[1].startswith("0 imported, 4 known")
    assert command("import", one, str(first))[1].startswith("0 imported, 4 known")
    assert "4 comments" in command("export", other, "--all", "-o", str(second))[2]

    def same(path: Path) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in each.items() if name != "id"} for each in lines(path)
        ]

    assert same(first) == same(second)
    assert [each["name"] for each in same(second)] == ["Ann"] * 4
    assert sorted(os.listdir(tmp_path)) == ["1.ndjson", "2.ndjson"]


def test_bilibilis_xml_finds_its_way_back_too(
    command: Callable[..., Told], shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    one, other = (shared_server.make_room(f"{room[:50]}-{n}") for n in "ab")
    start = now(shared_server, one) - 10_000
    comment = {"user": "ann", "text": "<3 & 晚", "mode": "top", "color": 255, "size": "large"}
    source = put(tmp_path / "s.ndjson", *({**comment, "at": n * 7} for n in range(3)))
    assert command("import", one, str(source), "--at", str(start))[1].startswith("3 imported")
    document = tmp_path / "gala.xml"
    assert "3 comments" in command("export", one, "-o", str(document))[2]
    assert command("import", other, str(document))[1].startswith("3 imported")
    _, out, _ = command("export", other)
    told = [json.loads(line) for line in out.splitlines()]
    assert [each["at"] for each in told] == [start, start + 7, start + 14]
    assert all(each.items() >= comment.items() for each in told)
    # Shifted, it is another evening.
    assert command("import", other, str(document), "--at", str(start + 1))[1].startswith("3 imp")


def test_merged_comments_find_what_stands_for_them_however_the_file_is_portioned(
    command: Callable[..., Told],
    shared_server: ServerProcess,
    room: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_batches, "BATCH_LINES", 3)
    shared_server.make_room(room)
    at = now(shared_server, room) - 1000
    merged = [
        {"id": f"b{n}", "at": at + n, "user": f"u{n}", "text": "yay"}
        | {"shown": False, "merged_into": "a1"}
        for n in range(9)
    ]
    star = {"id": "a1", "at": at + 20, "user": "star", "text": "yay", "count": 10}
    orphan = {"id": "b99", "at": at + 30, "user": "lone", "text": "yay", "merged_into": "zz"}
    source = put(tmp_path / "s.ndjson", *merged, star, orphan)
    assert command("import", room, str(source))[1] == "11 imported, 0 known already, 0 refused\n"
    assert command("import", room, str(source))[1] == "0 imported, 11 known already, 0 refused\n"
    _, out, _ = command("export", room, "--all")
    told = {each["user"]: each for each in map(json.loads, out.splitlines())}
    assert {told[f"u{n}"]["merged_into"] for n in range(9)} == {told["star"]["id"]}
    assert told["star"]["count"] == 10
    assert (told["lone"]["shown"], "merged_into" in told["lone"]) == (False, False)


def test_a_dated_recording_is_shifted_so_that_it_begins_at_the_moment_named(
    command: Callable[..., Told], shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    shared_server.make_room(room)
    start = now(shared_server, room) - 5000
    old = [{"at": 1_600_000_000_000 + n, "user": "ann", "text": f"w{n}"} for n in (0, 40)]
    source = put(tmp_path / "s.ndjson", *old)
    code, out, err = command("import", room, str(source))
    assert (code, out) == (1, "0 imported, 0 known already, 2 refused\n")
    assert f"{source}:1: refused: 1600000000000 is older" in err
    assert "grandstand: none of" in err
    assert command("import", room, str(source), "--at", str(start))[0] == 0
    _, out, _ = command("export", room)
    assert [json.loads(line)["at"] for line in out.splitlines()] == [start, start + 40]


def test_all_comments_of_one_long_line_come_in_and_equal_ones_are_as_many_as_they_are(
    command: Callable[..., Told],
    shared_server: ServerProcess,
    room: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_batches, "BATCH_LINES", 500)
    shared_server.make_room(room)
    start = now(shared_server, room) - 60_000
    elements = [f'<d p="{n % 40},1,25,0,0,0,ann,{n + 1}">word {n % 7}</d>' for n in range(1_300)]
    source = tmp_path / "one-line.xml"
    # One stands there twice with its id, one can't be read.
    source.write_text(f"<i>{''.join([*elements, elements[0]])}<d p='1'>broken</d></i>")
    arguments = ("import", room, str(source), "--at", str(start))
    code, out, err = command(*arguments)
    assert (code, out) == (0, "1300 imported, 1 known already, 0 refused, 1 broken\n")
    assert "one-line.xml:1:" in err
    assert command(*arguments)[1] == "0 imported, 1301 known already, 0 refused, 1 broken\n"
    _, out, _ = command("export", room)
    assert len(out.splitlines()) == 1_300


@pytest.mark.parametrize(
    ("told", "words"), [(-1, "accounts for 2 of the 3"), (1, "for 4 of the 3")]
)
def test_a_sum_that_doesn_t_come_out_is_told(
    command: Callable[..., Told],
    shared_server: ServerProcess,
    room: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: int,
    words: str,
) -> None:
    shared_server.make_room(room)
    at = now(shared_server, room)
    source = put(
        tmp_path / "s.ndjson", *({"at": at, "user": "u", "text": f"{n}"} for n in range(3))
    )
    ask = Remote.ask

    def miscounting(self: Remote, *arguments: Any, **options: Any) -> Any:
        answer = ask(self, *arguments, **options)
        return answer | {"known": answer["known"] + told}

    monkeypatch.setattr(Remote, "ask", miscounting)
    code, _, err = command("import", room, str(source))
    assert code == 1
    assert words in err


def test_files_of_others_come_in_by_their_form(
    command: Callable[..., Told], shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    shared_server.make_room(room)
    start = str(now(shared_server, room) - 60_000)
    source = tmp_path / "chat.json"
    source.write_text(
        '{"comments": [{"content_offset_seconds": 1.5, "commenter": {"display_name": "Ann, B", '
        '"name": "ann, b"}, "message": {"body": "hi", "user_color": "#FF0000"}}]}'
    )
    assert command("import", room, str(source), "--at", start)[1].startswith("1 imported")
    again = command("import", room, str(source), "--at", start, "--format", "twitch")
    assert again[1].startswith("0 imported, 1 known")
    code, _, err = command("import", room, str(source), "--at", start, "--format", "ndjson")
    assert code == 1
    assert "chat.json:1: " in err
    assert "dplayer: " in err
    # The author's comma survives the way through XML.
    document, copy = tmp_path / "out.xml", f"{room[:50]}-copy"
    shared_server.make_room(copy)
    assert command("export", room, "-o", str(document))[0] == 0
    assert command("import", copy, str(document))[1].startswith("1 imported")
    first, second = (json.loads(command("export", each)[1]) for each in (room, copy))
    assert first == second
    assert (second["user"], second["name"]) == ("ann, b", "Ann, B")


def test_a_span_is_exported(
    command: Callable[..., Told], shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    shared_server.make_room(room)
    at = now(shared_server, room) - 1000
    source = put(
        tmp_path / "s.ndjson", *({"at": at + n, "user": "u", "text": "t"} for n in range(5))
    )
    command("import", room, str(source))
    _, out, _ = command("export", room, "--from", str(at + 1), "--to", str(at + 3))
    assert [json.loads(line)["at"] for line in out.splitlines()] == [at + 1, at + 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "{room}", "{file}"), "counts from 0: give its start with --at"),
        (("import", "{room}", "missing"), "missing can't be read"),
        (("import", "nowhere", "{file}", "--at", "0"), "there is no room nowhere"),
        (("export", "nowhere"), "there is no room nowhere"),
        (("export", "{room}", "--from", "soon"), "--from must be"),
        (("export", "{room}", "--from", "5", "--to", "4"), "to: must not lie before"),
        (("export", "{room}", "-o", "/nowhere/at/all"), "/nowhere/at/all can't be written"),
        (("export", "{room}", "--all", "--token", "rubbish"), "--token"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    command: Callable[..., Told],
    shared_server: ServerProcess,
    room: str,
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    shared_server.make_room(room)
    file = put(tmp_path / "s.ndjson", {"at": 1, "user": "u", "text": "t"})
    code, out, err = command(*(each.format(room=room, file=file) for each in arguments))
    assert (code, out) == (1, "")
    assert words in err
    assert err.count("\n") == 1
