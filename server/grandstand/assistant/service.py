"""Calls with JSON in and out to HTTP services that the operator names.

Whatever answers is a stranger: it is bounded in time and bytes, redirects are not followed, and
what it says must have the form that is expected of it. An address isn't judged, as those of effects
are: the operator gave it. No message of an error has a key, or what was asked.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from time import time
from typing import TypeVar
from urllib.parse import urlsplit

import httpcore2
import msgspec

from grandstand.timeouts import timeout

LONGEST_S = 30.0
"""From the name's look-up to the answer's last byte; callers have shorter deadlines."""

ANSWER_MAX_BYTES = 1 << 20
"""A batch of 64 comments of 500 letters, three times as long and escaped, has 600 KB."""

AT_ONCE = 64
"""Requests to one service at a time: at 2 s each 32 a second, six languages at a tick of 200 ms."""

RETRY_AFTER_MAX_S = 600.0

_KEY_REFUSED = (401, 403)
_FORM_REFUSED = (400, 413, 415, 422)
_QUOTA = {402, 456}
"""Statuses by which services say that their quota is used up; 456 is DeepL's."""

QUOTA_RETRY_S = 600.0

T = TypeVar("T")


class ServiceError(Exception):
    """The service gave no answer; the message says why. ``retry_after_s`` is 0 if it isn't
    known."""

    def __init__(self, words: str, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.retry_after_s = retry_after_s


class KeyRefusedError(ServiceError):
    """The service doesn't accept the key, or wants one."""


class FormRefusedError(ServiceError):
    """The service runs, but doesn't take what it was asked."""


class AnswerError(ServiceError):
    """The service runs, but its answer isn't in the form that was asked for."""


class Service:
    """One service, for one process; connections are kept."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """``url`` is where paths begin; ``headers``, which may hold a key, go with every call."""
        self._url = url.rstrip("/")
        parts = urlsplit(self._url)
        self.where = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._headers = [
            (name.encode("ascii"), value.encode("latin-1"))
            for name, value in {**headers, "Accept": "application/json"}.items()
        ]
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def ask(self, method: str, path: str, body: object, answer: type[T]) -> T:
        """Return the answer to a call; ``body`` None sends none.

        Raises ServiceError, or one of its kinds.
        """
        content = b"" if body is None else msgspec.json.encode(body)
        try:
            async with timeout(LONGEST_S):
                said = await self._call(method, path, content)
        except TimeoutError:
            raise ServiceError(f"no answer within {LONGEST_S:.0f} s") from None
        except (httpcore2.NetworkError, httpcore2.TimeoutException) as fault:
            raise ServiceError(_unreachable(fault)) from None
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as fault:
            raise ServiceError(f"doesn't answer as HTTP ({type(fault).__name__})") from None
        try:
            return msgspec.json.decode(said, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            begins = "HTML" if said.lstrip()[:1] == b"<" else "not in the form of this service"
            raise AnswerError(f"its answer is {begins}: is the address right?") from None

    async def close(self) -> None:
        """End all connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _call(self, method: str, path: str, content: bytes) -> bytes:
        if self._pool is None:  # its locks belong to the event loop
            self._pool = httpcore2.AsyncConnectionPool(
                ssl_context=_trusted(),
                max_connections=AT_ONCE,
                keepalive_expiry=60.0,
            )
        headers = [*self._headers, (b"Content-Type", b"application/json")]
        async with self._pool.stream(
            method, self._url + path, headers=headers, content=content
        ) as response:
            told = {name.lower(): value for name, value in response.headers}
            if response.status != 200:
                raise _refusal(int(response.status), told.get(b"retry-after", b""))
            if told.get(b"content-encoding", b"identity") != b"identity":
                raise AnswerError("its answer is compressed, which was not asked for")
            length = told.get(b"content-length", b"0")
            if length.isdigit() and int(length) > ANSWER_MAX_BYTES:
                raise AnswerError(f"its answer has {int(length):,} bytes")
            said = bytearray()
            async for part in response.aiter_stream():
                said += part
                if len(said) > ANSWER_MAX_BYTES:
                    raise AnswerError(f"its answer has over {ANSWER_MAX_BYTES:,} bytes")
        return bytes(said)


@cache
def _trusted() -> ssl.SSLContext:
    """Return the system's authorities, which take 20 ms to load."""
    return ssl.create_default_context()


def _refusal(status: int, retry_after: bytes) -> ServiceError:
    words = f"answers {status}"
    if status in _KEY_REFUSED:
        return KeyRefusedError(f"refuses the key ({words})")
    if status in _FORM_REFUSED:
        return FormRefusedError(words)
    if 300 <= status < 400:
        return ServiceError(f"{words}: redirects aren't followed, name the address it leads to")
    if status in _QUOTA:
        return ServiceError(f"{words}: the quota is used up", QUOTA_RETRY_S)
    return ServiceError(words, _seconds(retry_after))


def _seconds(retry_after: bytes) -> float:
    """Return the value of a Retry-After, in s and bounded; 0 if it has none that can be read."""
    text = retry_after.decode("latin-1").strip()
    try:
        seconds = (
            float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - time()
        )
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), RETRY_AFTER_MAX_S)


def _unreachable(fault: BaseException) -> str:
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate isn't trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS fails ({cause.reason or type(cause).__name__})"
        cause = cause.__cause__ or cause.__context__
    return f"can't be reached ({type(fault).__name__})"
