from __future__ import annotations

import msgspec
from grandstand.domain.events import CommentEvent, Retracted
from grandstand.domain.outcome import Refusal, Refused
from grandstand.sequencer.folding import Tick
from grandstand.sequencer.poison import put_aside

SAID = CommentEvent("u", "N", 1000, "text", 5.0, 0.0, 0.0, 1)


def test_a_comment_is_recorded_as_not_shown() -> None:
    tick = Tick()
    put_aside(tick, "a1", SAID)
    assert [(row.id, row.text, row.shown) for row in tick.rows] == [("a1", "text", False)]
    assert not tick.frames


def test_the_author_of_one_that_was_to_be_held_is_told() -> None:
    tick = Tick()
    held = msgspec.structs.replace(SAID, held=True)
    put_aside(tick, "a1", held)
    ((user, notice),) = tick.private.notices
    assert (user, notice.code, notice.comment) == ("u", "rejected", "a1")
    assert not tick.rows


def test_who_gave_a_control_event_is_told_that_it_failed() -> None:
    tick = Tick()
    put_aside(tick, "", Retracted("e1", "a1", "u"))
    (outcome,) = tick.outcomes
    assert isinstance(outcome.result, Refused)
    assert (outcome.event, outcome.result.code) == ("e1", Refusal.INTERNAL_ERROR)
