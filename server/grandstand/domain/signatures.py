"""Ed25519 keys by which a result is signed, and their public parts as JWKs (RFC 8037). Pure.

A key is 32 bytes. Its ``kid`` is the thumbprint of its public part (RFC 7638), so every node finds
the same one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from grandstand.wire.audits import PublicKey

KEY_BYTES = 32

_BASE64 = re.compile(r"[A-Za-z0-9_-]{43}")
_HOW_TO_MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


class SigningKey:
    """A private key; nothing shows it."""

    def __init__(self, private: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        self.public = public_key(self._private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the signature, the same every time."""
        return self._private.sign(message)


def read_private(text: str) -> bytes:
    """Return the 32 bytes of a private key in base64. Raises ValueError, without the text."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    if _BASE64.fullmatch(plain) is None:
        raise ValueError(f"must be 32 random bytes in base64; make them with: {_HOW_TO_MAKE_ONE}")
    return base64.urlsafe_b64decode(plain + "=")


def public_key(raw: bytes) -> PublicKey:
    """Return the JWK of a public key's 32 bytes."""
    x = _base64(raw)
    members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return PublicKey(x, _base64(hashlib.sha256(members.encode()).digest()))


def is_signed(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Return whether ``signature`` is that of ``message`` by ``key``.

    Raises ValueError for what is no public key of Ed25519, or doesn't have the ``kid`` of its own.
    """
    if (key.kty, key.crv) != ("OKP", "Ed25519") or _BASE64.fullmatch(key.x) is None:
        raise ValueError("it isn't an Ed25519 key")
    raw = base64.urlsafe_b64decode(key.x + "=")
    if public_key(raw).kid != key.kid:
        raise ValueError("its `kid` belongs to another key")
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
