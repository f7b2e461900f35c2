from __future__ import annotations

import base64

import pytest
from grandstand.domain.signatures import SigningKey, is_signed, public_key, read_private
from msgspec.structs import replace

from tests.domain.polls.recounting import key_of

SEED = bytes(range(32))
KEY = SigningKey(SEED)


def test_a_key_has_the_name_of_its_thumbprint() -> None:
    expected = key_of(SEED)
    assert {name: getattr(KEY.public, name) for name in expected} == expected


def test_a_signature_is_of_its_message_and_key_alone() -> None:
    signature = KEY.sign(b"message")
    assert signature == SigningKey(SEED).sign(b"message")
    assert is_signed(KEY.public, signature, b"message")
    assert not is_signed(KEY.public, signature, b"another")
    assert not is_signed(KEY.public, signature[:-1] + b"\0", b"message")
    assert not is_signed(SigningKey(b"x" * 32).public, signature, b"message")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kty": "EC"}, "isn't an Ed25519 key"),
        ({"crv": "X25519"}, "isn't an Ed25519 key"),
        ({"x": "short"}, "isn't an Ed25519 key"),
        ({"kid": "another"}, "belongs to another key"),
        ({"x": public_key(b"y" * 32).x}, "belongs to another key"),
    ],
)
def test_what_is_no_key_is_refused(changes: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        is_signed(replace(KEY.public, **changes), KEY.sign(b"m"), b"m")


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_private_key_is_read_from_either_base64(encode: type) -> None:
    seed = bytes([251, 255, *range(30)])
    text = encode(seed).decode()
    assert (
        read_private(text) == read_private(text.rstrip("=")) == read_private(f" {text}\n") == seed
    )


@pytest.mark.parametrize("text", ["", "short", "x" * 42, "x" * 44, "ü" * 43, "x" * 42 + " "])
def test_another_form_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="32 random bytes in base64") as fault:
        read_private(text)
    assert not text or text not in str(fault.value)


def test_nothing_shows_a_private_key() -> None:
    assert SEED.hex() not in repr(KEY)
    assert "private" not in repr(KEY.public)
