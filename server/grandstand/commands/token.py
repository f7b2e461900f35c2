"""``grandstand token``."""

from __future__ import annotations

import re
import secrets
from typing import Annotated

import typer

from grandstand.domain.identity import MAX_WEIGHT, RANKS, Role
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings
from grandstand.tokens import Tokens

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def token(
    role: Annotated[str, typer.Option(help="viewer, moderator or producer.")] = "viewer",
    room: Annotated[
        list[str] | None,
        typer.Option(help="A room of the token; may be repeated. [default: all]"),
    ] = None,
    name: Annotated[str, typer.Option(help="The name that others see.")] = "",
    sub: Annotated[
        str, typer.Option(help="The person's id, the same at every visit. [default: a new one]")
    ] = "",
    expires: Annotated[str, typer.Option(help="Life of the token: 90m, 12h, 7d.")] = "12h",
    weight: Annotated[
        int,
        typer.Option(min=0, max=MAX_WEIGHT, help="What its vote counts in polls with weights."),
    ] = 1,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Print a new secret instead.")
    ] = False,
) -> None:
    """Print a token, signed with GRANDSTAND_JWT_SECRET.

    \b
    Examples:
      grandstand token --role producer --room gala --name "Control room" --expires 1d
      GRANDSTAND_JWT_SECRET=$(cat .grandstand/secret) grandstand token --role moderator
    """
    if new_secret:
        print(secrets.token_urlsafe(32))
        return
    settings = ServerSettings.read()
    if settings.secret is None:
        raise OperatorError(
            "set GRANDSTAND_JWT_SECRET to the server's secret; "
            "`grandstand token --new-secret` makes one"
        )
    tokens = Tokens(settings.secret, terms=settings.token_terms)
    sub = sub or f"{role}:{secrets.token_hex(8)}"
    lifetime_s = _seconds(expires)
    if tokens.lifetime_s(lifetime_s) < lifetime_s:
        raise OperatorError(
            f"--expires {expires} is longer than GRANDSTAND_JWT_MAX_LIFE_S, "
            f"{settings.jwt_max_life_s} s: the server would refuse the token"
        )
    print(tokens.issue(sub, name, _role(role), room or ["*"], lifetime_s, weight=weight))


def _role(word: str) -> Role:
    for role in RANKS:
        if role == word:
            return role
    raise OperatorError(f"--role must be one of {', '.join(RANKS)}, not {word!r}")


def _seconds(duration: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", duration)
    if match is None:
        raise OperatorError(f"--expires must be like 90m, 12h or 7d, not {duration!r}")
    return int(match[1]) * UNITS_S[match[2]]
