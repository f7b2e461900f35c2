"""All formats of recorded chats behave alike: what is right is read, what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from grandstand.recordings.line import MAX_TEXT_CHARS, Line
from grandstand.recordings.recording import NAMES, Entry, Reader, known_formats, read

Comment = tuple[float, str, str]
"""Seconds, author and text."""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _listed(each: list[str]) -> str:
    return f"[{','.join(each)}]"


@dataclass(frozen=True)
class Case:
    """How a format is written: a comment, a whole, a part that is none, and one that is counted."""

    name: str
    comment: Callable[[float, str, str], str]
    whole: Callable[[list[str]], str]
    wrong: str
    other: str | None = None
    step_ms: float = 1


def _json(make: Callable[[float, str, str], Any]) -> Callable[[float, str, str], str]:
    return lambda seconds, user, text: json.dumps(make(seconds, user, text))


CASES = [
    Case(
        "ndjson",
        _json(lambda seconds, user, text: {"at": seconds * 1000, "user": user, "text": text}),
        "\n".join,
        '{"at": 1}',
    ),
    Case(
        "ndjson",
        _json(lambda seconds, user, text: {"at": seconds * 1000, "user": user, "text": text}),
        _listed,
        '{"at": 1}',
    ),
    Case(
        "bilibili-xml",
        lambda seconds, user, text: f'<d p="{seconds},1,25,0,0,0,{user},0">{_escaped(text)}</d>',
        lambda each: f"<i>{''.join(each)}</i>",
        '<d p="1">short</d>',
        "<gift/>",
    ),
    Case(
        "bilibili-xml",
        lambda seconds, user, text: (
            f'<d user="{user}" uid="0" p="{seconds},1,25,0,0,0,0,0">{_escaped(text)}</d>'
        ),
        lambda each: f"<i>{''.join(each)}</i>",
        '<sc ts="nan">dear</sc>',
        '<guard ts="1" user="u"></guard>',
    ),
    Case(
        "bilibili-live",
        _json(
            lambda seconds, user, text: {
                "cmd": "DANMU_MSG",
                "info": [[0, 1, 25, 0, seconds * 1000, 0], text, [user, user, 0], []],
            }
        ),
        "\n".join,
        '{"cmd": "DANMU_MSG", "info": [[], "text", []]}',
        '{"cmd": "SEND_GIFT", "data": {}}',
    ),
    Case(
        "niconico-xml",
        lambda seconds, user, text: (
            f'<chat no="" vpos="{round(seconds * 100)}" user_id="{user}">{_escaped(text)}</chat>'
        ),
        lambda each: f"<packet><thread/>{''.join(each)}</packet>",
        "<chat>when</chat>",
        '<chat vpos="1" deleted="1"/>',
        10,
    ),
    Case(
        "niconico-json",
        _json(
            lambda seconds, user, text: {
                "chat": {"vpos": round(seconds * 100), "user_id": user, "content": text}
            }
        ),
        _listed,
        '{"chat": {"content": "when"}}',
        '{"thread": {}}',
        10,
    ),
    Case(
        "niconico-json",
        _json(
            lambda seconds, user, text: {
                "id": "1",
                "vposMs": round(seconds * 1000),
                "body": text,
                "commands": ["184"],
                "userId": user,
            }
        ),
        lambda each: f'{{"data": {{"threads": [{{"id": 1, "comments": {_listed(each)}}}]}}}}',
        '{"vposMs": 1}',
    ),
    Case(
        "twitch",
        _json(
            lambda seconds, user, text: {
                "content_offset_seconds": seconds,
                "commenter": {"display_name": user.upper(), "name": user},
                "message": {"body": text, "fragments": [{"text": "[]}"}], "user_color": None},
            }
        ),
        lambda each: f'{{"video": {{"comments": 7}}, "comments": {_listed(each)}, "more": [[1]]}}',
        '{"content_offset_seconds": 1}',
    ),
    Case(
        "chat-downloader",
        _json(
            lambda seconds, user, text: {
                "time_in_seconds": seconds,
                "author": {"id": user, "name": user},
                "message": text,
            }
        ),
        "\n".join,
        '{"author": {}, "message": "when", "message_id": "1"}',
        '{"author": {}, "message": null, "time_in_seconds": 1}',
    ),
    Case(
        "chat-downloader",
        _json(
            lambda seconds, user, text: {
                "timestamp": seconds * 1e6,
                "author": {"name": user},
                "message": text,
            }
        ),
        _listed,
        '{"author": 1, "timestamp": 2, "message": "who"}',
    ),
    Case(
        "dplayer",
        _json(lambda seconds, user, text: [seconds, 0, 0, user, text]),
        lambda each: f'{{"code": 0, "data": {_listed(each)}}}',
        "[1, 0, 0]",
    ),
    Case(
        "artplayer",
        _json(lambda seconds, user, text: {"time": seconds, "text": text, "user": user}),
        _listed,
        '{"time": "soon", "text": "when"}',
    ),
]
SAID: list[Comment] = [
    (1.5, "ann", "hi"),
    (0.25, "bo", 'a < b & "c" [x] {y}'),
    (1.5, "ann", "hi"),
    (7200, "cy", "前方高能\U0001f600"),
]

each_form = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def written(case: Case, *more: str) -> bytes:
    """The comments in that format, with more between the first and the others."""
    first, *others = (case.comment(*comment) for comment in SAID)
    return case.whole([first, *more, *others]).encode()


def heard(lines: list[tuple[int, Line]]) -> list[Comment]:
    return [(line.at / 1000, line.user, line.text) for _, line in lines]


def test_every_form_has_its_case() -> None:
    assert {case.name for case in CASES} == set(NAMES)
    assert known_formats().count("; ") == len(NAMES) - 1


@each_form
def test_comments_are_read_by_what_the_file_holds(case: Case) -> None:
    found = read(written(case))
    assert found.format == case.name
    assert heard(found.comments) == SAID
    assert found.faults == []
    assert len({number for number, _ in found.comments}) == len(SAID)


@each_form
def test_a_form_can_be_named(case: Case) -> None:
    assert heard(read(written(case), format=case.name).comments) == SAID


@each_form
def test_one_that_is_wrong_hides_no_other(case: Case) -> None:
    found = read(written(case, case.wrong))
    assert heard(found.comments) == SAID
    assert len(found.faults) == 1
    assert len(found.faults[0][1]) > 5


@each_form
def test_what_else_it_holds_is_counted(case: Case) -> None:
    if case.other is None:
        return
    found = read(written(case, case.other, case.other))
    assert heard(found.comments) == SAID
    assert (found.faults, sum(found.others.values())) == ([], 2)


@each_form
@pytest.mark.parametrize("seconds", [-1.0, 1e300, 1e18])
def test_a_moment_that_is_none_costs_one_comment(case: Case, seconds: float) -> None:
    found = read(written(case, case.comment(seconds, "u", "when")))
    assert heard(found.comments) == SAID
    assert len(found.faults) == 1


@each_form
def test_a_text_beyond_all_bounds_costs_one_comment(case: Case) -> None:
    for length in (MAX_TEXT_CHARS + 1, 2_000_000):
        found = read(written(case, case.comment(1, "u", "x" * length)))
        assert heard(found.comments) == SAID
        assert len(found.faults) == 1


@each_form
def test_a_bad_byte_costs_one_comment_at_most(case: Case) -> None:
    bad = case.comment(1, "u", "torn").encode().replace(b"torn", b"t\xe4\xb8rn")
    payload = written(case, "BETWEEN").replace(b"BETWEEN", bad)
    found = read(payload)
    assert heard(found.comments) == SAID
    assert len(found.faults) == 1


@each_form
def test_a_file_that_is_cut_anywhere_keeps_what_stands_before(case: Case) -> None:
    payload = written(case)
    before = 0
    for end in range(len(payload)):
        found = read(payload[:end], format=case.name)
        told = heard(found.comments)
        assert told == SAID[: len(told)]
        assert len(told) >= before
        before = len(told)


@each_form
@pytest.mark.parametrize("size", [1, 7, 64])
def test_it_doesn_t_matter_in_what_pieces_it_comes(case: Case, size: int) -> None:
    payload = written(case, case.wrong)
    reader = Reader()
    entries: list[Entry] = []
    for first in range(0, len(payload), size):
        entries += reader.feed(payload[first : first + size])
    entries += reader.close()
    assert entries == read(payload).lines


@pytest.mark.parametrize(
    ("name", "item", "expected"),
    [
        (
            "twitch",
            '{"comments": [{"content_offset_seconds": 1, "_id": "x-1", "commenter": '
            '{"display_name": "安", "name": "ann"}, "message": {"body": "hi", '
            '"user_color": "#FF7F50"}}]}',
            Line(1000, "ann", "hi", name="安", color=0xFF7F50, id="x-1"),
        ),
        (
            "twitch",
            '{"comments": [{"content_offset_seconds": 1, "commenter": null, '
            '"message": {"body": "hi", "user_color": null}}]}',
            Line(1000, "viewer", "hi"),
        ),
        (
            "dplayer",
            '{"data": [["2.5", 2, "#f00", "u", "hi", "more"]]}',
            Line(2500, "u", "hi", mode="bottom", color=0xFF0000),
        ),
        (
            "dplayer",
            '[[1, "top", 255, null, "hi"]]',
            Line(1000, "viewer", "hi", mode="top", color=255),
        ),
        (
            "artplayer",
            '[{"text": "hi", "time": 1, "mode": 1, "color": "#0000FF", "border": true}]',
            Line(1000, "viewer", "hi", mode="top", color=255),
        ),
        (
            "chat-downloader",
            '[{"message": "hi", "message_id": "m", "time_in_seconds": 1.25, "timestamp": 5, '
            '"author": {"id": "UC1", "name": "Ann"}, "colour": "#00FF00"}]',
            Line(1250, "UC1", "hi", name="Ann", color=0xFF00, id="m"),
        ),
        (
            "niconico-xml",
            '<packet><chat thread="1" no="7" vpos="150" mail="184 shita truered big" '
            'user_id="u">hi</chat></packet>',
            Line(1500, "u", "hi", mode="bottom", color=0xCC0033, size="large", id="1-7"),
        ),
        (
            "niconico-json",
            '{"chat": {"thread": 1, "no": 7, "vpos": 150, "mail": "ue small #123456", '
            '"user_id": "u", "content": "hi"}}',
            Line(1500, "u", "hi", mode="top", color=0x123456, size="small", id="1-7"),
        ),
        (
            "bilibili-live",
            '{"cmd": "DANMU_MSG:4:0:2:2:2:0", "info": [[0, 5, 18, 255, 1700000000123, 9], "hi", '
            '[12, "Ann", 0]]}',
            Line(
                1700000000123, "12", "hi", name="Ann", mode="top", color=255, size="small", id="9"
            ),
        ),
        (
            "bilibili-live",
            '{"cmd": "SUPER_CHAT_MESSAGE", "data": {"id": 3, "uid": 12, "ts": 1700000000, '
            '"message": "hi", "user_info": {"uname": "Ann"}}}',
            Line(1700000000000, "12", "hi", name="Ann", mode="top", color=0xFFD700, id="3"),
        ),
    ],
)
def test_what_a_form_tells_of_a_comment_is_taken_over(name: str, item: str, expected: Line) -> None:
    found = read(item.encode())
    assert (found.format, found.faults) == (name, [])
    assert [line for _, line in found.comments] == [expected]
