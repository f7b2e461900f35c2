"""What one tick does to the room's run-down. Pure; changes nothing of the state itself.

``sequencer.draft`` does what an item does, between ``may_go`` and ``go``: if that is impossible,
the item still waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from grandstand.domain.outcome import ImpossibleEventError, Refusal
from grandstand.domain.rundown import Progress


@dataclass(slots=True)
class RundownDraft:
    """The run-down while the events of a tick are read.

    ``items`` is the new text, in the form of the store, if there is one.
    """

    progress: Progress
    before: Mapping[str, str]
    items: bytes | None = None
    _moved: dict[str, str | None] = field(default_factory=dict)
    _is_changed: bool = False

    @property
    def changes(self) -> tuple[Progress | None, dict[str, str | None]]:
        """Return the new progress, or None, and which items went (each with its poll) or wait again
        (None)."""
        return (self.progress if self._is_changed else None), self._moved

    def put(self, before: int, ids: Collection[str], items: bytes) -> None:
        """Replace the items; those that are still there stay where they stand.

        Raises ImpossibleEventError if the version isn't the present one.
        """
        self._expect(before)
        there = set(ids)
        self._forget(item for item in self._gone() if item not in there)
        self.items = items
        self._step(edited=self.progress.version + 1)

    def may_go(self, item: str, version: int) -> bool:
        """Return whether an item waits, as it was read in ``version``.

        Raises ImpossibleEventError if there has been a new text since.
        """
        if item in self._gone():
            return False
        if version < self.progress.edited:
            raise self._outdated()
        return True

    def go(self, item: str, poll: str, now: int) -> None:
        """Put an item on air; what was on air is done. ``poll`` is what it opened, or empty."""
        self._moved[item] = poll
        self._step(on_air=item, at=now)

    def reset(self, before: int, items: Collection[str] | None) -> None:
        """Let items wait again, or all. Raises ImpossibleEventError as ``put`` does."""
        self._expect(before)
        gone = self._gone()
        self._forget(gone if items is None else [item for item in items if item in gone])
        self._step()

    def _gone(self) -> list[str]:
        merged = {**self.before, **self._moved}
        return [item for item, poll in merged.items() if poll is not None]

    def _forget(self, items: Iterable[str]) -> None:
        for item in items:
            self._moved[item] = None
            if item == self.progress.on_air:
                self.progress = replace(self.progress, on_air="", at=0)

    def _step(self, **changes: object) -> None:
        self.progress = replace(self.progress, version=self.progress.version + 1, **changes)
        self._is_changed = True

    def _expect(self, version: int) -> None:
        if version != self.progress.version:
            raise self._outdated()

    def _outdated(self) -> ImpossibleEventError:
        words = f"the run-down has changed meanwhile: its version is {self.progress.version}"
        return ImpossibleEventError(Refusal.OUTDATED, words)
