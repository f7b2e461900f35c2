"""A feed of updates that stays open for hours: NDJSON, answered as it goes.

Theory of operation: four tasks, so that none waits for another's peer. One reads lines, as long as
few wait. One decodes what waits, gives it to the room, many updates at a time, and slows down a
feed that says more than it may, right or wrong; then the kernel's buffers fill, and the producer's
program waits. One writes reports, and may wait for a program that doesn't read them. A report has
sums since the beginning, so nothing is lost where one is late. One watches whether the feed may go
on: the server may go away, and the token may be revoked.

A line that is wrong is told, and the feed goes on. While the store is away the feed waits: an
update that is given twice changes nothing, because it got its moment when it was checked. It is
given again as another event, as the ingest would take the same one for known and not answer it.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TypeAlias

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from grandstand.api.operations import Call
from grandstand.api.problems import MAX_FAULTS, Fault, ProblemError, of_error
from grandstand.api.stat_updates import OLDER, StatsBody, bad_time, event_of, faults_between
from grandstand.api.validation import (
    MAX_BODY_BYTES,
    NDJSON,
    Line,
    Turn,
    checked,
    decoded,
    refuse_compressed,
)
from grandstand.domain.outcome import Fate, Refusal, Refused
from grandstand.store.errors import StoreUnavailable
from grandstand.tasks import cancel_all
from grandstand.timeouts import timeout
from grandstand.wire.codes import ErrorCode, RefusedError

FEEDS = 8
"""Of a room, at one server."""

WAITING_LINES = 2000
WAITING_BYTES = 1_048_576
"""Lines that were read and aren't checked yet, and their bytes."""

BATCH_LINES = 1000
UPDATES_S = 1000
"""Lines a second that a feed may say in the long run, wrong ones included."""

BURST = 5000
SILENT_S = 600.0
"""A feed that says nothing for so long has ended; a blank line says that it goes on."""

REPORT_S, QUIET_REPORT_S = 1.0, 10.0
"""Between two reports, if something was wrong; else."""

AGAIN_S = 1.0
"""Before a batch is given again that the store, or a room with too much, didn't take."""

OVERLOADED_TRIES = 10
"""How often cards are given to a room in which too many wait for their moment."""

LAST_SEND_S = 5.0
"""For a producer to take the beginning or the end of the answer."""

_Row: TypeAlias = tuple[int, bytes]
"""A line's number, and the line as it was read."""

log = structlog.get_logger(__name__)


class FeedReport(Struct, omit_defaults=True):
    """What became of a feed's lines since it began.

    ``refused`` lines were wrong; ``errors`` are the faults since the report before, at most 100.
    ``slowed`` is for how long the feed was made to wait, in ms, because it says too much. ``end``:
    nothing more is taken; ``why`` if it wasn't the feed that ended.
    """

    lines: int = 0
    taken: int = 0
    waiting: int = 0
    late: int = 0
    repeated: int = 0
    full: int = 0
    refused: int = 0
    slowed: int = 0
    errors: list[Fault] = []
    end: bool = False
    why: str | UnsetType = UNSET


