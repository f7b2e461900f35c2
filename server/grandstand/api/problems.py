"""Problem documents (RFC 9457): the ways in which a call can fail, with the contract's codes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from grandstand.domain.outcome import Refusal
from grandstand.domain.rundown import Rundown
from grandstand.store.errors import StoreUnavailable, UnknownRoomError
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Poll

UNKNOWN_VIEWER = "unknown_viewer"
UNKNOWN_EFFECT = "unknown_effect"
UNKNOWN_ENTITY = "unknown_entity"
UNKNOWN_HIGHLIGHT = "unknown_highlight"
UNKNOWN_ITEM = "unknown_item"
UNKNOWN_VOTE = "unknown_vote"
UNKNOWN_SUGGESTION = "unknown_suggestion"
NOT_AUDITED = "not_audited"
NO_SUGGESTION = "no_suggestion"
"""A model was asked and gave none that may be shown."""

ASSISTANT_OFF = "assistant_off"

STATUS: Mapping[str, int] = {
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.UNKNOWN_ROOM: 404,
    ErrorCode.UNKNOWN_POLL: 404,
    Refusal.UNKNOWN_COMMENT: 404,
    UNKNOWN_VIEWER: 404,
    UNKNOWN_ENTITY: 404,
    UNKNOWN_HIGHLIGHT: 404,
    UNKNOWN_ITEM: 404,
    UNKNOWN_VOTE: 404,
    UNKNOWN_SUGGESTION: 404,
    NOT_AUDITED: 404,
    Refusal.IMPOSSIBLE_STEP: 409,
    Refusal.OUTDATED: 409,
    ASSISTANT_OFF: 409,
    ErrorCode.RATE_LIMITED: 429,
    NO_SUGGESTION: 502,
    ErrorCode.OVERLOADED: 503,
    ErrorCode.UNAVAILABLE: 503,
    Refusal.INTERNAL_ERROR: 500,
}
"""The HTTP status of a refusal; a code that isn't here is a fault of what was sent, 422."""

HTTP_CODES = (
    Refusal.UNKNOWN_COMMENT,
    UNKNOWN_VIEWER,
    UNKNOWN_EFFECT,
    UNKNOWN_ENTITY,
    UNKNOWN_HIGHLIGHT,
    UNKNOWN_ITEM,
    UNKNOWN_VOTE,
    UNKNOWN_SUGGESTION,
    NOT_AUDITED,
    NO_SUGGESTION,
    ASSISTANT_OFF,
    Refusal.IMPOSSIBLE_STEP,
    Refusal.OUTDATED,
    "not_found",
    "method_not_allowed",
    Refusal.INTERNAL_ERROR,
)
"""Code words for what sockets don't know."""

RETRY_AFTER_S = 1

MAX_FAULTS = 100
"""Faults that one answer reports."""

MAX_FAULT_CHARS = 200
"""Longest path and longest message; both may quote what was sent."""

MAX_DETAIL_CHARS = 2000


class Fault(Struct, frozen=True):
    """One fault of what was sent."""

    path: Annotated[str, Meta(description="As in `options[2].text`; empty for the whole.")]
    message: str


class Problem(Struct, frozen=True):
    """Why a call had no effect (RFC 9457)."""

    type: str
    title: str
    status: int
    code: Annotated[
        str,
        Meta(description="One of: " + ", ".join([*map(str, ErrorCode), *HTTP_CODES])),
    ]
    detail: str
    errors: list[Fault] | UnsetType = UNSET
    rundown: (
        Annotated[Rundown, Meta(description="The present one, if what was sent is outdated.")]
        | UnsetType
    ) = UNSET
    poll: (
        Annotated[Poll, Meta(description="As it is, if a step with it was impossible.")] | UnsetType
    ) = UNSET


class ProblemError(Exception):
    """An error that ends a call with a problem document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        rundown: Rundown | UnsetType = UNSET,
        poll: Poll | UnsetType = UNSET,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.problem = Problem(
            type="about:blank",
            title=HTTPStatus(status).phrase,
            status=status,
            code=str(code),
            detail=detail,
            errors=list(errors) or UNSET,
            rundown=rundown,
            poll=poll,
        )
        self.headers = dict(headers or {})


def invalid(errors: Sequence[Fault], code: ErrorCode = ErrorCode.BAD_MESSAGE) -> ProblemError:
    """Return 422 with the path of each fault, or of the first ``MAX_FAULTS``."""
    reported = [
        Fault(_cut(fault.path, MAX_FAULT_CHARS), _cut(fault.message, MAX_FAULT_CHARS))
        for fault in errors[:MAX_FAULTS]
    ]
    detail = "; ".join(f"{fault.path}: {fault.message}".removeprefix(": ") for fault in reported)
    return ProblemError(422, code, _cut(detail, MAX_DETAIL_CHARS), reported)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def not_allowed(method: str, allowed: str) -> ProblemError:
    """Return 405 with the methods that there are."""
    detail = f"{method} isn't possible here; possible are {allowed}"
    return ProblemError(405, "method_not_allowed", detail, headers={"Allow": allowed})


def of_error(error: Exception) -> ProblemError | None:
    """Return the problem for an error of the layers below; None for a fault of our own."""
    match error:
        case ProblemError():
            return error
        case RefusedError():
            return of_refusal(error.code, error.message, error.retry_after)
        case UnknownRoomError():
            return ProblemError(404, ErrorCode.UNKNOWN_ROOM, f"there is no room {error}")
        case StoreUnavailable():
            detail = "the store doesn't answer now; whether the call had an effect isn't known"
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            return ProblemError(503, ErrorCode.UNAVAILABLE, detail, headers=headers)
    return None


def internal() -> ProblemError:
    """Return 500; the log has the details."""
    return of_refusal(Refusal.INTERNAL_ERROR, "our fault; it has been written to the log")


def of_refusal(code: str, message: str, retry_after: float | None = None) -> ProblemError:
    """Return the problem for a refusal of the room or the server."""
    status = STATUS.get(code, 422)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="grandstand"'
    if status in (429, 503):
        headers["Retry-After"] = str(math.ceil(retry_after or RETRY_AFTER_S))
    return ProblemError(status, code, message, headers=headers)


def impossible_step(message: str, poll: Poll) -> ProblemError:
    """Return 409 with the poll as it is."""
    code = Refusal.IMPOSSIBLE_STEP
    return ProblemError(STATUS[code], code, message, poll=poll)


def response(error: ProblemError) -> Response:
    """Return the problem document as an answer."""
    return Response(
        msgspec.json.encode(error.problem),
        status_code=error.problem.status,
        headers={"Cache-Control": "no-store", **error.headers},
        media_type="application/problem+json",
    )


async def not_found(request: Request, error: Exception) -> Response:
    """Handle status 404 for Starlette: paths without a route."""
    return response(ProblemError(404, "not_found", f"there is nothing at {request.url.path}"))
