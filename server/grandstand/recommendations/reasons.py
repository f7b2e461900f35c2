"""One line that says why a room is recommended, in the viewer's language. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from grandstand.recommendations.board import Pick

_ENGLISH = {
    "follows": "You follow {thing}",
    "alike": "People who follow {thing} are here",
    "rising": "More and more people come",
    "watched": "{viewers:,} watching now",
    "highlight": "A highlight has just begun",
    "lesser_known": "Few know of it yet",
}
_CHINESE = {
    "follows": "你关注了{thing}",
    "alike": "关注{thing}的人也在看",
    "rising": "观众越来越多",
    "watched": "{viewers}人在看",
    "highlight": "精彩时刻刚刚开始",
    "lesser_known": "小众赛事，等你发现",
}


def reason(pick: Pick, names: Mapping[str, str], lang: str = "") -> str:
    """Return why a room was picked. ``names`` are those of things; a thing without one is called by
    its id behind the colon. In any language (BCP 47) but Chinese the line is English."""
    lines = _CHINESE if lang.lower().partition("-")[0] == "zh" else _ENGLISH
    name = names.get(pick.thing) or pick.thing.partition(":")[2] or pick.thing
    return lines[pick.code].format(thing=name, viewers=pick.room.viewers)
