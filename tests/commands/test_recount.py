"""A poll's votes put into a file, and recounted from it by who has nothing else."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.server import ServerProcess
from tests.viewer import viewing

DOCUMENT = Path(__file__).parents[2] / "docs" / "polls.md"


@pytest.fixture
def file(run: Run, shared_server: ServerProcess, room: str, tmp_path: Path) -> Path:
    """What ``poll votes`` prints of a poll in which two have voted."""
    server = shared_server
    server.make_room(room, guests="vote")
    where = ("--room", room, "--url", server.url)
    opened = json.loads(run("poll", "open", "Who?", "Ann", "Bo", *where, "--json")[1])["id"]

    async def vote() -> None:
        for sub, option in (("ann", 0), ("bo", 1)):
            async with viewing(server.url, room, server.token(sub)) as viewer:
                await viewer.knows(opened)
                assert (await viewer.vote(opened, option))["type"] == "ack"

    asyncio.run(vote())
    assert "no final result" in run("poll", "votes", opened, *where)[2]
    run("poll", "close", "--grace", "0", *where)
    assert run("poll", "show", "--watch", *where)[0] == 0
    code, out, err = run("poll", "votes", *where)
    assert (code, err) == (0, "")
    written = tmp_path / "votes.ndjson"
    written.write_text(out)
    return written


def test_a_poll_is_recounted_from_its_file_alone(
    run: Run, file: Path, shared_server: ServerProcess, room: str, tmp_path: Path
) -> None:
    head, *votes = file.read_text().splitlines()
    assert (json.loads(head)["room"], len(votes)) == (room, 2)
    code, out, err = run("poll", "verify", str(file))
    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == ["Who?", "  1  Ann", "  1  Bo"]
    assert "2 votes, recounted: [1, 1], as published" in out
    assert "compare it with the broadcaster's /v1/keys" in out
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(json.loads(head)["keys"]))
    code, out, _ = run("poll", "verify", str(file), "--keys", str(keys))
    assert (code, "brought that key itself" in out) == (0, False)
    code, out, _ = run("poll", "verify", str(file), "--json")
    found = json.loads(out)
    assert (code, found["ok"], found["faults"], found["tally"]) == (0, True, [], [1, 1])
    assert (found["question"], found["options"]) == ("Who?", ["Ann", "Bo"])
    assert found["key"] == json.loads(head)["poll"]["audit"]["key"]
    swapped = tmp_path / "swapped.ndjson"  # labels aren't signed, so it is for people to see
    swapped.write_text(file.read_text().replace("Ann", "Cy\\u001b[2J"))
    code, out, _ = run("poll", "verify", str(swapped))
    assert (code, out.splitlines()[1]) == (0, "  1  Cy[2J")
    assert "aren't signed: compare them with what was on air" in out

    by_hand = re.findall(r"```python\n(.+?)```", DOCUMENT.read_text(), re.DOTALL)
    script = tmp_path / "by_hand.py"
    script.write_text(by_hand[0])
    told = subprocess.run([sys.executable, script, file], capture_output=True, text=True).stdout
    assert [line.split()[1] for line in told.splitlines()] == ["True"] * 3

    changed = file.read_text().replace('"choices":[0]', '"choices":[1]')
    file.write_text(changed)
    code, out, err = run("poll", "verify", str(file))
    assert (code, err) == (1, "")
    assert "NOT as published" in out
    assert "the votes add up to [0, 2], and the result is [1, 1]" in out
    code, out, _ = run("poll", "verify", str(file), "--json")
    assert (code, json.loads(out)["ok"], len(json.loads(out)["faults"])) == (1, False, 2)

    opened = ("poll", "open", "Who?", "A", "B", "--audit", "none", "--room", room)
    server = ("--url", shared_server.url)
    other = json.loads(run(*opened, *server, "--json")[1])["id"]
    code, _, err = run("poll", "votes", other, "--room", room, *server)
    assert (code, "was opened without an audit" in err) == (1, True)


@pytest.mark.parametrize("content", [b"", b"{}", b"# Read me\n", b"\x89PNG\r\n\x1a\n\x00\xff"])
def test_what_is_no_file_of_votes_is_no_fraud(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    for more in ((), ("--json",)):
        code, out, err = run("poll", "verify", str(file), *more)
        assert (code, out) == (2, "")
        assert f"{file} isn't a file of votes (" in err
        assert "make one with grandstand poll votes" in err


def test_a_line_that_is_no_vote_is_named(run: Run, tmp_path: Path) -> None:
    poll: dict[str, Any] = {
        "id": "p",
        "kind": "single",
        "question": "?",
        "options": [{"text": "A"}],
    }
    poll |= {"status": "closed", "opens_at": 1, "closes_at": 2, "grace": 0}
    head = {"room": "r", "poll": {**poll, "change": False, "final": True}, "keys": {"keys": []}}
    good = {"voter": "0" * 32, "choices": [0]}
    for odd in ({"voter": "0" * 31, "choices": [0]}, {"voter": "0" * 32}, {**good, "weight": -1}):
        file = tmp_path / "odd"
        file.write_text("\n".join(map(json.dumps, (head, good, odd))))
        code, out, _ = run("poll", "verify", str(file), "--json")
        (fault,) = json.loads(out)["faults"]
        assert (code, fault.startswith("line 3 isn't a vote: ")) == (1, True)


def test_a_file_that_is_not_there_is_an_error_of_the_operator(run: Run, tmp_path: Path) -> None:
    code, out, err = run("poll", "verify", str(tmp_path / "nowhere"))
    assert (code, out) == (2, "")
    assert "can't be read: No such file" in err
    odd = tmp_path / "odd"
    odd.write_text("{}")
    code, _, err = run("poll", "verify", str(odd), "--keys", str(odd))
    assert (code, "isn't what /v1/keys answers" in err) == (2, True)
