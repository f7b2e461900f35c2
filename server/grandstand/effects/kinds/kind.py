"""What a kind of action can do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from grandstand.domain.effects import Firing
from grandstand.effects.answer import Answer
from grandstand.effects.outbound import Outbound

MASK = ""
"""In place of a secret in whatever comes out."""


class Kind(Protocol):
    """One kind of action. Objects have no state: one serves all rooms."""

    optional: Collection[str]
    """Secrets that an action may be without."""

    def flaws(self, action: Any) -> list[tuple[str, str]]:
        """Return what is wrong with an action that a producer gives, each with its field."""

    def target(self, action: Any) -> str:
        """Return where it goes: secrets that are left out stay only while this does."""

    def secrets(self, action: Any) -> Mapping[str, str]:
        """Return the parts that go in and never come out, by their paths in the action.

        One that isn't given, or is given as it is shown, is ``MASK``.
        """

    def without_secrets(self, action: Any) -> Any:
        """Return the action as it may be shown."""

    async def attempt(
        self, outbound: Outbound, action: Any, secrets: Mapping[str, str], firing: Firing
    ) -> Answer:
        """Do it once. Raises ForbiddenAddressError; any other failure is an answer."""
