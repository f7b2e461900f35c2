from __future__ import annotations

import time

import pytest
from grandstand.domain.utterance import Utterance
from grandstand.edge import appeals as module
from grandstand.edge import refusals
from grandstand.edge.appeals import Appeals
from grandstand.wire.codes import RefusedError
from grandstand.wire.messages import Appeal, HeldComment

from tests.waiting import until

SAID = Utterance("u", "Ada", 1000, "rude")
HELD = HeldComment("c1", 1000, "u", "Ada", "rude", 1.0, ["insult"], "rule rude")


def asked(there: Appeals, appeal: Appeal, user: str = "u") -> Utterance:
    return there.comment_of(appeal, user, lambda told: None).utterance


async def test_what_was_turned_away_is_another_thing_than_a_message_of_that_name() -> None:
    there = Appeals(lambda: 0.0)
    there.turned_away([HELD])
    assert asked(there, Appeal("1", comment="c1")).text == "rude"
    for appeal, user in (
        (Appeal("1", "c1"), "u"),
        (Appeal("1", comment="c2"), "u"),
        (Appeal("1", comment="c1"), "v"),
        (Appeal("1", comment="c1"), ""),
        (Appeal("1", "m", comment="c1"), "u"),
        (Appeal("1"), "u"),
    ):
        with pytest.raises(RefusedError):
            asked(there, appeal, user)


async def test_refused_words_are_forgotten_though_nobody_says_anything_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for place in (module, refusals):
        monkeypatch.setattr(place, "KEPT_MS", 50)
    there = Appeals(lambda: time.monotonic() * 1000)
    there.refused("m", SAID)
    there.turned_away([HELD])
    assert len(there) == 2
    await until(lambda: not there)
