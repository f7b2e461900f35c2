from __future__ import annotations

from typing import Any

import pytest
from grandstand.domain import effects
from grandstand.domain.effects import Effect, HttpCall, Occurrence, On
from grandstand.domain.polls.record import PollRecord
from grandstand.wire.messages import Cue

CALL = HttpCall("GET", "https://studio.example")


def poll(**fields: Any) -> PollRecord:
    return PollRecord(
        **{
            "id": "p",
            "kind": "single",
            "question": "?",
            "options": ["a", "b", "c"],
            "opens_at": 10,
            "closes_at": 20,
            "grace": 0,
            **fields,
        }
    )


def final(*tally: int, **fields: Any) -> PollRecord:
    ended = {"status": "closed", "final": True, "tally": list(tally), "voters": sum(tally)}
    return poll(**(ended | fields))


def names(happened: list[Occurrence]) -> list[tuple[str, int]]:
    return [(each.event, each.at) for each in happened]


def test_a_poll_opens_at_its_time_closes_when_final_and_is_revealed() -> None:
    assert names([*effects.of_poll(poll(), 5)]) == [("poll.opened", 10)]
    assert names([*effects.of_poll(poll(status="closed"), 25)]) == [("poll.opened", 10)]
    assert names([*effects.of_poll(final(1, 0, 0), 25)]) == [("poll.closed", 25)]
    revealed = final(1, 0, 0, status="revealed")
    assert names([*effects.of_poll(revealed, 30)]) == [("poll.closed", 30), ("poll.revealed", 30)]
    assert [*effects.of_poll(poll(status="cancelled", final=True), 30)] == []


def test_what_was_told_of_a_poll_is_not_told_again() -> None:
    steps = [
        poll(),
        poll(announced=True),
        final(1, 0, 0),
        final(1, 0, 0, tag="x"),
        final(1, 0, 0, status="revealed"),
        final(1, 0, 0, status="revealed", tag="x"),
    ]
    told = [
        [each.event for each in effects.of_poll(after, 30, before)]
        for before, after in zip([None, *steps], steps, strict=False)
    ]
    assert told == [["poll.opened"], [], ["poll.closed"], [], ["poll.revealed"], []]


def test_an_answer_is_told_by_the_reveal_alone() -> None:
    poll = final(3, 1, 0, status="revealed", kind="quiz", answer=2)
    closed, revealed = effects.of_poll(poll, 30)
    assert "answer" not in closed.data | closed.facts
    assert (revealed.data["answer"], revealed.facts["answer"], revealed.winner) == (2, "c", 0)


def test_a_tag_prepares_an_effect_for_polls_to_come() -> None:
    effect = Effect("e", On("poll.closed", tag="song"), [CALL])
    for tag, fires in (("song", 1), ("other", 0), ("", 0)):
        (closed,) = effects.of_poll(final(1, 0, 0, tag=tag), 25)
        assert len([*effects.firings_of("r", [effect], closed)]) == fires


def test_an_open_poll_tells_no_result() -> None:
    (opened,) = effects.of_poll(poll(answer=1), 5)
    assert opened.facts.keys() == {"question", "poll", "options.0", "options.1", "options.2"}
    assert opened.data.keys() == {"poll", "kind", "question", "options"}


@pytest.mark.parametrize(
    ("tally", "winner", "text", "share"),
    [
        ([1, 2, 0], 1, "b", "67"),
        ([2, 2, 1], "tie", "a, b", "40"),
        ([0, 0, 0], None, "", "0"),
    ],
)
def test_who_won(tally: list[int], winner: object, text: str, share: str) -> None:
    (closed,) = effects.of_poll(final(*tally), 25)
    assert (closed.winner, closed.facts["winner"]) == (winner, text)
    assert closed.facts["winner.percent"] == share
    assert closed.facts["options.2.votes"] == str(tally[2])


def test_an_id_is_made_of_what_it_is_about_and_of_nothing_else() -> None:
    effect = Effect("e", On("poll.closed"), [CALL, CALL])
    (early,) = effects.of_poll(final(1, 0, 0), 25)
    (late,) = effects.of_poll(final(1, 0, 0), 99)
    first = [each.id for each in effects.firings_of("r", [effect], early)]
    again = [each.id for each in effects.firings_of("r", [effect], late)]
    assert first == again
    others = [
        *effects.firings_of("s", [effect], early),
        *effects.firings_of("r", [Effect("f", On("poll.closed"), [CALL])], early),
    ]
    assert len({*first, *(each.id for each in others)}) == 5


def test_a_cues_data_can_be_named_some_levels_deep() -> None:
    told = effects.of_cue(Cue("c", "goal", 5, {"by": "A", "at": [1, {"x": None}], "far": 1.5}))
    assert told.facts == {
        "cue.name": "goal",
        "cue.data.by": "A",
        "cue.data.at.0": "1",
        "cue.data.at.1.x": "",
        "cue.data.far": "1.5",
    }
    deep: Any = "x"
    for _ in range(30):
        deep = {"a": deep}
    assert effects.of_cue(Cue("c", "goal", 5, deep)).facts == {"cue.name": "goal"}


def test_a_test_has_data_of_what_the_effect_waits_for() -> None:
    assert effects.made_up("cue", "t", 5).facts["cue.name"] == "test"
    assert effects.made_up("poll.opened", "t", 5).facts["winner"] == "Yes"
    assert effects.made_up("highlight", "t", 5).facts["highlight.words"] == "test"
