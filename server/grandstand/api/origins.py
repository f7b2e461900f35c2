"""Which pages of other sites may call: Starlette's CORS, with refusals as problem documents."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from grandstand.api import problems
from grandstand.api.problems import ProblemError
from grandstand.wire.codes import ErrorCode


class _Origins(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser's question before a call; a refusal is a problem document."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == 200:
            return answer
        detail = bytes(answer.body).decode()
        if "origin" in detail:
            detail += ": name it in GRANDSTAND_ORIGINS"
        headers = {"Vary": "Origin"}
        return problems.response(ProblemError(400, ErrorCode.FORBIDDEN, detail, headers=headers))


def let_in(origins: Sequence[str]) -> Middleware:
    """Return the middleware that lets pages of ``origins`` call."""
    return Middleware(
        _Origins,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        expose_headers=["Retry-After"],
    )