class StatsFeed(Response):
    """The answer to a feed.

    Raises ProblemError 415 if it is compressed, RefusedError if a room has too many.
    """

    def __init__(self, call: Call) -> None:
        refuse_compressed(call.request)
        if call.api.stats_feeds[call.live.room] >= FEEDS:
            words = f"this room has {FEEDS} feeds at this server already"
            raise RefusedError(ErrorCode.RATE_LIMITED, words, 10.0)
        super().__init__(media_type=NDJSON, headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._call = call
        self._report = FeedReport()
        self._rows: asyncio.Queue[_Row | None] = asyncio.Queue(WAITING_LINES)
        self._waiting_bytes, self._fewer_wait = 0, asyncio.Event()
        self._budget, self._counted_s = float(BURST), asyncio.get_running_loop().time()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the feed to its end, and answer it."""
        feeds, room = self._call.api.stats_feeds, self._call.live.room
        feeds[room] += 1
        try:
            await self._answer(send)
        finally:
            feeds[room] -= 1
            if not feeds[room]:
                del feeds[room]

    async def _answer(self, send: Send) -> None:
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        if not await _is_sent(send, head):
            return
        reading = asyncio.create_task(self._read(), name="feed: read")
        giving = asyncio.create_task(self._give_all(), name="feed: give")
        telling = asyncio.create_task(self._tell(send), name="feed: tell")
        watching = asyncio.create_task(self._watch(), name="feed: watch")
        tasks = [reading, giving, telling, watching]
        try:
            while not (giving.done() or any(map(_error, tasks))):
                going = [task for task in tasks if not task.done()]
                await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_all(tasks)
        for error in filter(None, map(_error, tasks)):
            if isinstance(error, ClientDisconnect):
                return
            self._report.why = _words(error)
        self._report.end = True
        last = {"type": "http.response.body", "body": self._told(), "more_body": False}
        await _is_sent(send, last)

    async def _watch(self) -> None:
        """Return never; raise why the feed may no longer go on."""
        while True:
            self._check()
            await asyncio.sleep(REPORT_S)

    def _check(self) -> None:
        """Raise StoreUnavailable if the server goes away, RefusedError for a revoked token."""
        self._call.api.tokens.check_revoked(self._call.known)
        if self._call.api.draining:
            raise StoreUnavailable("this server is going away: send on to another")

    # --- reading ---------------------------------------------------------------------------------

    async def _read(self) -> None:
        rest, number, is_skipped = b"", 0, False
        chunks = self._call.request.stream()
        while True:
            async with timeout(SILENT_S):
                chunk = await anext(chunks, None)
            *rows, rest = (rest + (b"\n" if chunk is None else chunk)).split(b"\n")
            for row in rows:
                number += 1
                if number == 1:
                    row = row.removeprefix(codecs.BOM_UTF8)
                if is_skipped:
                    is_skipped = False
                elif row.strip():
                    await self._take(number, row)
            if chunk is None:
                return await self._rows.put(None)
            if len(rest) > MAX_BODY_BYTES:
                if not is_skipped:
                    self._refuse_long(number + 1)
                rest, is_skipped = b"", True

    async def _take(self, number: int, row: bytes) -> None:
        self._report.lines = number
        if len(row) > MAX_BODY_BYTES:
            return self._refuse_long(number)
        while self._waiting_bytes + len(row) > WAITING_BYTES:
            self._fewer_wait.clear()
            await self._fewer_wait.wait()
        self._waiting_bytes += len(row)
        await self._rows.put((number, row))

    def _refuse_long(self, number: int) -> None:
        self._refuse([Fault(f"line {number}", f"has more than {MAX_BODY_BYTES} bytes")])

    # --- giving ----------------------------------------------------------------------------------

    async def _give_all(self) -> None:
        while (first := await self._rows.get()) is not None:
            batch: list[_Row | None] = [first]
            while len(batch) < BATCH_LINES and not self._rows.empty():
                batch.append(self._rows.get_nowait())
            self._check()
            rows = [row for row in batch if row is not None]
            bodies = await self._checked(rows)
            self._waiting_bytes -= sum(len(row) for _, row in rows)
            self._fewer_wait.set()
            for is_for_everyone in (False, True):  # apart: cards alone may be too many
                some = [body for body in bodies if body.is_for_everyone is is_for_everyone]
                if some:
                    await self._give(some)
            await self._slow_down(len(rows))
            if batch[-1] is None:
                return

    async def _checked(self, rows: Sequence[_Row]) -> list[StatsBody]:
        """Return what is right of the lines, each with its moment."""
        state, now = self._call.live.replica.state, self._call.live.now()
        also, turn = partial(faults_between, state.schemas), Turn()
        good: list[StatsBody] = []
        for number, row in rows:
            await turn.share()
            try:
                line = Line(number, decoded(row, f"line {number}"))
            except ProblemError as refused:
                self._refuse([Fault(f"line {number}", refused.problem.detail)])
                continue
            try:
                body = checked(line.raw, StatsBody, also)
            except ProblemError as refused:
                faults = refused.problem.errors or []
                self._refuse([Fault(line.path(each.path), each.message) for each in faults])
                continue
            if words := bad_time(body, state, now):
                self._refuse([Fault(line.path("at"), words)])
            else:
                good.append(replace(body, at=now) if body.at is UNSET else body)
        return good

    async def _give(self, bodies: list[StatsBody]) -> None:
        live, tries = self._call.live, 0
        while True:
            event = event_of(bodies, live.replica.state, live.now())
            try:
                result = await live.submit(event)
                if not isinstance(result, Refused):
                    if len(result.fates) != len(bodies):
                        raise StoreUnavailable(OLDER)
                    return self._count(result.fates)
            except StoreUnavailable as away:
                log.info("feed_waits", room=live.room, reason=away.reason)
            else:
                tries += 1
                if result.code != Refusal.OVERLOADED or tries >= OVERLOADED_TRIES:
                    self._report.refused += len(bodies)
                    return self._note([Fault("", result.message)])
            await asyncio.sleep(AGAIN_S)

    def _count(self, fates: Iterable[Fate]) -> None:
        for fate in fates:
            setattr(self._report, fate, getattr(self._report, fate) + 1)

    async def _slow_down(self, lines: int) -> None:
        """Wait if the feed has said more than it may."""
        now_s = asyncio.get_running_loop().time()
        earned = (now_s - self._counted_s) * UPDATES_S
        self._budget = min(BURST, self._budget + earned) - lines
        self._counted_s = now_s
        if self._budget < 0:
            wait_s = -self._budget / UPDATES_S
            self._report.slowed += round(wait_s * 1000)
            await asyncio.sleep(wait_s)

    # --- telling ---------------------------------------------------------------------------------

    def _refuse(self, faults: list[Fault]) -> None:
        self._report.refused += 1
        self._note(faults)

    def _note(self, faults: list[Fault]) -> None:
        self._report.errors = [*self._report.errors, *faults][:MAX_FAULTS]

    async def _tell(self, send: Send) -> None:
        """Report now and again."""
        quiet_s = 0.0
        while True:
            await asyncio.sleep(REPORT_S)
            quiet_s += REPORT_S
            if self._report.errors or quiet_s >= QUIET_REPORT_S:
                quiet_s = 0.0
                await send({"type": "http.response.body", "body": self._told(), "more_body": True})

    def _told(self) -> bytes:
        line = msgspec.json.encode(self._report) + b"\n"
        self._report.errors = []
        return line


async def _is_sent(send: Send, message: Message) -> bool:
    """Send what a feed can't do without; return whether it was taken in time."""
    try:
        async with timeout(LAST_SEND_S):
            await send(message)
    except TimeoutError:
        return False
    return True


def _error(task: asyncio.Task[None]) -> BaseException | None:
    """Return what ended a task, if it has failed."""
    return None if not task.done() or task.cancelled() else task.exception()


def _words(error: BaseException) -> str:
    """Return why a feed was ended, for its producer."""
    if isinstance(error, TimeoutError):
        return f"nothing came for {SILENT_S:.0f} s: send a blank line now and again"
    if isinstance(error, StoreUnavailable):
        return error.reason
    problem = of_error(error) if isinstance(error, Exception) else None
    if problem is None:
        log.error("feed_failed", exc_info=error)
        return "our fault; it has been written to the log"
    return problem.problem.detail
