"""The documents of the contract: OpenAPI 3.1 of the calls, AsyncAPI 3 of the socket.

Both are made from the table of calls and from the structs, with their docstrings, bounds and
descriptions. So they say what the code checks.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import grandstand
from grandstand.api.operations import Access, Operation
from grandstand.api.problems import Problem
from grandstand.api.validation import NDJSON
from grandstand.domain.effects import EFFECT_ID
from grandstand.domain.rundown import ItemId
from grandstand.domain.segments import Name
from grandstand.store.rooms import ROOM_ID
from grandstand.wire.codes import AFTER_OTHER_CODES, AfterClose, CloseCode
from grandstand.wire.messages import ClientMessage, ServerMessage

Document = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_WHO: Mapping[Access, str] = {
    "open": "Anyone.",
    "watch": "Who may watch: with a token for the room, or without one if it lets guests in.",
    "viewer": "Whoever has a token for the room.",
    "moderator": "Moderators and producers.",
    "producer": "Producers.",
}
_PATH_PARTS: Mapping[str, tuple[str, Document]] = {
    "room": ("The room's id.", {"type": "string", "pattern": f"^{ROOM_ID.pattern}$"}),
    "poll": ("The poll's id.", {"type": "string"}),
    "comment": ("The comment's id.", {"type": "string"}),
    "highlight": ("The highlight's id.", {"type": "string"}),
    "effect": ("The effect's id.", {"type": "string", "pattern": f"^{EFFECT_ID.pattern}$"}),
    "epoch": ("The epoch of the segment.", {"type": "string"}),
    "segment": (
        "A segment and its form: `{n}.msgpack`, `{n}.json`, or `{n}.{lang}.msgpack`.",
        {"type": "string", "pattern": Name.PATTERN},
    ),
    "entity": ("The entity's id.", {"type": "string"}),
    "kind": ("A kind: an entity's id up to its first colon.", {"type": "string"}),
    "item": ("The id of an item of the run-down.", msgspec.json.schema(ItemId)),
    "suggestion": ("The suggestions' id.", {"type": "string"}),
    "user": ("The viewer, as `user` in comments.", {"type": "string"}),
}
_INFO = {"title": "Grandstand", "version": grandstand.__version__}


def routes(operations: Sequence[Operation]) -> list[BaseRoute]:
    """Return the routes of both documents."""
    return [
        _serving("/openapi.json", lambda: openapi(operations)),
        _serving("/asyncapi.json", asyncapi),
    ]


def _serving(path: str, document: Callable[[], Document]) -> Route:
    @cache  # made when somebody first asks: it takes longer than all other routes
    def encoded() -> bytes:
        return msgspec.json.encode(document())

    async def serve(request: Request) -> Response:
        return Response(encoded(), media_type="application/json")

    return Route(path, serve)


# --- OpenAPI -------------------------------------------------------------------------------------


def openapi(operations: Sequence[Operation]) -> Document:
    """Return the calls as an OpenAPI 3.1 document."""
    kinds = {Problem: None} | {
        kind: None
        for operation in operations
        for kind in (
            *operation.answers.values(),
            *operation.events.values(),
            operation.body,
            operation.recording,
        )
        if kind is not None and issubclass(kind, Struct)
    }
    schemas = _schemas(list(kinds))
    paths: dict[str, Document] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _operation(operation: Operation) -> Document:
    text = inspect.getdoc(operation.handler) or ""
    module = operation.handler.__module__.rpartition(".")[2]
    described: Document = {
        "operationId": f"{module}_{operation.handler.__name__}",
        "summary": text.partition("\n")[0],
        "description": f"{text}\n\n{_WHO[operation.access]}",
        "parameters": _parameters(operation),
        "responses": {
            **{
                str(status): _EMPTY.get(status, _DONE) if kind is None else _answer(operation, kind)
                for status, kind in operation.answers.items()
            },
            **{str(status): _PROBLEM for status in _refusals(operation)},
        },
        "security": [] if operation.access == "open" else [{"token": []}],
    }
    if not operation.answers:
        described["responses"]["200"] = _answer(operation, None)
    if operation.events:
        described["responses"]["200"]["x-events"] = {
            name: _schema_of(kind) for name, kind in operation.events.items()
        }
        described["parameters"].append(_LAST_EVENT_ID)
    if operation.access == "watch":
        described["security"].append({})
    if operation.body is not None:
        content = {"application/json": {"schema": _reference(operation.body)}}
        if operation.lines:
            content[NDJSON] = {"schema": {"type": "string"}}
        described["requestBody"] = {
            "required": any(field.required for field in msgspec.structs.fields(operation.body)),
            "content": content,
        }
    if operation.recording is not None:
        as_list = {"type": "array", "items": _reference(operation.recording)}
        as_text = {"schema": {"type": "string"}}
        described["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {"schema": as_list},
                NDJSON: as_text,
                "application/xml": as_text,
            },
        }
    return described


def _answer(operation: Operation, kind: type[Struct] | None) -> Document:
    json = {"schema": {"type": "string"} if kind is None else _reference(kind)}
    text = {"schema": {"type": "string"}}
    return {
        "description": "As asked." if kind is None else _first_line(kind),
        "content": {
            media: json if media == "application/json" else text for media in operation.media
        },
    }


def _schema_of(kind: type) -> Document:
    """Return the schema of an event's data, for which OpenAPI 3.1 has no field of its own."""
    return _reference(kind) if issubclass(kind, Struct) else {"type": "string"}


