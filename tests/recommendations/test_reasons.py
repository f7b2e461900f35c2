"""The line that says why."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from grandstand.recommendations import reasons
from grandstand.recommendations.board import LiveRoom, Pick
from grandstand.recommendations.reasons import reason

ROOM = LiveRoom("r", 1000)


@pytest.mark.parametrize(
    ("pick", "english", "chinese"),
    [
        (Pick(ROOM, "follows", "team:sweden"), "You follow Sweden", "你关注了Sweden"),
        (Pick(ROOM, "alike", "luge"), "People who follow luge are here", "关注luge的人也在看"),
        (Pick(ROOM, "alike", "x:y:z"), "People who follow y:z are here", "关注y:z的人也在看"),
        (Pick(ROOM, "alike", "room:r"), "People who watch r are here too", "看r的人也在看"),
        (Pick(ROOM, "watched"), "1,000 watching now", "1000人在看"),
        (Pick(LiveRoom("r", rise=2), "rising"), "More and more people come", "观众越来越多"),
        (Pick(ROOM, "highlight"), "A highlight has just begun", "精彩时刻刚刚开始"),
        (Pick(ROOM, "lesser_known"), "Few know of it yet", "小众赛事，等你发现"),
    ],
)
def test_the_line_is_in_the_viewers_language(pick: Pick, english: str, chinese: str) -> None:
    names = {"team:sweden": "Sweden"}
    for lang in ("", "en", "en-GB", "fi"):
        assert reason(pick, names, lang) == english
    for lang in ("zh", "zh-Hans-CN", "ZH"):
        assert reason(pick, names, lang) == chinese


def test_a_name_may_hold_anything() -> None:
    assert reason(Pick(ROOM, "follows", "a"), {"a": "{thing} {0}"}) == "You follow {thing} {0}"


def test_every_line_is_there_in_every_language_of_the_pages() -> None:
    listed = Path(__file__).parents[2] / "client_demo/languages/languages.js"
    languages = set(re.findall(r"^  ([a-z]{2}): ", listed.read_text("utf-8"), re.MULTILINE))
    assert len(languages) == 12
    for said, lines in reasons._LINES.items():
        assert lines.keys() == languages, said
        for line in lines.values():
            fields = {field for _, field, _, _ in Formatter().parse(line) if field}
            needed = {"watched": {"viewers"}, "rising": set(), "highlight": set()}
            assert fields == needed.get(said, set() if said == "lesser_known" else {"thing"})
