from __future__ import annotations

import json
from typing import get_args

import msgspec
import pytest
from grandstand.wire.codes import WITH_RETRY_AFTER, ErrorCode
from grandstand.wire.messages import (
    Ack,
    Bye,
    ClientMessage,
    Comment,
    Error,
    Frame,
    HeldComment,
    Notice,
    Option,
    Poll,
    ServerMessage,
    TellTime,
    Viewer,
    Welcome,
)
from grandstand.wire.settings import Settings

ADA = Comment("a1", 1, "u", "Ada", "hi", 1.0)


def told(message: object) -> object:
    return json.loads(msgspec.json.encode(message))


def types(messages: object) -> set[object]:
    return {kind.__struct_config__.tag for kind in get_args(messages)}


def test_the_types_are_those_of_the_contract() -> None:
    assert types(ClientMessage) == {"hello", "comment", "vote", "follow", "lang", "appeal", "time"}
    assert types(ServerMessage) == {"welcome", "frame", "ack", "error", "time", "notice", "bye"}


def test_what_a_comment_has_by_default_is_left_out() -> None:
    plain = {"id": "a1", "at": 1, "user": "u", "name": "Ada", "text": "hi", "weight": 1.0}
    assert told(ADA) == plain
    dressed = Comment("a1", 1, "u", "Ada", "hi", 1.0, 3, mode="top", color=0, size="large")
    more = {"mode": "top", "color": 0, "size": "large", "count": 3}
    assert told(dressed) == plain | more


def test_a_poll_always_says_what_the_contract_promises() -> None:
    poll = Poll("p", "single", "?", [Option("a"), Option("b")], "open", 1, 2, 3, False, False)
    assert told(poll) == {
        "id": "p",
        "kind": "single",
        "question": "?",
        "options": [{"text": "a"}, {"text": "b"}],
        "status": "open",
        "opens_at": 1,
        "closes_at": 2,
        "grace": 3,
        "change": False,
        "final": False,
    }


def test_a_welcome_has_all_of_its_fields_also_when_they_are_empty() -> None:
    welcome = Welcome(
        "r", "e", 0, 1, Viewer("viewer"), Settings(), [], [], [], [], 0, False, "fsync"
    )
    assert told(welcome) == {
        "type": "welcome",
        "room": "r",
        "epoch": "e",
        "offset": 0,
        "now": 1,
        "viewer": {"role": "viewer"},
        "settings": told(Settings()),
        "polls": [],
        "overlays": [],
        "cues": [],
        "recent": [],
        "viewers": 0,
        "recovered": False,
        "durability": "fsync",
    }


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        (Frame(now=1), {"type": "frame", "now": 1}),
        (Frame(now=1, head=7), {"type": "frame", "now": 1, "head": 7}),
        (Ack("1"), {"type": "ack", "id": "1", "status": "accepted"}),
        (
            Ack("1", "held", "a1"),
            {"type": "ack", "id": "1", "status": "held", "comment": "a1"},
        ),
        (
            Error(ErrorCode.RATE_LIMITED, "wait", "1", 1.5),
            {
                "type": "error",
                "id": "1",
                "code": "rate_limited",
                "message": "wait",
                "retry_after": 1.5,
            },
        ),
        (TellTime("1", 2.5, 3), {"type": "time", "id": "1", "sent": 2.5, "now": 3}),
        (Notice("restored", "x"), {"type": "notice", "code": "restored", "message": "x"}),
        (
            Bye(1012, "restart", True, 250),
            {"type": "bye", "code": 1012, "reason": "restart", "reconnect": True, "after": 250},
        ),
    ],
)
def test_messages_say_what_they_have_and_nothing_else(message: object, plain: object) -> None:
    assert told(message) == plain


def test_a_held_comment_says_why() -> None:
    held = HeldComment("a1", 1, "u", "Ada", "hi", 1.0, ["spam"], "a link")
    assert msgspec.json.decode(msgspec.json.encode(held), type=HeldComment) == held


def test_the_codes_that_ask_to_wait_are_the_contracts() -> None:
    assert {str(code) for code in WITH_RETRY_AFTER} == {
        *("rate_limited", "muted", "overloaded", "unavailable")
    }


@pytest.mark.parametrize("stream", ["", "/stream/live.m3u8", "https://cdn.example/a.m3u8?b=c"])
def test_a_stream_is_an_address_or_a_path(stream: str) -> None:
    assert msgspec.convert({"stream": stream}, Settings).stream == stream


@pytest.mark.parametrize(
    "stream",
    [
        *("live.m3u8", "javascript:alert(1)", "ftp://cdn.example/a", "https://", "/a b", "/\n"),
        *("//evil.example/a.m3u8", "/\\evil.example/a.m3u8", "\\\\evil.example", "/ a", "/a\n"),
    ],
)
def test_a_stream_is_nothing_else(stream: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="stream"):
        msgspec.convert({"stream": stream}, Settings)
