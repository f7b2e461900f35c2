"""What authors of one room may ask a moderator about, and their asking; forgotten in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from msgspec import UNSET

from grandstand.domain.utterance import Utterance, utterance_of
from grandstand.edge.refusals import KEPT_MS, Refusals
from grandstand.edge.submission import Answer, CommentIn
from grandstand.text.normalise import clean
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Appeal, HeldComment

TURNED_AWAY = "#"
"""Before the id of a comment that was held first, where others have that of their message."""


class Appeals:
    """The refusals of one room at this edge. ``now_ms`` is a clock that doesn't run backwards."""

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self._now_ms = now_ms
        self._refusals = Refusals()
        self._forgetting: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._refusals)

    def refused(self, message_id: str, utterance: Utterance) -> None:
        """Keep what moderation refused at once."""
        self._refusals.keep(message_id, utterance, self._now_ms())
        self._forget_later()

    def turned_away(self, held: Iterable[HeldComment]) -> None:
        """Keep what was held and isn't shown."""
        for comment in held:
            self.refused(TURNED_AWAY + comment.id, utterance_of(comment))

    def comment_of(self, appeal: Appeal, user: str, answer: Answer) -> CommentIn:
        """Return the comment that an appeal puts before a moderator. Raises RefusedError if nothing
        of the viewer's was refused under that id."""
        if not user:
            raise RefusedError(ErrorCode.UNAUTHORIZED, "say `hello` with a token first")
        if (appeal.message is UNSET) is (appeal.comment is UNSET):
            words = "an appeal names the refused `message`, or the `comment` that was turned away"
            raise RefusedError(ErrorCode.BAD_MESSAGE, words)
        name = appeal.message or f"{TURNED_AWAY}{appeal.comment}"
        found = self._refusals.find(user, name, self._now_ms())
        if found is None:
            words = "no comment of yours with this id was refused here in the last five minutes"
            raise RefusedError(ErrorCode.BAD_MESSAGE, words)
        return CommentIn(appeal.id, found, answer, refused_id=name, plea=clean(appeal.text))

    def _forget_later(self) -> None:
        if self._refusals and self._forgetting is None:
            loop = asyncio.get_running_loop()
            self._forgetting = loop.call_later(KEPT_MS / 1000, self._forget)

    def _forget(self) -> None:
        self._forgetting = None
        self._refusals.forget_old(self._now_ms())
        self._forget_later()
