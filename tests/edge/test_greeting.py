"""What a socket's first message may be, and whose it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from grandstand.edge.greeting import read_hello
from grandstand.tokens import Tokens
from grandstand.wire.codes import ErrorCode, RefusedError

TOKENS = Tokens("a secret of at least thirty-two bytes")


def text(**fields: Any) -> bytes:
    return msgspec.json.encode({"type": "hello"} | fields)


def token(room: str) -> str:
    return TOKENS.issue("ada", "Ada", "viewer", [room], 86_400, False)


def test_a_hello_says_who_comes_or_that_nobody_in_particular_does() -> None:
    _, somebody = read_hello(text(token=token("gala")), True, "json", "gala", TOKENS)
    assert somebody is not None
    assert somebody.sub == "ada"
    assert read_hello(text(), True, "json", "gala", TOKENS)[1] is None


@pytest.mark.parametrize(
    ("payload", "is_text", "code"),
    [
        (text(), False, ErrorCode.BAD_MESSAGE),
        (b"{", True, ErrorCode.BAD_MESSAGE),
        (msgspec.json.encode({"type": "time", "id": "a", "sent": 1}), True, ErrorCode.BAD_MESSAGE),
        (text(token="none"), True, ErrorCode.UNAUTHORIZED),
        (text(token=token("elsewhere")), True, ErrorCode.FORBIDDEN),
        (text(token=token("elsewhere"), resume=1), True, ErrorCode.FORBIDDEN),
        (text(token=token("gala"), resume=1), True, ErrorCode.BAD_MESSAGE),
    ],
)
def test_a_fault_of_identity_comes_before_one_of_a_field(
    payload: bytes, is_text: bool, code: ErrorCode
) -> None:
    with pytest.raises(RefusedError) as refused:
        read_hello(payload, is_text, "json", "gala", TOKENS)
    assert refused.value.code is code
