"""One line that says why a room is recommended, in the viewer's language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from grandstand.recommendations.board import Pick
from grandstand.recommendations.bulletin import WATCHED

_ENGLISH = {
    "follows": "You follow {thing}",
    "alike": "People who follow {thing} are here",
    "alike_watched": "People who watch {thing} are here too",
    "rising": "More and more people come",
    "watched": "{viewers:,} watching now",
    "highlight": "A highlight has just begun",
    "lesser_known": "Few know of it yet",
}
_CHINESE = {
    "follows": "你关注了{thing}",
    "alike": "关注{thing}的人也在看",
    "alike_watched": "看{thing}的人也在看",
    "rising": "观众越来越多",
    "watched": "{viewers}人在看",
    "highlight": "精彩时刻刚刚开始",
    "lesser_known": "小众赛事，等你发现",
}


def language(lang: str) -> Literal["en", "zh"]:
    """Return in which language reasons are for a viewer who asks for one (BCP 47): Chinese or
    English."""
    return "zh" if lang.lower().partition("-")[0] == "zh" else "en"


def reason(pick: Pick, names: Mapping[str, str], lang: str = "") -> str:
    """Return why a room was picked. ``names`` are those of things; a thing without one is called by
    its id behind the colon."""
    lines = _CHINESE if language(lang) == "zh" else _ENGLISH
    name = names.get(pick.thing) or pick.thing.partition(":")[2] or pick.thing
    is_watched = pick.code == "alike" and pick.thing.startswith(WATCHED)
    line = lines["alike_watched" if is_watched else pick.code]
    return line.format(thing=name, viewers=pick.room.viewers)
