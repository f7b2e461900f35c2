"""Validation of a body or a query: from bytes to a typed struct, or to all faults at once.

msgspec stops at the first fault. A producer's form marks every wrong field, so what msgspec refuses
is examined again field by field, following the struct's own types.
"""

from __future__ import annotations

import asyncio
import codecs
import time
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import chain, islice
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request

from grandstand.api.problems import MAX_FAULTS, Fault, ProblemError, invalid
from grandstand.wire.codes import ErrorCode
from grandstand.wire.readable import unreadable, with_plain_zeros

MAX_BODY_BYTES = 65536
MAX_LINES_BYTES = 1_048_576
MAX_PARTS = 5000
"""Parts of a refused body that are examined one by one: about 10 ms of the loop."""

SLICE_S = 0.002
"""How long lines are judged before other tasks have their turn."""

NOT_BLANK = r"\S"
"""The pattern of a text that has at least one letter."""

NDJSON = "application/x-ndjson"

S = TypeVar("S", bound=Struct)
Also = Callable[[dict[str, Any]], Iterable[Fault]]
"""Checks the well-formed fields of a body for faults between them."""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No fields; the body may be left out."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a body; ``number`` counts from 1, and is 0 where the body isn't one of lines."""

    number: int
    raw: object

    def path(self, field: str) -> str:
        """Return the path in the body of a field of this line."""
        return join(f"line {self.number}", field) if self.number else field


async def read_json(request: Request, max_bytes: int = MAX_BODY_BYTES) -> object:
    """Return the body's JSON; an empty body is ``{}``. Raises ProblemError 400, 413 or 415."""
    body = await read_body(request, max_bytes)
    return decoded(body, "the body") if body else {}


async def read_lines(request: Request, most: int) -> list[Line]:
    """Return the body's lines of JSON, or the whole as one line.

    A body has lines if it calls itself NDJSON, or if it is no JSON as a whole but has several
    lines. Lines are counted before any of them is decoded.

    Raises:
        ProblemError: 400 for what isn't JSON, 413 for a body or a line that is too long, and for
            more than ``most`` lines.
    """
    body = await read_body(request, MAX_LINES_BYTES)
    is_ndjson = request.headers.get("content-type", "").startswith(NDJSON)
    if not is_ndjson and len(body) <= MAX_BODY_BYTES:
        try:
            return [Line(0, decoded(body, "the body") if body else {})]
        except ProblemError:
            if body.strip().count(b"\n") == 0:
                raise
    rows = body.splitlines()
    if len(rows) > 2 * most:  # blank ones between them are passed over
        raise _too_many(len(rows), most)
    texts = [(number, row) for number, row in enumerate(rows, 1) if row.strip()]
    if len(texts) > most:
        raise _too_many(len(texts), most)
    turn = Turn()
    lines = []
    for number, row in texts:
        if len(row) > MAX_BODY_BYTES:
            detail = f"line {number} has {len(row)} bytes; {MAX_BODY_BYTES} may be"
            raise ProblemError(413, ErrorCode.TOO_LONG, detail)
        lines.append(Line(number, decoded(row, f"line {number}")))
        await turn.share()
    return lines


def _too_many(count: int, most: int) -> ProblemError:
    return ProblemError(413, ErrorCode.TOO_LONG, f"{count} lines at once; {most} may be")


