"""What a suggestion is: marked as a model's, with what it rests on. Pure."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from grandstand.assistant.material import RestsOn
from grandstand.wire.messages import Time

FeatureName: TypeAlias = Literal["poll-questions", "summary", "peak", "appeal", "sentences"]

Outcome: TypeAlias = Literal["sent", "changed", "dismissed"]

Failure: TypeAlias = Literal[
    "busy", "budget", "paused", "late", "key", "service", "answer", "unfit", "off"
]
"""Why a request brings no suggestion."""


class Suggestion(Struct, frozen=True, omit_defaults=True):
    """A text by a model: a question with its `options`, what a part of the audience says, what
    seems to have happened at a highlight, or a draft of an answer.

    `comments`, `cues`, `stats` and `items` are the ids of what it rests on; `count` is computed
    from them: how many comments they stand for.
    """

    text: str
    options: list[str] = []
    count: int = 0
    comments: list[str] = []
    cues: list[str] = []
    stats: list[str] = []
    items: list[str] = []


class Model(Struct, frozen=True, omit_defaults=True):
    """Which model answered; `version` is what its endpoint says of itself, if it says anything."""

    name: str
    version: str | UnsetType = UNSET


class PromptVersion(Struct, frozen=True):
    """Which prompt it was given."""

    name: str
    version: int


class Suggested(Struct, frozen=True):
    """Suggestions for a person to send, change or dismiss; see `outcome`. All of it was made by the
    model `by`, except counts and what it rests on."""

    id: str
    feature: FeatureName
    lang: Annotated[str, Meta(description="BCP 47: what the texts are written in.")]
    suggestions: list[Suggestion]
    rests_on: RestsOn
    by: str
    model: Model
    prompt: PromptVersion
    at: Time
