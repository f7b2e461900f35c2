"""OBS, by obs-websocket 5: one batch of requests, all carried out on one frame of the picture.

The library speaks the protocol. It would connect to whatever the name leads to, read messages of
16 MiB and wait in silence when a connection is over, so the connection is made here: to the address
that was judged, for a few short messages, and whatever is waited for ends with it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import websockets
from msgspec import UNSET
from msgspec.structs import replace
from simpleobsws import (
    IdentificationParameters,
    Request,
    RequestBatchExecutionType,
    RequestResponse,
    WebSocketClient,
)
from websockets.asyncio.client import ClientConnection, connect

from grandstand.domain.effects import Firing, Obs
from grandstand.effects import targets, templates
from grandstand.effects.answer import Answer
from grandstand.effects.kinds.kind import MASK
from grandstand.effects.outbound import Outbound
from grandstand.tasks import cancel_all
from grandstand.timeouts import timeout

PORTS = {"ws": 80, "wss": 443}
ATTEMPT_S = 10
CLOSING_S = 1.0

MESSAGE_MAX_BYTES = 65536
"""The library writes each message out as indented JSON: 16 ms for so many bytes of the worst."""

MESSAGES_MAX = 16
"""An attempt is answered by three: a greeting, a welcome, and the results."""

DEPTH_MAX = 10
INTEGER_MAX = 2**53

ENDINGS = {1009: "says too much at once", 4009: "wants another password"}
"""By the connection's close code."""

REASONS = {
    204: "OBS knows no such request",
    300: "a field is missing",
    301: "data is missing",
    **dict.fromkeys((400, 401, 402, 403, 404), "a field is wrong"),
    506: "studio mode is off",
    600: "nothing there is called so",
}
"""Of the codes that a wrong action brings; obs-websocket's protocol lists all, as RequestStatus."""


class ObsKind:
    """The first request that fails ends the batch; the next attempt begins with the first."""

    optional: Collection[str] = ("password",)

    def flaws(self, action: Obs) -> list[tuple[str, str]]:
        """Return what is wrong with its URL or its requests."""
        url = targets.flaws_of_url(action.url, PORTS, "ws://obs.studio.example:4455")
        found = [("url", words) for words in url]
        for index, request in enumerate(action.requests):
            where = f"requests.{index}"
            if not request.type.isalnum():
                found.append((where, "needs a type, such as SetCurrentProgramScene"))
            found += [(where, words) for words in _flaws_of_data(request.data)]
        return found

    def target(self, action: Obs) -> str:
        """Return its URL."""
        return action.url

    def secrets(self, action: Obs) -> Mapping[str, str]:
        """Return the password."""
        return {"password": MASK if action.password is UNSET else action.password}

    def without_secrets(self, action: Obs) -> Obs:
        """Return it without its password."""
        return replace(action, password=UNSET)

    async def attempt(
        self, outbound: Outbound, action: Obs, secrets: Mapping[str, str], firing: Firing
    ) -> Answer:
        """Send the batch once."""
        facts = firing.occurrence.facts
        requests = [
            Request(each.type, {} if each.data is UNSET else filled(each.data, facts))
            for each in action.requests
        ]
        url = templates.fill(action.url, facts, templates.for_url)
        parts = urlsplit(url)
        client = _Client(url, secrets["password"])
        try:
            async with timeout(ATTEMPT_S):
                host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
                await client.open(await outbound.open_socket(host, port))
                return await _carried_out(client, requests)
        except TimeoutError:
            return Answer(False, f"no answer within {ATTEMPT_S} s")
        except OSError as fault:
            return Answer(False, f"can't be reached ({type(fault).__name__})")
        except _EndedError as ended:
            return Answer(False, str(ended))
        except websockets.InvalidStatus as fault:
            status = fault.response.status_code
            return Answer(False, f"doesn't answer as OBS (HTTP {status})")
        except (websockets.WebSocketException, _NonsenseError, EOFError, ValueError):
            return Answer(False, "doesn't answer as OBS")
        finally:
            await client.close()


def filled(value: Any, facts: Mapping[str, str]) -> Any:
    """Return data with facts in its strings' places, each escaped for what the string is."""
    if isinstance(value, str):
        return templates.fill(value, facts, templates.escape_within(value))
    if isinstance(value, dict):
        return {name: filled(each, facts) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, facts) for each in value]
    return value


