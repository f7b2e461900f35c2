"""Tokens that are revoked before they expire. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from grandstand.domain.identity import Identity
from grandstand.wire.codes import ErrorCode, RefusedError

Kind: TypeAlias = Literal["jti", "sub"]

MAX_REVOCATIONS = 10_000


@dataclass(frozen=True, slots=True)
class Revocation:
    """A token (``jti``) or all tokens of a person (``sub``), revoked at ``at`` and kept until
    ``until``; both in ms since the Unix epoch, by the store's clock."""

    kind: Kind
    value: str
    at: int
    until: int


@dataclass(slots=True)
class Revocations:
    """All revocations that are in force, as this process knows them."""

    jtis: dict[str, Revocation] = field(default_factory=dict)
    subs: dict[str, Revocation] = field(default_factory=dict)

    def replace(self, revocations: Mapping[tuple[Kind, str], Revocation]) -> bool:
        """Replace all revocations; return whether there are new ones among them."""
        before = {*self.jtis.values(), *self.subs.values()}
        self.jtis = {each.value: each for each in revocations.values() if each.kind == "jti"}
        self.subs = {each.value: each for each in revocations.values() if each.kind == "sub"}
        return any(each not in before for each in revocations.values())

    def check(self, identity: Identity, now_ms: float) -> None:
        """Raise RefusedError(unauthorized) for a token that was revoked.

        For a person these are all tokens made until then, and those that don't say when they were
        made.
        """
        by_id = self.jtis.get(identity.token_id)
        by_sub = self.subs.get(identity.sub)
        if (by_id is not None and now_ms < by_id.until) or (
            by_sub is not None and now_ms < by_sub.until and identity.issued_s * 1000 <= by_sub.at
        ):
            raise RefusedError(ErrorCode.UNAUTHORIZED, "the token was revoked: get a new one")
