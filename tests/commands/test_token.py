"""Tokens from the command line."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from grandstand.domain.identity import TokenTerms
from grandstand.tokens import Tokens

from tests.commands.conftest import Run
from tests.server import SECRET


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token.strip(), SECRET, algorithms=["HS256"])


def test_a_token_says_who_where_and_until_when(run: Run) -> None:
    code, out, _ = run(
        *("token", "--role", "moderator", "--room", "gala", "--room", "quiz"),
        *("--name", "Mo", "--sub", "m1", "--expires", "90m"),
    )
    assert code == 0
    told = claims(out)
    assert abs(told.pop("exp") - time.time() - 5400) < 60
    assert abs(told.pop("iat") - time.time()) < 60
    assert told.pop("jti")
    assert told == {"sub": "m1", "name": "Mo", "role": "moderator", "rooms": ["gala", "quiz"]}


def test_a_token_by_default_is_a_new_viewer_s_for_all_rooms(run: Run) -> None:
    one, other = (claims(run("token")[1]) for _ in range(2))
    assert (one["role"], one["rooms"]) == ("viewer", ["*"])
    assert one["sub"] != other["sub"]


@pytest.mark.parametrize(
    "arguments", [("--role", "king"), ("--expires", "soon"), ("--expires", "0h")]
)
def test_a_token_of_no_known_role_or_lifetime_is_refused(
    run: Run, arguments: tuple[str, str]
) -> None:
    code, out, err = run("token", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(f"grandstand: {arguments[0]} must be")


def test_a_token_says_what_its_vote_weighs(run: Run) -> None:
    assert claims(run("token", "--weight", "250")[1])["weight"] == 250
    code, out, err = run("token", "--weight", "1001")
    assert (code, out) == (2, "")
    assert "less than or equal to 1000" in err


def test_a_token_takes_a_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRANDSTAND_JWT_SECRET")
    code, out, err = run("token")
    assert (code, out) == (1, "")
    assert "--new-secret" in err


def test_a_token_obeys_the_terms_of_its_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANDSTAND_JWT_AUDIENCE", "show")
    monkeypatch.setenv("GRANDSTAND_JWT_ISSUER", "us")
    monkeypatch.setenv("GRANDSTAND_JWT_MAX_LIFE_S", "3600")
    code, out, err = run("token")
    assert (code, out) == (1, "")
    assert "GRANDSTAND_JWT_MAX_LIFE_S" in err
    token = run("token", "--expires", "1h")[1].strip()
    terms = TokenTerms(audience="show", issuer="us", max_life_s=3600)
    assert Tokens(SECRET, terms=terms).identify(token).token_id


def test_a_new_secret_is_long_enough_and_new(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {run("token", "--new-secret")[1].strip() for _ in range(2)}
    assert len(secrets) == 2
    monkeypatch.setenv("GRANDSTAND_JWT_SECRET", secrets.pop())
    assert run("token")[0] == 0
