"""Tokens: finding their holders, and issuing them to guests.

PyJWT checks them. But a token in exactly the form that ``issue`` makes, as nearly all have, is read
here in a tenth of the time (5 us against 47), which is a tenth of what a viewer's entry costs. A
token with any difference, if only an expired ``exp``, is left to PyJWT to judge and to name.

HS256 is accepted only with our own secret, the asymmetric algorithms only with the keys of a JWKS.
A token chooses which of its issuer's keys it was signed with, never how it is checked. So a public
key can't be passed off as a secret. ``identify`` is called at every hello and never waits; keys are
fetched in the background. Tokens that an issuer signs for another application are refused:
``TokenTerms`` name the audience and the issuer that a token must have, and how long it may live.
"""

from __future__ import annotations

import asyncio
import binascii
import hmac
import secrets
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

import jwt
import msgspec
import structlog
from msgspec import Meta, Struct

from grandstand.domain.identity import MAX_WEIGHT, Identity, Role, TokenTerms
from grandstand.domain.revocations import Revocations
from grandstand.errors import OperatorError
from grandstand.text.normalise import clean
from grandstand.timeouts import timeout
from grandstand.wire.codes import ErrorCode, RefusedError

MIN_SECRET_BYTES = 32
"""As long as the hash of HS256 (RFC 7518, 3.2)."""

MAX_NAME_CHARS = 100
GIVEN_OUT_ELSEWHERE = "tokens are given out elsewhere: sign in there"
MAX_JWKS_BYTES = 1 << 20
FETCH_TIMEOUT_S = 5.0
REFRESH_S = 300.0
CLOCK_LEEWAY_S = 60
"""How far an issuer's clock may be ahead of ours before its tokens seem to live too long."""

LATEST_S = 2**53
"""The largest number of seconds that every issuer's JSON represents exactly."""

HURRY_S = 10.0
"""However many tokens name an unknown key, the issuer is asked no more often than this."""

_ALGORITHM_OF = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
_HOW_TO_MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'

log = structlog.get_logger(__name__)


class Claims(Struct, frozen=True):
    """What we read of a token's payload, once its signature and ``exp`` are good."""

    sub: Annotated[str, Meta(min_length=1, max_length=200)]
    name: str = ""
    role: Role = "viewer"
    rooms: list[str] = []
    guest: bool = False
    exp: int | float | str = 0
    iat: int | float | None = None
    iss: str | None = None
    aud: str | list[str] | None = None
    jti: str | None = None
    device: str = ""
    held_until: int = 0
    weight: Annotated[int, Meta(ge=0, le=MAX_WEIGHT)] = 1


