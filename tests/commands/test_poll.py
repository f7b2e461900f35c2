"""Polls from the command line, in a real server's room."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.server import ServerProcess


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grandstand.commands.poll.LOOK_S", 0.05)


@pytest.fixture
def poll(run: Run, shared_server: ServerProcess, room: str) -> Any:
    """Runs ``grandstand poll …`` in a room of this test's own; answers the poll, or the fault."""
    shared_server.make_room(room)

    def command(*arguments: str) -> Any:
        where = ("--room", room, "--url", shared_server.url, "--json")
        code, out, err = run("poll", *arguments, *where)
        assert (code == 0) == (err == ""), err
        return json.loads(out.splitlines()[-1]) if code == 0 else err

    return command


def test_a_poll_goes_from_open_to_revealed(poll: Any) -> None:
    opened = poll("open", "Who wins?", "Ann", "Bo", "--duration", "60", "--answer", "Bo")
    assert (opened["kind"], opened["status"]) == ("quiz", "open")
    assert opened["closes_at"] - opened["opens_at"] == 60_000
    longer = poll("extend", "30")
    assert longer["closes_at"] - opened["opens_at"] == 90_000
    assert "can't reveal a poll that is open: grandstand poll show" in poll("reveal")
    assert poll("close", "--grace", "0", "--wait")["final"]
    revealed = poll("reveal")
    assert (revealed["status"], revealed["answer"]) == ("revealed", 1)


def test_a_poll_may_open_later(poll: Any, shared_server: ServerProcess, room: str) -> None:
    now = shared_server.call("GET", f"/v1/rooms/{room}").json["now"]
    opened = poll("open", "Who wins?", "Ann", "Bo", "--in", "600", "--duration", "20.5")
    assert 600_000 <= opened["opens_at"] - now < 660_000
    assert opened["closes_at"] - opened["opens_at"] == 20_500


def test_the_answer_may_be_a_place_and_is_marked(
    run: Run, poll: Any, shared_server: ServerProcess, room: str
) -> None:
    quiz = ("poll", "open", "Who?", "Ann", "Bo", "--kind", "quiz", "--answer", "1")
    code, out, _ = run(*quiz, "--room", room, "--url", shared_server.url)
    assert code == 0
    assert [line[:3] for line in out.splitlines()[1:3]] == ["  A", "* B"]
    poll("close", "--grace", "0")
    assert poll("show", "--watch")["final"]
    assert poll("reveal")["answer"] == 1


def test_a_choice_of_several_has_its_number(poll: Any) -> None:
    several = poll("open", "Who?", "A", "B", "C", "--max-choices", "2")
    assert (several["kind"], several["max_choices"]) == ("multiple", 2)
    all_of_them = poll("open", "Who?", "A", "B", "C", "--kind", "multiple")
    assert (all_of_them["kind"], all_of_them["max_choices"]) == ("multiple", 3)


def test_a_rating_has_no_options_and_a_tag_finds_any_poll(poll: Any) -> None:
    rating = poll(
        "open", "How was it?", "--scale", "3", "--tag", "verdict", "--weights", "--by", "tiny"
    )
    assert (rating["weights"], rating["by"]) == (True, "tiny")
    assert (rating["kind"], rating["tag"]) == ("rating", "verdict")
    assert [option["text"] for option in rating["options"]] == ["1", "2", "3"]
    assert len(poll("open", "How was it?", "--kind", "rating")["options"]) == 5
    assert "no kind of poll takes --scale beside options" in poll("open", "?", "A", "--scale", "3")
    assert "options: is for" in poll("open", "How?", "A", "B", "--kind", "rating")
    assert "options: is missing" in poll("open", "Who?")


def test_a_prediction_is_resolved_by_the_text_or_the_place_of_what_came_true(poll: Any) -> None:
    for right in ("Bo", "1"):
        opened = poll("open", "Who will win?", "Ann", "Bo", "--kind", "prediction")
        poll("close", "--grace", "0")
        assert poll("show", "--watch")["final"]
        poll("open", "Meanwhile?", "A", "B")
        assert "the answer must be" in poll("resolve", "Cy")
        assert "has no closed or open poll to resolve" not in poll("resolve", right)
        resolved = poll("show", opened["id"])
        assert (resolved["status"], resolved["answer"]) == ("revealed", 1)
        poll("cancel")
    assert "has no closed or open poll to resolve" in poll("resolve", "Bo")
    assert "its answer is 1" in poll("resolve", "Ann", opened["id"])


def test_a_step_goes_to_the_only_open_poll_or_to_the_one_named(poll: Any) -> None:
    first, second = poll("open", "1?", "A", "B")["id"], poll("open", "2?", "A", "B")["id"]
    for step in (("close",), ("extend", "9"), ("cancel",)):
        refusal = f"2 polls fit, give the id of one: {first} (1?), {second} (2?)"
        assert refusal in poll(*step)
    assert poll("cancel", first)["status"] == "cancelled"
    assert poll("show")["id"] == second
    assert poll("cancel")["id"] == second
    assert "has no open poll" in poll("close")


def test_a_step_that_is_repeated_never_goes_on_to_another_poll(poll: Any) -> None:
    ids = []
    for question in ("1?", "2?"):
        ids.append(poll("open", question, "A", "B", "--show-tally", "revealed")["id"])
        assert poll("close", "--grace", "0", "--wait")["final"]
    assert "has no open poll" in poll("close")
    assert [poll("reveal")["id"], poll("reveal")["id"]] == [ids[1]] * 2
    assert poll("show", ids[0])["status"] == "closed"


def test_a_poll_that_was_closed_says_until_when_late_votes_count(
    run: Run, poll: Any, shared_server: ServerProcess, room: str
) -> None:
    poll("open", "Who?", "A", "B", "--grace", "60")
    code, out, _ = run("poll", "close", "--room", room, "--url", shared_server.url)
    assert (code, "counting late votes until " in out) == (0, True)


def test_what_the_server_refuses_is_one_line(poll: Any) -> None:
    assert "has no poll" in poll("show")
    assert "nothing" in poll("show", "nothing")
    line = poll("open", "Who?", "alone")
    assert line.startswith("grandstand: options: ")
    assert line.count("\n") == 1
    assert "the answer must be" in poll("open", "Who?", "A", "B", "--answer", "C")
    several = ("--max-choices", "2")
    assert "max_choices" in poll("open", "Who?", "A", "B", *several, "--kind", "single")
    assert "no kind of poll takes --answer and --max-choices" in poll(
        "open", "Who?", "A", "B", *several, "--answer", "A"
    )


def test_bars_are_drawn_until_the_result_is_final(
    run: Run, poll: Any, shared_server: ServerProcess, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = poll("open", "Who wins?", "Ann", "小明", "--grace", "0")
    path = f"/v1/rooms/{room}/polls/{opened['id']}/close"
    sleep = time.sleep

    def between_looks(seconds: float) -> None:
        monkeypatch.setattr(time, "sleep", sleep)
        shared_server.call("POST", path, {"grace": 0}, shared_server.producer_token)

    monkeypatch.setattr(time, "sleep", between_looks)
    code, out, _ = run("poll", "show", "--watch", "--room", room, "--url", shared_server.url)
    assert code == 0
    assert "open until" in out.splitlines()[0]
    assert out.count("小明") >= 2
    assert f"[{opened['id']}: closed, final]" in out
