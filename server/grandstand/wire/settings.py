"""A room's settings, with their defaults and bounds."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

MAX_PATIENCE_MS = 2000

MAX_LANGUAGES = 40
"""Languages into which a room is translated: each is a question to a translator a tick."""

Level: TypeAlias = Annotated[int, Meta(ge=0, le=4, description="0 off, 4 strictest.")]


class Moderation(Struct, frozen=True, forbid_unknown_fields=True):
    """How strictly a room's comments are judged."""

    level: Level = 2
    categories: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=32)], Level], Meta(max_length=32)
    ] = {}
    on_timeout: Literal["hold", "allow"] = "hold"


class Selection(Struct, frozen=True, forbid_unknown_fields=True):
    """What decides, besides the comment itself, whether it is shown; 0 is off."""

    novelty: Annotated[
        float,
        Meta(ge=0, le=2, description="minutes until a shown text may be shown again"),
    ] = 1
    fairness: Annotated[
        float,
        Meta(ge=0, le=2, description="how much an author who was just shown loses weight"),
    ] = 1
    moment: Annotated[
        float,
        Meta(ge=0, le=2, description="how much a roar prefers cheers, quiet substance"),
    ] = 1
    least: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            description="comments of a lower weight are not shown",
        ),
    ] = 0


class AssistantSwitches(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"poll_questions": "poll-questions"}
):
    """What a model may suggest in a room, if the operator names one: each has a switch.
    `sentences`: it may word the cards that rules make, which viewers see without a person between,
    marked as its own."""

    poll_questions: bool = True
    summary: bool = True
    peak: bool = True
    appeal: bool = True
    sentences: bool = False


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """A room's settings; none of them is a secret."""

    title: Annotated[str, Meta(max_length=200)] = ""
    stream: Annotated[
        str,
        Meta(
            max_length=2048,
            pattern=r"^(https?://[!-~]+|/([!-.0-\[\]-~][!-~]*)?)?$(?!\n)",
            description="The picture: an HLS playlist's URL, or path here; none if empty.",
        ),
    ] = ""
    guests: Literal["none", "watch", "comment", "vote"] = "comment"
    transport: Annotated[
        Literal["socket", "segments", "auto"],
        Meta(description="How viewers follow who only watch; auto: a socket up to `sockets`."),
    ] = "socket"
    sockets: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="viewers, over all servers, from whom on `auto` gives new ones segments",
        ),
    ] = 10_000
    max_text: Annotated[int, Meta(ge=1, le=500, description="characters")] = 100
    max_latency: Annotated[int, Meta(ge=1000, le=600_000, description="ms")] = 60_000
    programme_offset: Annotated[int, Meta(ge=-86_400_000, le=86_400_000, description="ms")] = 0
    comment_interval: Annotated[float, Meta(ge=0, le=3600, description="s")] = 2
    comment_burst: Annotated[int, Meta(ge=1, le=10_000)] = 3
    budget: Annotated[int, Meta(ge=1, le=1000, description="comments shown a second")] = 30
    tick: Annotated[int, Meta(ge=50, le=2000, description="ms")] = 200
    patience: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_PATIENCE_MS,
            description="ms that frames may wait at most for viewers who let them wait",
        ),
    ] = 1000
    selection: Selection = Selection()
    moderation: Moderation = Moderation()
    assistant: AssistantSwitches = AssistantSwitches()
    shield: bool = False
    cards: Annotated[
        Literal["everyone", "followers", "none"],
        Meta(description="Who gets the cards that rules make of kinds whose schema says how."),
    ] = "everyone"
    lang: Annotated[
        str,
        Meta(
            max_length=35,
            pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)?$(?!\n)",
            description="BCP 47: what is mostly spoken, and written on cards; English if empty.",
        ),
    ] = ""
    languages: Annotated[
        list[
            Annotated[
                str,
                Meta(
                    max_length=35,
                    pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$(?!\n)",
                    description="a BCP 47 tag, as en, pt-BR or zh-Hans",
                ),
            ]
        ],
        Meta(
            max_length=MAX_LANGUAGES,
            description="BCP 47: into which the room is translated, for viewers who ask for them.",
        ),
    ] = []
    highlights: Annotated[
        float,
        Meta(ge=0, le=60, description="wanted an hour; with 0 none are looked for"),
    ] = 6
    record_retention: Annotated[int, Meta(ge=60, le=31_536_000, description="s")] = 86_400
    held_for: Annotated[
        int,
        Meta(
            ge=10,
            le=86_400,
            description="s until an undecided held comment leaves the queue",
        ),
    ] = 1800
