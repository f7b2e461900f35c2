from __future__ import annotations

import json
import math
import re
from typing import Any

import msgpack
import pytest
from grandstand.wire.codec import BadMessageError, Codec, decode, decode_frame, encode
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import (
    Ack,
    Appeal,
    AskTime,
    Comment,
    Follow,
    Frame,
    Hello,
    PostComment,
    Resume,
    SetLang,
    Vote,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

CODECS: tuple[Codec, ...] = ("msgpack", "json")
both = pytest.mark.parametrize("codec", CODECS)


def packed(message: Any, codec: Codec) -> bytes:
    if codec == "json":
        return json.dumps(message).encode()
    payload: bytes = msgpack.packb(message, unicode_errors="surrogatepass")
    return payload


def fault(payload: bytes, codec: Codec) -> BadMessageError:
    with pytest.raises(BadMessageError) as raised:
        decode(payload, codec)
    assert raised.value.code is ErrorCode.BAD_MESSAGE
    return raised.value


@both
@pytest.mark.parametrize(
    ("message", "typed"),
    [
        ({"type": "hello"}, Hello()),
        (
            {"type": "hello", "token": "t", "resume": {"epoch": "e", "offset": 3}, "new": [1]},
            Hello(token="t", resume=Resume("e", 3)),
        ),
        ({"type": "comment", "id": "1", "text": ""}, PostComment("1", "")),
        (
            {"type": "comment", "id": "x" * 36, "text": "é", "color": 0xFFFFFF, "mode": "top"},
            PostComment("x" * 36, "é", color=0xFFFFFF, mode="top"),
        ),
        ({"type": "vote", "id": "1", "poll": "p", "choices": [10, 2]}, Vote("1", "p", [10, 2])),
        ({"type": "follow", "id": "1", "topics": []}, Follow("1", [])),
        ({"type": "lang", "id": "1", "lang": "es"}, SetLang("1", "es")),
        ({"type": "appeal", "id": "1", "message": "m"}, Appeal("1", "m")),
        ({"type": "time", "id": "1", "sent": -1.5}, AskTime("1", -1.5)),
        (
            {"type": "time", "id": "1", "sent": 1, "at": 5, "sync": 0, "patience": 900},
            AskTime("1", 1, 5, 0, 900),
        ),
    ],
)
def test_what_clients_send_is_read_alike_in_both_codecs(
    message: dict[str, Any], typed: object, codec: Codec
) -> None:
    assert decode(packed(message, codec), codec) == typed


@both
@pytest.mark.parametrize(
    ("message", "told", "message_id", "kind"),
    [
        # decoding comes first, then the type, then what the type asks for
        ([1], "a map with a string `type`", None, None),
        ("hello", "a map with a string `type`", None, None),
        ({}, "`type` must be one of: hello, comment, vote, follow, lang, appeal, time", None, None),
        ({"type": 7, "id": "1"}, "`type` must be one of", "1", None),
        ({"type": "shout", "id": "1", "text": 5}, "`type` must be one of", "1", None),
        ({"type": "comment", "text": 5}, "comment: ", None, "comment"),
        ({"type": "comment", "id": "1", "text": 5}, r"\$\.text", "1", "comment"),
        ({"type": "comment", "id": "1"}, "`text`", "1", "comment"),
        ({"type": "comment", "id": "", "text": "x"}, "`id` must be 1 to 36", None, "comment"),
        ({"type": "comment", "id": "x" * 37, "text": 1}, "1 to 36", "x" * 37, "comment"),
        ({"type": "vote", "id": "x" * 3000}, "1 to 36", "x" * 3000, "vote"),
        ({"type": "comment", "id": "\ud800", "text": "x"}, "`id` must be", None, "comment"),
        ({"type": "comment", "id": 5, "text": "x"}, r"\$\.id", None, "comment"),
        (
            {"type": "comment", "id": "1", "text": "x", "color": 1 << 24},
            r"\$\.color",
            "1",
            "comment",
        ),
        ({"type": "comment", "id": "1", "text": "x", "mode": "up"}, r"\$\.mode", "1", "comment"),
        ({"type": "comment", "id": "1", "text": "x", "at": -1}, r"\$\.at", "1", "comment"),
        ({"type": "comment", "id": "1", "text": "x", "at": 2**53}, r"\$\.at", "1", "comment"),
        ({"type": "vote", "id": "1", "poll": "p", "choices": []}, r"\$\.choices", "1", "vote"),
        ({"type": "vote", "id": "1", "poll": "p", "choices": [-1]}, r"\$\.choices", "1", "vote"),
        ({"type": "vote", "id": "1", "poll": "p", "choices": [True]}, r"\$\.choices", "1", "vote"),
        ({"type": "lang", "id": "1", "lang": "e" * 36}, r"\$\.lang", "1", "lang"),
        ({"type": "follow", "id": "1", "topics": [""]}, r"\$\.topics", "1", "follow"),
        ({"type": "follow", "id": "1", "topics": ["x"] * 101}, r"\$\.topics", "1", "follow"),
        ({"type": "time", "id": "1", "sent": "now"}, r"\$\.sent", "1", "time"),
        ({"type": "time", "id": "1", "sent": 1, "at": -1}, r"\$\.at", "1", "time"),
        ({"type": "time", "id": "1", "sent": 1, "at": 2**53}, r"\$\.at", "1", "time"),
        ({"type": "time", "id": "1", "sent": 1, "at": True}, r"\$\.at", "1", "time"),
        ({"type": "time", "id": "1", "sent": 1, "sync": -1}, r"\$\.sync", "1", "time"),
        ({"type": "time", "id": "1", "sent": 1, "sync": 1.5}, r"\$\.sync", "1", "time"),
        ({"type": "time", "id": "1", "sent": 1, "sync": None}, r"\$\.sync", "1", "time"),
        ({"type": "hello", "resume": {"epoch": "e", "offset": -1}}, r"\$\.resume", None, "hello"),
    ],
)
def test_a_fault_is_named_in_the_contracts_order(
    message: Any, told: str, message_id: str | None, kind: str | None, codec: Codec
) -> None:
    bad = fault(packed(message, codec), codec)
    assert (bad.message_id, bad.kind) == (message_id, kind)
    assert re.search(told, bad.message), bad.message


@both
@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\xff\xfe", b"\x81\xa4type"])
def test_what_cannot_be_decoded_is_told_first(payload: bytes, codec: Codec) -> None:
    assert fault(payload, codec).message.startswith(f"not {codec}: ")


@both
def test_a_lone_surrogate_in_a_text_is_left_to_moderation(codec: Codec) -> None:
    message = {"type": "comment", "id": "1", "text": "a\ud83db"}
    assert decode(packed(message, codec), codec) == PostComment("1", "a\ud83db")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_json_has_no_such_number(number: str) -> None:
    assert fault(b'{"type":"time","id":"1","sent":%s}' % number.encode(), "json").message == (
        f"not json: {number} is not JSON"
    )


def test_msgpack_has_every_number() -> None:
    message = decode(packed({"type": "time", "id": "1", "sent": math.inf}, "msgpack"), "msgpack")
    assert message == AskTime("1", math.inf)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_bomb_of_depth_is_a_bad_message_in_json(opening: bytes) -> None:
    fault(opening * (4096 // len(opening)), "json")
    fault(b'{"type":"comment","id":"1","text":' + opening * 500, "json")


@pytest.mark.parametrize("opening", [b"\x91", b"\x81\xa1a"])
def test_a_bomb_of_depth_is_a_bad_message_in_msgpack(opening: bytes) -> None:
    fault(opening * (4096 // len(opening)), "msgpack")
    fault(b"\x83\xa4type\xa7comment\xa2id\xa11\xa4text" + opening * 500 + b"\xc0", "msgpack")


@pytest.mark.parametrize(
    "promise", [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"]
)
def test_a_length_that_is_not_there_is_a_bad_message(promise: bytes) -> None:
    fault(promise, "msgpack")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(), max_size=40)
    | st.sampled_from(["hello", "comment", "vote", "follow", "lang", "time", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["type", "id", "text", "at", "poll", "choices", "topics", "sent"])
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
)


@settings(max_examples=300)
@given(values, st.sampled_from(CODECS))
def test_any_value_is_a_message_or_a_bad_one(value: Any, codec: Codec) -> None:
    try:
        decode(packed(value, codec), codec)
    except BadMessageError as bad:
        encode(Ack(bad.message), "json")  # what is told can be sent


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from(CODECS))
def test_any_bytes_are_a_message_or_a_bad_one(payload: bytes, codec: Codec) -> None:
    try:
        decode(payload, codec)
    except BadMessageError as bad:
        encode(Ack(bad.message), "json")


@both
def test_what_is_absent_is_left_out(codec: Codec) -> None:
    payload = encode(Frame(now=1, comments=[Comment("a1", 1, "u", "n", "x", 1.0)]), codec)
    raw = json.loads(payload) if codec == "json" else msgpack.unpackb(payload)
    assert raw == {
        "type": "frame",
        "now": 1,
        "comments": [{"id": "a1", "at": 1, "user": "u", "name": "n", "text": "x", "weight": 1.0}],
    }


def test_a_frame_is_read_as_it_was_published() -> None:
    frame = Frame(now=1, offset=2, comments=[Comment("a1", 1, "u", "n", "x", 1.0, color=0)])
    assert decode_frame(encode(frame, "msgpack")) == frame
    assert frame.settings is UNSET