_LAST_EVENT_ID: Document = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The last `id` that the caller got: the events after it follow.",
    "schema": {"type": "string"},
}

_DONE: Document = {"description": "Done; the answer is empty."}

_EMPTY: Mapping[int, Document] = {
    304: {"description": "As it was; the answer is empty."},
    307: {"description": "`Location` says where it is now; the answer is empty."},
}

_PROBLEM: Document = {
    "description": "A problem document.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _refusals(operation: Operation) -> list[int]:
    statuses = {500, 503, *operation.refusals}
    if operation.access != "open":
        statuses |= {401, 403}
    if "{" in operation.path and not operation.makes_room:
        statuses |= {404}
    if operation.body is not None or operation.recording is not None:
        statuses |= {400, 413, 415, 422}
    if operation.query is not None:
        statuses |= {422}
    if operation.access == "producer" and operation.body is not None and not operation.lines:
        statuses |= {429}  # a room takes so many of what everybody is told
    return sorted(statuses)


def _parameters(operation: Operation) -> list[Document]:
    found: list[Document] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARTS[name][0],
            "schema": _PATH_PARTS[name][1],
        }
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    if operation.query is not None:
        schema = _schemas([operation.query])[operation.query.__name__]
        found += [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": field,
            }
            for name, field in schema["properties"].items()
        ]
    return found


# --- AsyncAPI ------------------------------------------------------------------------------------


def asyncapi() -> Document:
    """Return the socket as an AsyncAPI 3 document."""
    from_clients, from_server = get_args(ClientMessage), get_args(ServerMessage)
    kinds = [*from_clients, *from_server]
    return {
        "asyncapi": "3.0.0",
        "info": {**_INFO, "description": _SOCKET},
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": "/v1/rooms/{room}/live",
                "description": _SOCKET,
                "parameters": {"room": {"description": "The room's id."}},
                "messages": {
                    kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}
                    for kind in kinds
                },
                "bindings": {"ws": {"method": "GET"}},
                "x-close-codes": _closes(),
            }
        },
        "operations": {
            "fromClients": _flow("receive", from_clients),
            "fromServer": _flow("send", from_server),
        },
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in kinds},
            "schemas": _schemas(kinds),
        },
    }


_SOCKET = (
    "A WebSocket; the subprotocol is `grandstand.v1.msgpack` (binary frames) or "
    "`grandstand.v1.json` (text frames, also if none is offered). The first message is `hello`."
)


def _closes() -> Document:
    """Return what a client must do after each close code, for which AsyncAPI has no field of its
    own."""
    return {
        "codes": [
            {"code": int(each), "client": each.client, "meaning": each.meaning}
            for each in CloseCode
        ],
        "others": AFTER_OTHER_CODES,
        "clients": {each: each.rule for each in AfterClose},
    }


def _flow(action: str, kinds: Sequence[type[Struct]]) -> Document:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/live"},
        "messages": [{"$ref": f"#/channels/live/messages/{kind.__name__}"} for kind in kinds],
    }


def _message(kind: type[Struct]) -> Document:
    return {
        "name": str(kind.__struct_config__.tag),
        "summary": _first_line(kind),
        "payload": _reference(kind),
    }


# --- both ----------------------------------------------------------------------------------------


def _schemas(kinds: Sequence[type[Struct]]) -> dict[str, Document]:
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    return dict(schemas)


def _reference(kind: type[Struct]) -> Document:
    return {"$ref": _REFERENCE.format(name=kind.__name__)}


def _first_line(kind: type[Struct]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]
