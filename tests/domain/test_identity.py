from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from grandstand.domain.identity import (
    Action,
    Identity,
    Role,
    check_may,
    check_may_retract,
    check_may_sanction,
    user_id,
)
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.settings import Settings

ACTIONS: tuple[Action, ...] = ("watch", "comment", "vote")
SALT = b"s" * 16


def identity(role: Role = "viewer", guest: bool = False, rooms: str = "*") -> Identity:
    return Identity("ada@example.org", "Ada", role, frozenset([rooms]), guest)


def test_a_token_is_for_its_rooms() -> None:
    assert identity().may_enter("final")
    assert identity(rooms="final").may_enter("final")
    assert not identity(rooms="final").may_enter("other")


def test_a_producer_may_do_what_those_below_may() -> None:
    ranks: tuple[Role, ...] = ("viewer", "moderator", "producer")
    for mine, role in enumerate(ranks):
        assert [identity(role).is_at_least(other) for other in ranks] == [
            mine >= theirs for theirs in range(3)
        ]


def test_a_user_is_the_same_in_one_room_and_another_in_the_next() -> None:
    assert user_id("ada", SALT) == user_id("ada", SALT)
    assert user_id("ada", SALT) != user_id("ada", b"t" * 16)
    assert user_id("ada", SALT) != user_id("bo", SALT)
    assert "ada" not in user_id("ada", SALT)


@pytest.mark.parametrize(
    ("guests", "allowed"),
    [
        ("none", ()),
        ("watch", ("watch",)),
        ("comment", ("watch", "comment")),
        ("vote", ("watch", "comment", "vote")),
    ],
)
def test_guests_may_do_what_the_room_lets_them(guests: str, allowed: tuple[Action, ...]) -> None:
    settings = Settings(guests=guests)  # type: ignore[arg-type]  # parametrized
    for action in ACTIONS:
        check_may(identity(), action, settings)
        if action in allowed:
            check_may(identity(guest=True), action, settings)
        else:
            with pytest.raises(RefusedError) as refused:
                check_may(identity(guest=True), action, settings)
            assert refused.value.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize("guests", ["none", "watch", "comment", "vote"])
def test_without_a_token_one_may_watch_at_most(guests: str) -> None:
    settings = Settings(guests=guests)  # type: ignore[arg-type]  # parametrized
    for action in ACTIONS:
        if action == "watch" and guests != "none":
            check_may(None, action, settings)
        else:
            with pytest.raises(RefusedError) as refused:
                check_may(None, action, settings)
            assert refused.value.code is ErrorCode.UNAUTHORIZED


ROLES: tuple[Role, ...] = ("viewer", "moderator", "producer")


def allowed(check: Callable[[Role, Role, bool], None], actor: Role, is_own: bool) -> list[Role]:
    """Whom ``actor`` may do it to."""
    found: list[Role] = []
    for target in ROLES:
        with contextlib.suppress(RefusedError):
            check(actor, target, is_own)
            found.append(target)
    return found


def test_nobody_bars_an_equal_a_better_or_themselves() -> None:
    assert allowed(check_may_sanction, "moderator", False) == ["viewer"]
    assert allowed(check_may_sanction, "producer", False) == ["viewer", "moderator"]
    assert allowed(check_may_sanction, "moderator", True) == []
    assert allowed(check_may_sanction, "producer", True) == []


def test_a_moderator_takes_back_its_own_comments_and_those_of_viewers() -> None:
    assert allowed(check_may_retract, "moderator", False) == ["viewer"]
    assert allowed(check_may_retract, "moderator", True) == [*ROLES]
    assert allowed(check_may_retract, "producer", False) == [*ROLES]