class _Plain(Claims, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A payload without anything that we don't read."""

    exp: int


_PLAIN_HEADER = jwt.encode({}, "-" * MIN_SECRET_BYTES, algorithm="HS256").partition(".")[0] + "."
_plain_payload = msgspec.json.Decoder(_Plain)


@dataclass(frozen=True, slots=True)
class _Key:
    id: str | None
    algorithm: str
    key: Any


class Tokens:
    """The tokens of one installation, by its secret, its issuer's keys, or both."""

    def __init__(
        self, secret: str | None, jwks_url: str | None = None, terms: TokenTerms | None = None
    ) -> None:
        """Raises OperatorError for a secret that is too short, or if there is nothing to check
        tokens with.

        Without a secret, ``issue`` refuses: there is nothing to sign with. Tokens signed with the
        previous secret of ``terms`` are still accepted, and none are signed with it.
        """
        self.terms = terms = terms or TokenTerms()
        if not secret and not jwks_url:
            raise OperatorError(
                "set GRANDSTAND_JWT_SECRET or GRANDSTAND_JWKS_URL: without one of them no token "
                f"can be checked. Make a secret with: {_HOW_TO_MAKE_ONE}"
            )
        for name, given in (("", secret), ("_PREVIOUS", terms.previous_secret)):
            if given and len(given.encode()) < MIN_SECRET_BYTES:
                raise OperatorError(
                    f"GRANDSTAND_JWT_SECRET{name} has {len(given.encode())} bytes and needs "
                    f"{MIN_SECRET_BYTES}; make one with: {_HOW_TO_MAKE_ONE}"
                )
        if jwks_url and urlsplit(jwks_url).scheme not in ("http", "https"):
            raise OperatorError("GRANDSTAND_JWKS_URL must begin with https:// or http://")
        self.revocations = Revocations()
        self._secret = secret or None
        self._jwks_url = jwks_url or None
        self._keys: tuple[_Key, ...] = ()
        self._hurry = asyncio.Event()

    @property
    def fingerprint(self) -> str:
        """Return what is equal for servers of the same secret, JWKS, audience and issuer; it
        reveals none of them."""
        terms = self.terms
        by = "\0".join((self._jwks_url or "", terms.audience, terms.issuer))
        return hmac.digest((self._secret or "").encode(), by.encode(), "sha256")[:8].hex()

    def identify(self, token: str) -> Identity:
        """Return the holder of ``token``. Raises RefusedError(unauthorized), saying what is
        wrong."""
        claims = self._claims(token)
        self._check_terms(claims)
        issued_s = claims.iat or 0
        if not 0 <= issued_s <= LATEST_S:  # also not a number, which is JSON to some
            _refuse("the token's claims: `iat` must be a time in seconds")
        identity = Identity(
            sub=claims.sub,
            name=clean(claims.name[: 4 * MAX_NAME_CHARS])[:MAX_NAME_CHARS].strip() or "viewer",
            role=claims.role,
            rooms=_one_set_of(tuple(claims.rooms)),
            guest=claims.guest,
            token_id=claims.jti or "",
            issued_s=int(issued_s),
            device=claims.device if claims.guest else "",
            held_until=claims.held_until if claims.guest else 0,
            weight=1 if claims.guest else claims.weight,
        )
        self.check_revoked(identity)
        return identity

    def check_revoked(self, identity: Identity) -> None:
        """Raise RefusedError(unauthorized) if the token was revoked."""
        self.revocations.check(identity, time.time() * 1000)

    def issue(
        self,
        sub: str,
        name: str,
        role: Role,
        rooms: Sequence[str],
        lifetime_s: float,
        guest: bool = False,
        device: str = "",
        held_until: int = 0,
        weight: int = 1,
    ) -> str:
        """Return a token of our own; ``device`` and ``held_until`` are a guest's, ``weight`` isn't.

        Raises RefusedError(forbidden) without a secret to sign it with.
        """
        if self._secret is None:
            raise RefusedError(ErrorCode.FORBIDDEN, GIVEN_OUT_ELSEWHERE)
        now_s = time.time()
        payload: dict[str, Any] = {
            "sub": sub,
            "name": name,
            "role": role,
            "rooms": list(rooms),
            "iat": int(now_s),
            "exp": int(now_s + self.lifetime_s(lifetime_s)),
        }
        if guest:
            payload["guest"] = True
            payload |= {"device": device} if device else {}
            payload |= {"held_until": held_until} if held_until else {}
        else:
            payload |= {"weight": weight} if weight != 1 else {}
            payload["jti"] = secrets.token_urlsafe(9)  # a guest's `sub` is its token's alone
        if self.terms.issuer:
            payload["iss"] = self.terms.issuer
        if self.terms.audience:
            payload["aud"] = self.terms.audience
        return jwt.encode(payload, self._secret, algorithm="HS256")

    def lifetime_s(self, wanted_s: float) -> float:
        """Return how long a token of our own lives: at most what is accepted."""
        return min(wanted_s, self.terms.max_life_s) if self.terms.max_life_s else wanted_s

    def _check_terms(self, claims: Claims) -> None:
        """Raise RefusedError(unauthorized) for a token that isn't meant for us, or lives too long.

        Without ``iat``, only the rest of its life can be judged.
        """
        terms = self.terms
        if terms.issuer and claims.iss != terms.issuer:
            _refuse("the token is from another issuer (`iss`) than the one that is accepted here")
        if terms.audience:
            meant_for = [claims.aud] if isinstance(claims.aud, str) else claims.aud or []
            if terms.audience not in meant_for:
                _refuse("the token is for another application: its `aud` doesn't name this one")
        if terms.max_life_s:
            begun_s = time.time() + CLOCK_LEEWAY_S
            if claims.iat is not None:
                begun_s = min(begun_s, claims.iat)
            ends_s = float(claims.exp) if isinstance(claims.exp, str) else claims.exp
            if ends_s > begun_s + terms.max_life_s:
                _refuse(
                    f"the token lives longer than the {terms.max_life_s} s that are accepted here: "
                    "get one with an earlier `exp`"
                )

    def _claims(self, token: str) -> Claims:
        plain = None if self._secret is None else _read_plain(token, self._secret.encode())
        if plain is not None:
            return plain
        try:
            header = jwt.get_unverified_header(token)
            for key in self._candidates(header):
                try:
                    return _verified(token, key)
                except jwt.InvalidSignatureError:
                    continue
        except jwt.ExpiredSignatureError:
            _refuse("the token has expired: get a new one")
        except msgspec.ValidationError as fault:
            _refuse(f"the token's claims: {fault}")
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as fault:
            _refuse(f"the token can't be used: {fault or type(fault).__name__}")
        _refuse("the token is signed with a key that isn't known here")

    def _candidates(self, header: dict[str, Any]) -> list[_Key]:
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm == "HS256":
            ours = (self._secret, self.terms.previous_secret)
            return [_Key(None, algorithm, secret) for secret in ours if secret]
        found = [
            key
            for key in self._keys
            if key.algorithm == algorithm and (key_id is None or key.id == key_id)
        ]
        if not found:
            self._hurry.set()
        return found

    async def run(self, refresh_s: float = REFRESH_S, hurry_s: float = HURRY_S) -> None:
        """Keep the issuer's keys fresh until cancelled; without a JWKS there is nothing to do.

        While the issuer can't be reached, the previous keys stay valid.
        """
        if self._jwks_url is None:
            await asyncio.Event().wait()
            return
        while True:
            self._hurry.clear()
            try:
                self._keys = read_keys(await asyncio.to_thread(_fetch, self._jwks_url))
            except (OSError, ValueError) as fault:
                log.warning("jwks_fetch_failed", url=self._jwks_url, reason=str(fault))
            await asyncio.sleep(hurry_s)
            try:
                async with timeout(refresh_s - hurry_s):
                    await self._hurry.wait()
            except TimeoutError:
                continue


@lru_cache(maxsize=1024)
def _one_set_of(rooms: tuple[str, ...]) -> frozenset[str]:
    """Return the same set for all who may enter the same rooms: a set of its own takes 216
    bytes."""
    return frozenset(rooms)


def _read_plain(token: str, secret: bytes) -> Claims | None:
    """Return the claims of a good token in our own form; None if it is any other."""
    signed, _, signature = token.rpartition(".")
    if not signed.startswith(_PLAIN_HEADER) or not signed.isascii():
        return None
    right = hmac.digest(secret, signed.encode(), "sha256")
    expected = binascii.b2a_base64(right, newline=False).rstrip(b"=").translate(_URL_SAFE)
    if not hmac.compare_digest(expected, signature.encode("utf-8", "replace")):
        return None
    payload = signed[len(_PLAIN_HEADER) :].encode().translate(_FROM_URL_SAFE)
    try:
        claims = _plain_payload.decode(binascii.a2b_base64(payload + b"=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):  # of base64, of JSON, of UTF-8
        return None
    return claims if claims.exp > time.time() else None


_URL_SAFE, _FROM_URL_SAFE = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def _refuse(words: str) -> NoReturn:
    raise RefusedError(ErrorCode.UNAUTHORIZED, words)


def _verified(token: str, key: _Key) -> Claims:
    payload = jwt.decode(
        token,
        key.key,
        algorithms=[key.algorithm],
        # The contract names no audience; an `iat` ahead is a clock, not a forgery.
        options={"require": ["exp", "sub"], "verify_aud": False, "verify_iat": False},
    )
    claims = msgspec.convert(payload, Claims)
    for who in (claims.sub, claims.jti or ""):
        who.encode()  # half a character, such as a cut emoji, identifies nobody
    return claims


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer:
        body: bytes = answer.read(MAX_JWKS_BYTES + 1)
    if len(body) > MAX_JWKS_BYTES:
        raise ValueError(f"more than {MAX_JWKS_BYTES} bytes")
    return body


def read_keys(document: bytes) -> tuple[_Key, ...]:
    """Return the keys that we can use; symmetric ones and those for encryption are left out.

    Raises ValueError if it is no JWKS or has no such key.
    """
    try:
        rows = msgspec.json.decode(document, type=dict[str, Any]).get("keys")
    except RecursionError:
        raise ValueError("no JWKS is nested so deep") from None
    keys = []
    for row in rows if isinstance(rows, list) else ():
        key = _usable(row)
        if key is not None:
            keys.append(key)
    if not keys:
        raise ValueError("no RS256, ES256 or EdDSA key in it")
    return tuple(keys)


def _usable(row: object) -> _Key | None:
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return None
    curve = row.get("crv")
    if curve is not None and not isinstance(curve, str):
        return None
    algorithm = _ALGORITHM_OF.get((str(row.get("kty")), curve))
    if algorithm is None or row.get("alg", algorithm) != algorithm:
        return None
    try:
        return _Key(row.get("kid"), algorithm, jwt.PyJWK(row, algorithm).key)
    except jwt.PyJWTError as fault:
        log.warning("jwks_key_unreadable", kid=row.get("kid"), reason=str(fault))
        return None