def _flaws_of_data(data: Any) -> Iterator[str]:
    waiting = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEPTH_MAX:
            yield f"may have {DEPTH_MAX} levels"
            return
        if isinstance(value, str):
            yield from targets.flaws_of_template(value)
        elif isinstance(value, int) and abs(value) > INTEGER_MAX:
            yield f"may have numbers up to {INTEGER_MAX}"
        else:
            waiting += [(each, depth + 1) for each in _parts(value)]


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


async def _carried_out(client: _Client, requests: list[Request]) -> Answer:
    await client.identify()
    results = await client.batch(requests)
    for number, (request, result) in enumerate(zip(requests, results, strict=False), 1):
        code = result.requestStatus.code
        if not isinstance(code, int):
            raise _NonsenseError
        if not result.ok():
            why = f", {REASONS[code]}" if code in REASONS else ""
            return Answer(False, f"request {number}, {request.requestType}: OBS {code}{why}")
    if len(results) != len(requests):
        raise _NonsenseError
    return Answer(True, f"OBS {code}")


class _NonsenseError(Exception):
    """What came is not of the protocol."""


class _EndedError(Exception):
    """The connection is over."""

    def __init__(self, code: int | None) -> None:
        words = ENDINGS.get(code or 0, "ended the connection")
        super().__init__(words if code is None else f"{words} ({code})")


class _FewMessages(ClientConnection):
    """A connection that takes a few messages."""

    taken = 0

    async def recv(self, decode: bool | None = None) -> Any:
        """Return the next message. Raises _NonsenseError after too many."""
        self.taken += 1
        if self.taken > MESSAGES_MAX:
            raise _NonsenseError
        return await super().recv(decode)


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """Follow none."""
        return exc


class _Client(WebSocketClient):
    """The library's client, bounded."""

    ws: Any
    recv_task: Any

    def __init__(self, url: str, password: str) -> None:
        super().__init__(url, password, IdentificationParameters(eventSubscriptions=0))

    async def open(self, over: socket.socket) -> None:
        """Do what the library's ``connect`` does, over a connection that is there."""
        self.ws = await _Connect(
            self.url,
            sock=over,
            subprotocols=[websockets.Subprotocol("obswebsocket.msgpack")],
            compression=None,
            create_connection=_FewMessages,
            max_size=MESSAGE_MAX_BYTES,
            open_timeout=None,
            close_timeout=CLOSING_S,
            ping_interval=None,
        )
        self.ws_open = True
        self.recv_task = asyncio.create_task(self._ws_recv_task())  # type: ignore[no-untyped-call]

    async def identify(self) -> None:
        """Wait until OBS has let us in. Raises _EndedError, _NonsenseError."""
        if not await self._while_open(self.wait_until_identified(timeout=ATTEMPT_S)):
            raise _EndedError(self.ws.close_code)

    async def batch(self, requests: list[Request]) -> list[RequestResponse]:
        """Return what came of requests, up to the first that failed.

        Raises _EndedError, _NonsenseError.
        """
        frame = RequestBatchExecutionType.SerialFrame
        batch = self.call_batch(requests, ATTEMPT_S, halt_on_failure=True, execution_type=frame)
        results: list[RequestResponse] = await self._while_open(batch)
        return results

    async def _while_open(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Return what the library's ``work`` returns, which waits on when the connection ended."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait([task, self.recv_task], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        except websockets.ConnectionClosed:
            pass
        except (LookupError, TypeError, AttributeError) as fault:  # the library checks nothing
            raise _NonsenseError from fault
        finally:
            await cancel_all([task])
        if self.recv_task.done() and self.recv_task.exception() is not None:
            raise _NonsenseError
        raise _EndedError(self.ws.close_code)

    async def close(self) -> None:
        """End the connection, if there is one."""
        if self.ws is None:
            return
        await cancel_all([self.recv_task])
        if not self.recv_task.cancelled():
            self.recv_task.exception()  # which was told, or came after what was waited for
        try:
            await self.ws.close()
        finally:
            self.ws.transport.abort()
