"""From the bytes of a body, or a query, to a typed struct, or to all of its faults at once.

msgspec stops at the first fault. A producer's form wants to mark every wrong field, so what msgspec
refuses is looked at again field by field, following the struct's own types.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from starlette.requests import Request

from grandstand.producers.problems import Fault, ProblemError, invalid
from grandstand.wire.codes import ErrorCode

MAX_BODY_BYTES = 65536
MAX_LINES_BYTES = 1_048_576
MAX_FAULTS = 100
"""Faults of many lines that are told; who has so many has one."""

NDJSON = "application/x-ndjson"

S = TypeVar("S", bound=Struct)
Also = Callable[[dict[str, Any]], Iterable[Fault]]
"""Looks at the well-formed fields of a body for faults between them."""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No fields; the body may be left out."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a body; ``number`` counts from 1, and is 0 where the body isn't one of lines."""

    number: int
    raw: object

    def path(self, field: str) -> str:
        """Where in the body a field of this line is."""
        return _join(f"line {self.number}", field).removesuffix(".") if self.number else field


async def read_json(request: Request) -> object:
    """The body's JSON, an empty body being ``{}``. Raises ProblemError 400 or 413."""
    body = await read_body(request, MAX_BODY_BYTES)
    return _decoded(body, "the body") if body else {}


async def read_lines(request: Request) -> list[Line]:
    """The body's lines of JSON, or the whole as one. Raises ProblemError 400 or 413.

    Lines are what calls itself NDJSON, and what is no JSON as a whole but has several lines.
    """
    body = await read_body(request, MAX_LINES_BYTES)
    lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    if not request.headers.get("content-type", "").startswith(NDJSON):
        try:
            return [Line(0, _decoded(body, "the body") if body else {})]
        except ProblemError:
            if len(lines) < 2:
                raise
    return [Line(number, _decoded(line, f"line {number}")) for number, line in lines]


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body. Raises ProblemError 413 if it is longer."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            detail = f"a body may have {max_bytes} bytes"
            raise ProblemError(413, ErrorCode.TOO_LONG, detail, headers={"Connection": "close"})
    return bytes(body)


def _decoded(text: bytes, what: str) -> object:
    try:
        decoded: object = msgspec.json.decode(text)
        return decoded
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        detail = f"{what} isn't JSON: {fault}"
        raise ProblemError(400, ErrorCode.BAD_MESSAGE, detail) from None


def checked(raw: object, kind: type[S], also: Also | None = None, strict: bool = True) -> S:
    """``raw`` as ``kind``. Raises ProblemError 422 with every fault.

    ``also`` is told the fields that are well-formed by themselves; what it says of a field that has
    a fault already isn't repeated. Without ``strict``, numbers may come as text, as in a query.
    """
    found = faults(raw, kind, strict=strict)
    if also is not None and isinstance(raw, dict):
        told = {_field_of(fault) for fault in found}
        good = {
            field.encode_name: msgspec.convert(raw[field.encode_name], field.type, strict=strict)
            for field in msgspec.structs.fields(kind)
            if field.encode_name in raw and field.encode_name not in told
        }
        found += [fault for fault in also(good) if _field_of(fault) not in told]
    if found:
        raise invalid(found)
    return msgspec.convert(raw, kind, strict=strict)


def checked_lines(lines: Sequence[Line], kind: type[S], also: Also | None = None) -> list[S]:
    """Each line as ``kind``. Raises ProblemError 422 with every fault, its line in its path."""
    found: list[Fault] = []
    good: list[S] = []
    for line in lines:
        try:
            good.append(checked(line.raw, kind, also))
        except ProblemError as refused:
            errors = refused.problem.errors or []
            found += (Fault(line.path(fault.path), fault.message) for fault in errors)
    if found:
        raise invalid(found[:MAX_FAULTS])
    return good


def faults(raw: object, kind: Any, path: str = "", strict: bool = True) -> list[Fault]:
    """Everything about ``raw`` that ``kind`` doesn't allow."""
    try:
        msgspec.convert(raw, kind, strict=strict)
    except msgspec.ValidationError as error:
        inner = list(_inside(raw, kind, path, strict))
        message, _, _ = str(error).partition(" - at ")
        return inner or [Fault(path, message[:1].lower() + message[1:])]
    return []


def _inside(raw: object, kind: Any, path: str, strict: bool) -> Iterator[Fault]:
    """Faults of the parts, if ``raw`` is the sort of thing that ``kind`` is."""
    for part in _alternatives(kind):
        arguments = get_args(part)
        if isinstance(raw, dict) and isinstance(part, type) and issubclass(part, Struct):
            yield from _inside_struct(raw, part, path, strict)
        elif isinstance(raw, dict) and get_origin(part) is dict:
            for name, value in raw.items():
                yield from faults(name, arguments[0], _join(path, name), strict)
                yield from faults(value, arguments[1], _join(path, name), strict)
        elif isinstance(raw, list) and get_origin(part) is list:
            for index, value in enumerate(raw):
                yield from faults(value, arguments[0], f"{path}[{index}]", strict)


def _inside_struct(
    raw: Mapping[Any, object], kind: type[Struct], path: str, strict: bool
) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in raw:
            yield from faults(raw[name], field.type, _join(path, name), strict)
        elif field.required:
            yield Fault(_join(path, name), "is missing")
    if kind.__struct_config__.forbid_unknown_fields:
        for name in [name for name in raw if name not in fields]:
            known = ", ".join(fields) or "none"
            yield Fault(_join(path, name), f"isn't known; known are {known}")


def _alternatives(kind: Any) -> list[Any]:
    if get_origin(kind) is Annotated:
        return _alternatives(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return [bare for part in get_args(kind) for bare in _alternatives(part)]
    return [kind]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _field_of(fault: Fault) -> str:
    return fault.path.partition(".")[0].partition("[")[0]
