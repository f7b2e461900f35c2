"""Moderation of what engines say: a translation is judged as if somebody had written it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy


class RoomJudge:
    """Judges texts by the policy of their room; belongs to one event loop."""

    def __init__(self, moderator: Moderator, policy_of: Callable[[str], Policy]) -> None:
        self._moderator = moderator
        self._policy_of = policy_of

    async def __call__(self, room: str, lang: str, texts: Sequence[str]) -> Sequence[bool]:
        """Return of each text whether viewers may see it: no moderator looks at translations, so
        what would be held isn't shown either."""
        judged = await self._moderator.judge(texts, self._policy_of(room))
        return [each.action == "show" for each in judged]
