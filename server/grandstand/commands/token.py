"""``grandstand token``."""

from __future__ import annotations

import re
import secrets
from typing import Annotated

import typer

from grandstand.faults import OperatorError
from grandstand.rules.identity import RANKS, Role
from grandstand.settings import ServerSettings
from grandstand.tokens import Tokens

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def token(
    role: Annotated[str, typer.Option(help="viewer, moderator or producer.")] = "viewer",
    room: Annotated[
        list[str] | None, typer.Option(help="A room it is for; may be given again. [default: all]")
    ] = None,
    name: Annotated[str, typer.Option(help="What others see.")] = "",
    sub: Annotated[
        str, typer.Option(help="Who it is, the same at every visit. [default: someone new]")
    ] = "",
    expires: Annotated[str, typer.Option(help="How long it holds: 90m, 12h, 7d.")] = "12h",
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Print a fresh secret instead.")
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
            "set GRANDSTAND_JWT_SECRET, the same as the server's; "
            "`grandstand token --new-secret` makes one"
        )
    tokens = Tokens(settings.secret)
    sub = sub or f"{role}:{secrets.token_hex(8)}"
    print(tokens.issue(sub, name, _role(role), room or ["*"], _seconds(expires)))


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