class Turn:
    """A long job's turn on the loop."""

    def __init__(self) -> None:
        self._began_s = time.perf_counter()

    async def share(self) -> None:
        """Let other tasks have a turn once this one was long enough."""
        if time.perf_counter() - self._began_s >= SLICE_S:
            await asyncio.sleep(0)
            self._began_s = time.perf_counter()


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body, without the byte order mark that some editors write before UTF-8.

    Raises:
        ProblemError: 413 if it is longer, 415 if it is compressed.
    """
    refuse_compressed(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            detail = f"a body may have {max_bytes} bytes"
            raise ProblemError(413, ErrorCode.TOO_LONG, detail, headers={"Connection": "close"})
    return bytes(body.removeprefix(codecs.BOM_UTF8))


def refuse_compressed(request: Request) -> None:
    """Raise ProblemError 415 for a body that is compressed: its length bounds nothing."""
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity"):
        detail = f"a body is read as it is: send it without `Content-Encoding: {packed[:40]}`"
        headers = {"Accept-Encoding": "identity", "Connection": "close"}
        raise ProblemError(415, ErrorCode.BAD_MESSAGE, detail, headers=headers)


def decoded(text: bytes, what: str) -> object:
    """Return the JSON of a text, ``what`` being its name in a fault. Raises ProblemError 400."""
    try:
        whole: object = msgspec.json.decode(text)
        return with_plain_zeros(whole) if b"-0" in text else whole
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        detail = f"{what} isn't JSON: {fault}"
        raise ProblemError(400, ErrorCode.BAD_MESSAGE, detail) from None


def checked(raw: object, kind: type[S], also: Also | None = None, strict: bool = True) -> S:
    """Return ``raw`` as ``kind``.

    ``also`` gets the fields that are well-formed by themselves; its faults of a field that already
    has one are ignored. Without ``strict``, numbers may come as text, as in a query.

    Raises:
        ProblemError: 422 with every fault, or the first ``MAX_FAULTS``.
    """
    found = faults(raw, kind, strict=strict)
    reported = {_field_of(fault) for fault in found}
    if also is not None and isinstance(raw, dict):
        good = {
            field.encode_name: msgspec.convert(raw[field.encode_name], field.type, strict=strict)
            for field in _fields(kind)
            if field.encode_name in raw and field.encode_name not in reported
        }
        found += [fault for fault in also(good) if _field_of(fault) not in reported]
    if found:
        raise invalid(found)
    return msgspec.convert(raw, kind, strict=strict)


async def checked_lines(lines: Sequence[Line], kind: type[S], also: Also | None = None) -> list[S]:
    """Return each line as ``kind``; other tasks have their turns on the loop meanwhile.

    Raises:
        ProblemError: 422 with the first ``MAX_FAULTS`` faults, each with its line in its path;
            lines after them aren't examined.
    """
    found: list[Fault] = []
    good: list[S] = []
    turn = Turn()
    for line in lines:
        try:
            good.append(checked(line.raw, kind, also))
        except ProblemError as refused:
            errors = refused.problem.errors or []
            found += (Fault(line.path(fault.path), fault.message) for fault in errors)
        if len(found) >= MAX_FAULTS:
            break
        await turn.share()
    if found:
        raise invalid(found)
    return good


def faults(raw: object, kind: Any, path: str = "", strict: bool = True) -> list[Fault]:
    """Return the faults of ``raw``: what ``kind`` doesn't allow, or some reader can't read.

    At most ``MAX_FAULTS``, looked for in at most ``MAX_PARTS`` parts.
    """
    wrong = [*islice(_faults(raw, kind, path, strict, iter(range(MAX_PARTS))), MAX_FAULTS)]
    reported = {fault.path for fault in wrong}
    cannot = (Fault(where, why) for where, why in unreadable(raw, path) if where not in reported)
    return [*islice(chain(wrong, cannot), MAX_FAULTS)]


def _faults(
    raw: object, kind: Any, path: str, strict: bool, parts: Iterator[int]
) -> Iterator[Fault]:
    if next(parts, None) is None:
        return
    try:
        msgspec.convert(raw, kind, strict=strict)
    except RecursionError:
        return  # reported as unreadable
    except msgspec.ValidationError as error:
        has_inner = False
        for fault in _inside(raw, kind, path, strict, parts):
            has_inner = True
            yield fault
        if not has_inner:
            yield Fault(path, _words(error, kind))


def _words(error: msgspec.ValidationError, kind: Any) -> str:
    """Return what is wrong. Says what may be instead where msgspec says only what may not."""
    message, _, _ = str(error).partition(" - at ")
    if message.startswith("Invalid enum value"):
        values = [value for part in _alternatives(kind) for value in _values(part)]
        return f"must be one of {', '.join(map(str, values))}"
    if " matching regex " in message:
        for meta in _metas(kind):
            if meta.pattern == NOT_BLANK:
                return "must not be blank"
            if meta.pattern is not None and meta.description is not None:
                return f"isn't as it must be: {meta.description}"
    return message[:1].lower() + message[1:]


def _metas(kind: Any) -> Iterator[Meta]:
    for part in get_args(kind):
        if isinstance(part, Meta):
            yield part
        else:
            yield from _metas(part)


def _values(kind: Any) -> Sequence[object]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [member.value for member in kind]
    return get_args(kind) if get_origin(kind) is Literal else ()


def _inside(
    raw: object, kind: Any, path: str, strict: bool, parts: Iterator[int]
) -> Iterator[Fault]:
    """Yield the faults of the parts, if ``raw`` is the sort of thing that ``kind`` is."""
    alternatives = _alternatives(kind)
    tagged = [part for part in alternatives if _tag_of(part) is not None]
    if isinstance(raw, dict) and tagged:
        field = tagged[0].__struct_config__.tag_field
        chosen = [part for part in tagged if _tag_of(part) == raw.get(field)]
        if not chosen:
            known = ", ".join(str(_tag_of(part)) for part in tagged)
            yield Fault(join(path, field), f"must be one of {known}")
        alternatives = [part for part in alternatives if part not in tagged or part in chosen]
    for part in alternatives:
        arguments = get_args(part)
        if isinstance(raw, dict) and isinstance(part, type) and issubclass(part, Struct):
            yield from _inside_struct(raw, part, path, strict, parts)
        elif isinstance(raw, dict) and get_origin(part) is dict:
            for name, value in raw.items():
                yield from _faults(name, arguments[0], join(path, name), strict, parts)
                yield from _faults(value, arguments[1], join(path, name), strict, parts)
        elif isinstance(raw, list) and get_origin(part) is list:
            for index, value in enumerate(raw):
                yield from _faults(value, arguments[0], f"{path}[{index}]", strict, parts)


def _inside_struct(
    raw: Mapping[Any, object], kind: type[Struct], path: str, strict: bool, parts: Iterator[int]
) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in _fields(kind)}
    for name, field in fields.items():
        if name in raw:
            yield from _faults(raw[name], field.type, join(path, name), strict, parts)
        elif field.required:
            yield Fault(join(path, name), "is missing")
    if kind.__struct_config__.forbid_unknown_fields:
        tag = kind.__struct_config__.tag_field
        for name in [name for name in raw if name not in fields and name != tag]:
            known = ", ".join(fields) or "none"
            yield Fault(join(path, name), f"isn't known; known are {known}")


@cache
def _fields(kind: type[Struct]) -> Sequence[msgspec.structs.FieldInfo]:
    """Return the fields of a struct, for which its annotations are evaluated: 1 ms."""
    return msgspec.structs.fields(kind)


def _tag_of(kind: Any) -> str | int | None:
    """Return by what a struct is known among others, if it is."""
    is_struct = isinstance(kind, type) and issubclass(kind, Struct)
    return kind.__struct_config__.tag if is_struct else None


def _alternatives(kind: Any) -> list[Any]:
    if get_origin(kind) is Annotated:
        return _alternatives(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return [bare for part in get_args(kind) for bare in _alternatives(part)]
    return [kind]


def join(path: str, name: str) -> str:
    """Return the path of a part of what stands at ``path``."""
    return ".".join(part for part in (path, name) if part)


def _field_of(fault: Fault) -> str:
    return fault.path.partition(".")[0].partition("[")[0]
