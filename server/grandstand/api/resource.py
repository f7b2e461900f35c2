"""The order in which a call is handled: caller, room, body, handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from grandstand.api import guests, problems
from grandstand.api.auth import check_access, identify
from grandstand.api.operations import Api, Call, Operation
from grandstand.api.problems import ProblemError
from grandstand.api.validation import Nothing, read_json, read_lines
from grandstand.domain.identity import check_may, unknown_room
from grandstand.replica.room import LiveRoom
from grandstand.store.errors import UnknownRoomError
from grandstand.wire.codes import ErrorCode, RefusedError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Resource:
    """All calls of one path, as an ASGI application."""

    api: Api
    by_method: Mapping[str, Operation]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": self._allowed()})
        operation = self.by_method.get("GET" if request.method == "HEAD" else request.method)
        try:
            if operation is None:
                raise problems.not_allowed(request.method, self._allowed())
            return await self._carry_out(operation, request)
        except ClientDisconnect:
            return problems.response(ProblemError(400, ErrorCode.BAD_MESSAGE, "the body broke off"))
        except Exception as error:
            problem = problems.of_error(error)
            if problem is None:
                log.exception("call_failed", method=request.method, path=request.url.path)
                problem = problems.internal()
            return problems.response(problem)

    def _allowed(self) -> str:
        methods = {*self.by_method, "OPTIONS"}
        return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))

    async def _carry_out(self, operation: Operation, request: Request) -> Response:
        identity = identify(request, self.api.tokens, operation.access)
        room = str(request.path_params["room"]) if operation.is_about_a_room else None
        check_access(identity, operation.access, room)
        call = Call(self.api, request, operation, identity)
        if room is not None and not operation.makes_room:
            call.followed = await self._room(call, room)
            if operation.access == "watch":
                check_may(identity, "watch", call.live.replica.state.settings)
        if operation.lines and not call.is_stream:
            call.lines = await read_lines(request, operation.lines)
        elif operation.body is not None and not operation.lines:
            call.raw = await read_json(request, operation.max_bytes)
        if operation.body is Nothing:
            call.body(Nothing)
        return await operation.handler(call)

    async def _room(self, call: Call, room: str) -> LiveRoom:
        """Return the room. Raises UnknownRoomError, or RefusedError to callers who may not know
        that there is none."""
        try:
            return await self.api.rooms.get(room)
        except UnknownRoomError:
            if call.identity is None and self.api.hides_rooms:
                if call.operation.handler is guests.post:
                    raise RefusedError(ErrorCode.FORBIDDEN, guests.NO_GUESTS) from None
                raise unknown_room(None, is_hidden=True) from None
            raise
