"""Tokens by our secret and by an issuer's keys, the latter from a real HTTP server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from grandstand.domain.identity import TokenTerms
from grandstand.errors import OperatorError
from grandstand.tokens import Tokens, _fetch
from grandstand.wire.codes import ErrorCode, RefusedError
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.waiting import until

SECRET = "a secret of at least thirty-two bytes"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def claims(**changes: Any) -> dict[str, Any]:
    told = {"sub": "u1", "name": "Ada", "role": "viewer", "rooms": ["gala"]}
    whole = {**told, "exp": int(time.time()) + 60, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def signed(**changes: Any) -> str:
    return jwt.encode(claims(**changes), SECRET, "HS256")


def refusal(tokens: Tokens, token: str) -> str:
    with pytest.raises(RefusedError) as refused:
        tokens.identify(token)
    assert refused.value.code is ErrorCode.UNAUTHORIZED
    return refused.value.message


def test_a_token_of_our_own_names_its_holder() -> None:
    tokens = Tokens(SECRET)
    identity = tokens.identify(tokens.issue("u1", "Ada", "moderator", ["gala", "*"], 60))
    assert (identity.sub, identity.name, identity.role) == ("u1", "Ada", "moderator")
    assert identity.rooms == {"gala", "*"}
    assert not identity.guest


def test_a_guest_token_says_so() -> None:
    tokens = Tokens(SECRET)
    assert tokens.identify(tokens.issue("g", "G", "viewer", ["gala"], 60, guest=True)).guest


def test_what_a_token_leaves_out_has_the_least_meaning() -> None:
    identity = Tokens(SECRET).identify(signed(name=None, role=None, rooms=None))
    assert (identity.name, identity.role, identity.rooms) == ("viewer", "viewer", frozenset())


def test_a_vote_weighs_what_the_token_says_but_a_guest_s() -> None:
    tokens = Tokens(SECRET)
    heavy = tokens.issue("u1", "Ada", "viewer", ["gala"], 60, weight=1000)
    assert tokens.identify(heavy).weight == 1000
    assert tokens.identify(signed(weight=0)).weight == 0
    assert tokens.identify(signed()).weight == 1
    assert tokens.identify(signed(weight=1000, guest=True)).weight == 1


@pytest.mark.parametrize("weight", [-1, 1001, 10**30, 1.5, "7", True, [1]])
def test_a_wrong_weight_is_named(weight: object) -> None:
    assert "$.weight" in refusal(Tokens(SECRET), signed(weight=weight))


ODD_CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "sub": st.sampled_from(["u1", "", 7, None, "x" * 201]),
        "name": st.sampled_from(["Ada", "\u202e", 7, None]),
        "role": st.sampled_from(["viewer", "producer", "king", None]),
        "rooms": st.sampled_from([["gala"], [], "gala", [7]]),
        "guest": st.sampled_from([True, False, 1, None]),
        "exp": st.sampled_from([0, 9e9, 9_000_000_000, "9000000000", -1, 10**30, None]),
        "nbf": st.sampled_from([0, 9_000_000_000]),
        "iat": st.sampled_from([0, "then"]),
        "jti": st.sampled_from(["1", 1]),
        "weight": st.sampled_from([0, 1000, 1001, -1, 1.5, True, "1", None]),
        "seat": st.just("A7"),
    },
)


@given(ODD_CLAIMS)
def test_a_token_is_judged_alike_by_the_quick_way_and_by_the_slow(changes: dict[str, Any]) -> None:
    payload = {"sub": "u1", "name": "Ada", "exp": int(time.time()) + 60, **changes}
    judged = []
    # The quick way takes our own header alone.
    for header in ({}, {"kid": "any"}):
        token = jwt.encode(payload, SECRET, "HS256", headers=header)
        try:
            judged.append(str(Tokens(SECRET).identify(token)))
        except RefusedError as refused:
            judged.append(refused.message)
    assert judged[0] == judged[1]


def test_the_form_that_is_read_quickly_is_the_one_we_give() -> None:
    token = Tokens(SECRET).issue("u1", "Ada", "viewer", ["gala"], 60)
    with mock.patch.object(jwt, "decode", side_effect=AssertionError("by the slow way")):
        assert Tokens(SECRET).identify(token).sub == "u1"
        with pytest.raises(AssertionError):
            Tokens(SECRET).identify(token.replace(token[-5:], "AAAAA"))


TERMS = TokenTerms(audience="show", issuer="us", max_life_s=3600)
MEANT = {"aud": "show", "iss": "us"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "issuer"),
        ({"iss": "us"}, "application"),
        ({"iss": "us", "aud": "shop"}, "application"),
        ({"iss": "us", "aud": ["shop", "till"]}, "application"),
        ({"iss": "us", "aud": []}, "application"),
        ({"iss": "them", "aud": "show"}, "issuer"),
        ({**MEANT, "exp": int(time.time()) + 7200}, "3600 s"),
        ({**MEANT, "exp": 10**400}, "3600 s"),
        ({**MEANT, "iat": int(time.time()) - 3600}, "3600 s"),
        ({**MEANT, "iat": int(time.time()) + 7200, "exp": int(time.time()) + 9000}, "3600 s"),
    ],
)
def test_a_token_for_others_or_for_too_long_is_refused(changes: dict[str, Any], says: str) -> None:
    tokens = Tokens(SECRET, terms=TERMS)
    assert says in refusal(tokens, signed(**changes))
    slowly = jwt.encode(claims(**changes), SECRET, "HS256", headers={"kid": "any"})
    assert says in refusal(tokens, slowly)


@pytest.mark.parametrize("aud", ["show", ["shop", "show"]])
def test_a_token_that_meets_the_terms_is_taken(aud: object) -> None:
    told = signed(iss="us", aud=aud, jti="t1", iat=int(time.time()), seat=None)
    identity = Tokens(SECRET, terms=TERMS).identify(told)
    assert (identity.token_id, abs(identity.issued_s - time.time()) < 60) == ("t1", True)


@pytest.mark.parametrize("guest", [True, False])
def test_our_own_tokens_meet_the_terms(guest: bool) -> None:
    tokens = Tokens(SECRET, terms=TERMS)
    token = tokens.issue("u1", "Ada", "viewer", ["gala"], 86_400, guest)
    with mock.patch.object(jwt, "decode", side_effect=AssertionError("by the slow way")):
        assert tokens.identify(token).sub == "u1"


@pytest.mark.parametrize("iat", [float("nan"), float("inf"), -1, 2**60])
def test_a_token_of_an_impossible_moment_is_refused(iat: float) -> None:
    assert "iat" in refusal(Tokens(SECRET), signed(iat=iat))


def test_tokens_of_the_previous_secret_are_taken_and_none_are_made() -> None:
    old, new = SECRET, SECRET[::-1]
    tokens = Tokens(new, terms=TokenTerms(previous_secret=old))
    assert tokens.identify(signed()).sub == "u1"
    fresh = tokens.issue("u2", "Bo", "viewer", ["gala"], 60)
    assert Tokens(new).identify(fresh).sub == "u2"
    refusal(Tokens(old), fresh)
    with pytest.raises(OperatorError, match="GRANDSTAND_JWT_SECRET_PREVIOUS has 5 bytes"):
        Tokens(new, terms=TokenTerms(previous_secret="short"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("A\u202eda\u0007", "Ada"),
        ("\u200b \n", "viewer"),
        ("x" * 300, "x" * 100),
        ("Ada \ud83d", "Ada"),  # an emoji that its issuer has cut in two
    ],
)
def test_a_name_is_cleaned_and_cut(name: str, shown: str) -> None:
    assert Tokens(SECRET).identify(signed(name=name)).name == shown


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": float("inf")}, "can't be used"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 201}, "sub"),
        ({"sub": "\ud83d"}, "can't be used"),
        ({"jti": "\ud83d"}, "can't be used"),
        ({"role": "king"}, "role"),
        ({"rooms": "gala"}, "rooms"),
        ({"rooms": [1]}, "rooms"),
        ({"name": 7}, "name"),
        ({"guest": "yes"}, "guest"),
        ({"nbf": 4_000_000_000}, "not yet valid"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any], says: str) -> None:
    assert says in refusal(Tokens(SECRET), signed(**changes))


def test_an_audience_and_a_clock_that_is_ahead_do_no_harm() -> None:
    token = signed(aud="elsewhere", iat=int(time.time()) + 30)
    assert Tokens(SECRET).identify(token).sub == "u1"


def test_a_token_of_another_secret_is_refused() -> None:
    assert "isn't known" in refusal(Tokens(SECRET[::-1]), signed())


def test_an_unsigned_token_is_refused() -> None:
    refusal(Tokens(SECRET), jwt.encode(claims(), None, "none"))  # type: ignore[arg-type]


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode() + ".e30.x"))
def test_whatever_is_sent_as_a_token_is_refused_and_nothing_else(text: str) -> None:
    refusal(Tokens(SECRET), text)


def test_a_header_of_a_thousand_brackets_is_refused() -> None:
    refusal(Tokens(SECRET), base64.urlsafe_b64encode(b"[" * 100_000).decode() + ".e30.x")


def test_a_short_secret_is_the_operators_fault() -> None:
    with pytest.raises(OperatorError, match=r"GRANDSTAND_JWT_SECRET has 31 bytes.*token_urlsafe"):
        Tokens("x" * 31)


@pytest.mark.parametrize("secret", [None, ""])
def test_neither_secret_nor_keys_is_the_operators_fault(secret: str | None) -> None:
    with pytest.raises(OperatorError, match=r"GRANDSTAND_JWT_SECRET or GRANDSTAND_JWKS_URL"):
        Tokens(secret)


def test_keys_are_fetched_over_http_alone() -> None:
    with pytest.raises(OperatorError, match="GRANDSTAND_JWKS_URL"):
        Tokens(None, "file:///etc/passwd")


def test_without_a_secret_no_tokens_are_given_out() -> None:
    with pytest.raises(RefusedError) as refused:
        Tokens(None, "https://issuer.test/keys").issue("u", "n", "viewer", ["gala"], 60)
    assert refused.value.code is ErrorCode.FORBIDDEN


# --- an issuer's keys ----------------------------------------------------------------------------


class Issuer:
    """An HTTP server that publishes keys."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/keys"
        self.keys: list[dict[str, Any]] = []
        self.body: bytes | None = None
        self.asked = 0

    def publish(self, algorithm: Any, public: Any, **fields: Any) -> None:
        self.keys.append({**json.loads(algorithm.to_jwk(public)), **fields})


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked += 1
            body = told.body if told.body is not None else json.dumps({"keys": told.keys}).encode()
            self.send_response(200 if body else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Issuer(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@asynccontextmanager
async def fetching(
    tokens: Tokens, refresh_s: float = 60, hurry_s: float = 0
) -> AsyncIterator[None]:
    task = asyncio.create_task(tokens.run(refresh_s, hurry_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def accepted(tokens: Tokens, token: str) -> None:
    """Waits until the token is accepted."""

    def is_known() -> bool:
        try:
            tokens.identify(token)
        except RefusedError:
            return False
        return True

    await until(is_known)


async def answers_taken(issuer: Issuer, count: int) -> None:
    """Waits until so many more answers of the issuer were taken: then it is asked again."""
    before = issuer.asked
    await until(lambda: issuer.asked > before + count)


KINDS: list[tuple[str, Any, Any]] = [
    ("RS256", RSA, RSAAlgorithm),
    ("ES256", EC, ECAlgorithm),
    ("EdDSA", ED, OKPAlgorithm),
]


@pytest.mark.parametrize(("name", "private", "algorithm"), KINDS, ids=[k[0] for k in KINDS])
async def test_a_token_by_an_issuers_key_is_accepted(
    issuer: Issuer, name: str, private: Any, algorithm: Any
) -> None:
    issuer.publish(algorithm, private.public_key(), kid="k1", use="sig")
    tokens = Tokens(None, issuer.url)
    async with fetching(tokens):
        await accepted(tokens, jwt.encode(claims(), private, name, headers={"kid": "k1"}))
        await accepted(tokens, jwt.encode(claims(), private, name))


async def test_a_public_key_is_no_secret(issuer: Issuer) -> None:
    issuer.publish(RSAAlgorithm, RSA.public_key(), kid="k1")
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    told = part({"alg": "HS256", "kid": "k1"}) + b"." + part(claims(role="producer"))
    mac = hmac.new(public, told, hashlib.sha256).digest()
    forged = (told + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
    for secret in (None, SECRET):
        tokens = Tokens(secret, issuer.url)
        async with fetching(tokens):
            await accepted(tokens, jwt.encode(claims(), RSA, "RS256", headers={"kid": "k1"}))
            refusal(tokens, forged)


async def test_a_symmetric_key_in_the_set_is_not_used(issuer: Issuer) -> None:
    issuer.publish(RSAAlgorithm, RSA.public_key(), kid="k1")
    shared = base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")
    issuer.keys.append({"kty": "oct", "k": shared, "kid": "k2", "alg": "HS256"})
    tokens = Tokens(None, issuer.url)
    async with fetching(tokens):
        await accepted(tokens, jwt.encode(claims(), RSA, "RS256"))
        refusal(tokens, jwt.encode(claims(), SECRET, "HS256", headers={"kid": "k2"}))


async def test_keys_for_encryption_and_broken_ones_are_passed_over(issuer: Issuer) -> None:
    issuer.publish(RSAAlgorithm, RSA.public_key(), kid="enc", use="enc")
    issuer.keys += [{"kty": "EC", "crv": "P-256", "x": "!", "kid": "broken"}, {"kty": "EC"}]
    issuer.publish(OKPAlgorithm, ED.public_key(), kid="good")
    tokens = Tokens(None, issuer.url)
    async with fetching(tokens):
        await accepted(tokens, jwt.encode(claims(), ED, "EdDSA", headers={"kid": "good"}))
        refusal(tokens, jwt.encode(claims(), RSA, "RS256", headers={"kid": "enc"}))


async def test_a_key_that_is_not_known_is_asked_for_at_once(issuer: Issuer) -> None:
    issuer.publish(OKPAlgorithm, ED.public_key(), kid="old")
    tokens = Tokens(None, issuer.url)
    async with fetching(tokens):
        await accepted(tokens, jwt.encode(claims(), ED, "EdDSA", headers={"kid": "old"}))
        issuer.keys.clear()
        issuer.publish(ECAlgorithm, EC.public_key(), kid="new")
        await accepted(tokens, jwt.encode(claims(), EC, "ES256", headers={"kid": "new"}))
        assert "isn't known" in refusal(tokens, jwt.encode(claims(), ED, "EdDSA"))


async def test_the_issuer_is_not_asked_for_every_bad_token(issuer: Issuer) -> None:
    issuer.publish(OKPAlgorithm, ED.public_key(), kid="k1")
    tokens = Tokens(None, issuer.url)
    async with fetching(tokens, hurry_s=30):
        await accepted(tokens, jwt.encode(claims(), ED, "EdDSA"))
        before = issuer.asked
        for number in range(20):
            refusal(tokens, jwt.encode(claims(), ED, "EdDSA", headers={"kid": f"x{number}"}))
            await asyncio.sleep(0)
        await asyncio.to_thread(_fetch, issuer.url)
        assert issuer.asked == before + 1, "others asked than this test"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"keys": []}', b"[]", b"x" * (1 << 21)])
async def test_keys_hold_while_the_issuer_is_away(issuer: Issuer, body: bytes) -> None:
    issuer.publish(OKPAlgorithm, ED.public_key(), kid="k1")
    tokens = Tokens(None, issuer.url)
    async with fetching(tokens, refresh_s=0.01):
        token = jwt.encode(claims(), ED, "EdDSA", headers={"kid": "k1"})
        await accepted(tokens, token)
        issuer.body = body
        await answers_taken(issuer, 2)
        assert tokens.identify(token).sub == "u1"


async def test_without_an_issuer_the_task_waits_to_be_cancelled() -> None:
    task = asyncio.create_task(Tokens(SECRET).run())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
