"""A room's run-down: the show in order, and how far it has come. Pure.

Theory of operation: what the items are and what became of them is kept apart. The items are a
producer's text, up to half a megabyte, which only producers read: a commit writes them to the store
and no edge keeps them. What became of them is small and part of the room's state. So the fold alone
decides whether an item goes, once, whoever asks and however often. ``Progress.version`` counts
every change of either; ``Progress.edited`` is the version of the last new text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from grandstand.wire.messages import Time

ITEMS_MAX = 1000
"""Items of one run-down. A gala of four hours may have 300."""

ITEMS_BYTES = 524_288
"""Of a whole run-down, as JSON: 500 bytes an item where there are most of them."""

ItemKind: TypeAlias = Literal["poll", "cue", "card", "note", "break"]
ItemStatus: TypeAlias = Literal["waiting", "on_air", "done"]
ItemId: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$(?!\n)",
        description="1 to 36 letters, digits, `.`, `_` and `-`; the first is a letter or a digit.",
    ),
]


class Item(Struct, frozen=True, omit_defaults=True):
    """An item as it is stored; ``body`` is what it does, by its kind."""

    id: str
    kind: ItemKind
    title: str
    expected_at: int | None = None
    body: Any = None


class Progress(Struct, frozen=True, omit_defaults=True):
    """How far the show has come; ``on_air`` is the item that went last, at ``at`` (programme time,
    ms), or empty."""

    version: int = 0
    edited: int = 0
    on_air: str = ""
    at: int = 0


class RundownItem(Struct, frozen=True):
    """An item and what became of it.

    `body` is what GO does: for `poll` the body of `POST …/polls`, for `cue` that of `POST …/cues`,
    for `card` that of `POST …/stats`; for `note` and `break` a text, or nothing. `poll` is the id
    of the poll that it opened.
    """

    id: ItemId
    kind: ItemKind
    title: str
    status: ItemStatus
    expected_at: Time | UnsetType = UNSET
    body: dict[str, Any] | str | UnsetType = UNSET
    poll: str | UnsetType = UNSET


class Rundown(Struct, frozen=True):
    """The show in order. `version` grows with every change; `went_at` is when the item on air went;
    `next` is the item that follows it, among those that wait."""

    version: Annotated[int, Meta(ge=0)]
    items: list[RundownItem]
    went_at: Time | UnsetType = UNSET
    next: str | UnsetType = UNSET


def rundown_of(progress: Progress, gone: Mapping[str, str], items: Sequence[Item]) -> Rundown:
    """Return what producers see; ``gone`` has the items that went, each with its poll or ``""``."""
    shown = [
        RundownItem(
            item.id,
            item.kind,
            item.title,
            status_of(item.id, progress, gone),
            UNSET if item.expected_at is None else item.expected_at,
            UNSET if item.body is None else item.body,
            gone.get(item.id) or UNSET,
        )
        for item in items
    ]
    went_at = progress.at if progress.on_air else UNSET
    return Rundown(progress.version, shown, went_at, _next(shown) or UNSET)


def status_of(item: str, progress: Progress, gone: Mapping[str, str]) -> ItemStatus:
    """Return where an item stands."""
    if item == progress.on_air:
        return "on_air"
    return "done" if item in gone else "waiting"


def _next(items: Sequence[RundownItem]) -> str | None:
    """Return the first item that waits after the one on air; if none is, after the last done."""
    last = next(
        (
            index
            for status in ("on_air", "done")
            for index in range(len(items) - 1, -1, -1)
            if items[index].status == status
        ),
        -1,
    )
    return next((item.id for item in items[last + 1 :] if item.status == "waiting"), None)
