from __future__ import annotations

import pytest
from grandstand.domain.identity import Identity
from grandstand.domain.revocations import Kind, Revocation, Revocations
from grandstand.wire.codes import ErrorCode, RefusedError

NOW = 10_000_000


def known(*told: Revocation) -> Revocations:
    revocations = Revocations()
    revocations.replace({(each.kind, each.value): each for each in told})
    return revocations


def is_revoked(by: Revocation, token_id: str = "t1", issued_s: int = 0, now: int = NOW) -> bool:
    identity = Identity("ada", "Ada", "viewer", frozenset(), False, token_id, issued_s)
    try:
        known(by).check(identity, now)
    except RefusedError as refused:
        return refused.code is ErrorCode.UNAUTHORIZED
    return False


@pytest.mark.parametrize(
    ("kind", "value", "revoked"),
    [
        ("jti", "t1", True),
        ("jti", "t2", False),
        ("jti", "ada", False),
        ("sub", "ada", True),
        ("sub", "bo", False),
        ("sub", "t1", False),
    ],
)
def test_one_token_is_revoked_or_those_of_somebody(kind: Kind, value: str, revoked: bool) -> None:
    assert is_revoked(Revocation(kind, value, NOW, NOW + 1)) == revoked


def test_a_token_without_an_id_is_not_the_one_that_has_none() -> None:
    assert not is_revoked(Revocation("jti", "t1", NOW, NOW + 1), token_id="")


def test_a_revocation_is_over_at_its_time() -> None:
    revocation = Revocation("sub", "ada", NOW, NOW + 5)
    assert is_revoked(revocation, now=NOW + 4)
    assert not is_revoked(revocation, now=NOW + 5)


def test_tokens_of_somebody_that_were_made_afterwards_are_good() -> None:
    revocation = Revocation("sub", "ada", NOW, NOW * 2)
    assert is_revoked(revocation, issued_s=NOW // 1000)
    assert not is_revoked(revocation, issued_s=NOW // 1000 + 1)
    assert is_revoked(Revocation("jti", "t1", NOW, NOW * 2), issued_s=NOW // 1000 + 1)


def test_it_tells_whether_there_are_new_ones() -> None:
    one, other = Revocation("jti", "t1", 1, 9), Revocation("sub", "ada", 1, 9)
    revocations = known(one)
    assert not revocations.replace({("jti", "t1"): one})
    assert revocations.replace({("jti", "t1"): one, ("sub", "ada"): other})
    assert not revocations.replace({})
