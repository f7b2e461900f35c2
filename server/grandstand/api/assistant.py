"""What a model suggests to producers, and of answers to appeals to moderators, too; what they do
with it; and the switch for all rooms.

Each answer says by which model it was made and what it rests on. Nothing goes to viewers by itself:
a person sends it, by the calls that it would be sent with anyway, and says so (`outcome`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api import assistant_material, assistant_state
from grandstand.api.assistant_state import is_switched_on
from grandstand.api.operations import Access, Call, Operation, answer
from grandstand.api.problems import (
    ASSISTANT_OFF,
    NO_SUGGESTION,
    UNKNOWN_SUGGESTION,
    of_refusal,
)
from grandstand.assistant.assistant import OffError, SuggestionError
from grandstand.assistant.features.registry import FEATURES
from grandstand.assistant.material import Material
from grandstand.assistant.suggestion import (
    FeatureName,
    Outcome,
    Suggested,
)
from grandstand.domain.outcome import Refusal
from grandstand.wire.codes import ErrorCode, RefusedError

LANG = "en"
"""What is spoken in a room that doesn't say it."""

Lang = Annotated[
    str,
    Meta(
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$(?!\n)",
        description="BCP 47: what to write in; the room's `lang` unless said.",
    ),
]
Minutes = Annotated[int, Meta(ge=1, le=10, description="of comments, up to now")]


class QuestionsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """From which comments; the questions are in the room's `lang`."""

    minutes: Minutes = 3


class SummaryBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Of which comments, and in which language."""

    minutes: Minutes = 1
    lang: Lang | UnsetType = UNSET


class PeakBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which highlight to explain."""

    highlight: str
    lang: Lang | UnsetType = UNSET


class AppealBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which comment of the moderators' queue to draft an answer about."""

    comment: str
    lang: Lang | UnsetType = UNSET


class OutcomeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person did with suggestions: sent one as it was, sent it changed, or none."""

    outcome: Outcome


class OutcomeTold(Struct, frozen=True):
    """What was counted."""

    id: str
    outcome: Outcome


# --- suggestions ---------------------------------------------------------------------------------


async def poll_questions(call: Call) -> Response:
    """Suggest questions for a poll, from the last minutes' comments and what comes next.

    Each `text` with its `options` can be the body of `POST …/polls`. Takes some seconds.
    """
    body = call.body(QuestionsBody)
    await _check(call, "poll-questions")
    material = await assistant_material.recent(call, body.minutes, with_rundown=True)
    return await _suggested(call, "poll-questions", material, UNSET)


async def summary(call: Call) -> Response:
    """Say what the audience speaks of, with how many comments stand for each; takes some seconds.

    The counts are computed from the comments that the model names.
    """
    body = call.body(SummaryBody)
    await _check(call, "summary")
    material = await assistant_material.recent(call, body.minutes)
    return await _suggested(call, "summary", material, body.lang)


async def peak(call: Call) -> Response:
    """Say what the audience stirred at, from comments, cues and stats around a highlight."""
    body = call.body(PeakBody)
    await _check(call, "peak")
    material = await assistant_material.around(call, body.highlight)
    return await _suggested(call, "peak", material, body.lang)


async def appeal(call: Call) -> Response:
    """Draft an answer to the author of a held comment, who asks why. The comment itself isn't given
    to the model: the rule and the words that decided are."""
    body = call.body(AppealBody)
    await _check(call, "appeal")
    material = await assistant_material.decided(call, body.comment)
    return await _suggested(call, "appeal", material, body.lang)


async def _check(call: Call, feature: FeatureName) -> None:
    """Raise ProblemError if the feature is off, before anything is read for it."""
    try:
        await call.api.assistant.check_on()
    except OffError as off:
        raise of_refusal(ASSISTANT_OFF, str(off)) from None
    if not is_switched_on(call, feature):
        words = f"`{feature}` is switched off in this room: see its setting `assistant`"
        raise of_refusal(ASSISTANT_OFF, words)


async def _suggested(
    call: Call, feature: FeatureName, material: Material, lang: str | UnsetType
) -> Response:
    live = call.live
    written = lang or live.replica.state.settings.lang or LANG
    assistant = call.api.assistant
    try:
        found: Suggested = await assistant.suggest(
            live.room, FEATURES[feature], material, written, live.now()
        )
    except OffError as off:
        raise of_refusal(ASSISTANT_OFF, str(off)) from None
    except SuggestionError as fault:
        if fault.why in ("busy", "budget"):
            words = str(fault)
            raise RefusedError(ErrorCode.RATE_LIMITED, words, fault.retry_after_s) from None
        raise of_refusal(NO_SUGGESTION, str(fault)) from None
    return answer(found)


# --- what people do with them --------------------------------------------------------------------


async def outcome(call: Call) -> Response:
    """Say what a person did with suggestions: by it the share that people override is known. It
    counts once, within a day; again is 200 and has no effect."""
    name, body = call.path("suggestion"), call.body(OutcomeBody)
    said = await call.api.assistant.outcome(call.live.room, name, body.outcome)
    if said == "unknown":
        words = f"there is no suggestion {name[:64]}, or it is older than a day"
        raise of_refusal(UNKNOWN_SUGGESTION, words)
    if said == "other":
        words = "another outcome of this suggestion was told before"
        raise of_refusal(Refusal.IMPOSSIBLE_STEP, words)
    return answer(OutcomeTold(name, body.outcome))


_ROOM = "/v1/rooms/{room}/assistant"
_EVERYWHERE = "/v1/assistant"

_FEATURES: Sequence[
    tuple[FeatureName, Access, Callable[[Call], Awaitable[Response]], type[Struct]]
] = (
    ("poll-questions", "producer", poll_questions, QuestionsBody),
    ("summary", "producer", summary, SummaryBody),
    ("peak", "producer", peak, PeakBody),
    ("appeal", "moderator", appeal, AppealBody),
)

OPERATIONS: Sequence[Operation] = (
    Operation(
        "GET", _ROOM, "moderator", assistant_state.get, {200: assistant_state.AssistantState}
    ),
    *(
        Operation(
            "POST",
            f"{_ROOM}/{feature}",
            role,
            handler,
            {200: Suggested},
            body=body,
            refusals=(409, 429, 502),
        )
        for feature, role, handler, body in _FEATURES
    ),
    Operation(
        "POST",
        _ROOM + "/{suggestion}/outcome",
        "moderator",
        outcome,
        {200: OutcomeTold},
        body=OutcomeBody,
        refusals=(409,),
    ),
    Operation(
        "PUT",
        _EVERYWHERE,
        "producer",
        assistant_state.switch,
        {200: assistant_state.Switch},
        body=assistant_state.SwitchBody,
    ),
    Operation(
        "GET", _EVERYWHERE, "producer", assistant_state.switched, {200: assistant_state.Switch}
    ),
)
