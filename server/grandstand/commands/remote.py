"""HTTP calls of the commands to a server. Every refusal becomes one line that says what to do."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from grandstand.demo import secret as demo_secret
from grandstand.domain.identity import Role
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings
from grandstand.tokens import Tokens

TIMEOUT_S = 30.0
CHUNK_BYTES = 65536
NO_CONTENT = 204
PRODUCER_LIFE_S = 86_400
AT_HOME = frozenset({"127.0.0.1", "::1", "localhost"})
WAIT_MAX_S = 30.0

_ADVICE = {
    "unauthorized": "give --token, set GRANDSTAND_TOKEN, or set GRANDSTAND_JWT_SECRET to the "
    "server's secret; a demonstration's is found in the folder where that was started",
    "forbidden": "use a token of another role or for this room (grandstand token --help)",
    "impossible_step": "grandstand poll show prints its state",
    "unknown_room": "correct the room's id or --url",
    "unknown_poll": "grandstand poll show prints the newest, and the console lists all; "
    "see --room, too",
    "unknown_effect": "grandstand effect list prints them; see --room, too",
    "unknown_item": "grandstand rundown show prints them",
    "outdated": "try again",
}


class RefusedCallError(OperatorError):
    """The server refused a call; has its status and code, a line for the operator, and of 422 each
    fault's path and words."""

    def __init__(
        self,
        status: int,
        code: str,
        words: str,
        retry_after_s: float | None,
        faults: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(words)
        self.status, self.code, self.retry_after_s = status, code, retry_after_s
        self.faults = faults


class Remote:
    """One server, and the token that goes with each call (None: without one).

    Every method raises OperatorError if nobody answers, and RefusedCallError if the server refuses.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self.url = checked_url(url)
        self.token = token
        # A proxy is for other machines; it can't reach our 127.0.0.1.
        proxies = [urllib.request.ProxyHandler({})] if is_at_home(self.url) else []
        self._opener = urllib.request.build_opener(*proxies)

    def ask(self, method: str, path: str, body: object = None, patience_s: float = 0.0) -> Any:
        """Return the JSON of the answer, None if it has no content.

        ``body`` is sent as JSON, or as it is if it is bytes.

        For ``patience_s`` a call that was put off (429, 503) is repeated when the server allows it.
        Use this only for calls that may be repeated.
        """
        deadline = time.monotonic() + patience_s
        while True:
            try:
                with self._opened(method, path, body) as answer:
                    payload = answer.read()
                    return self._decoded(payload) if answer.status != NO_CONTENT else None
            except RefusedCallError as refused:
                wait_s = min(refused.retry_after_s or 1.0, WAIT_MAX_S)
                put_off = refused.status in (429, 503)
                if not put_off or time.monotonic() + wait_s > deadline:
                    raise
                time.sleep(wait_s)

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the body of a GET as it comes. Raises OperatorError if it breaks off."""
        with self._opened("GET", path, None) as answer:
            while chunk := answer.read(CHUNK_BYTES):
                yield chunk

    @contextmanager
    def _opened(self, method: str, path: str, body: object) -> Iterator[http.client.HTTPResponse]:
        request = urllib.request.Request(self.url + path, method=method)
        if self.token is not None:
            request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                yield answer
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise self._refused(refusal) from None
        except urllib.error.URLError as away:
            raise self._away(away.reason) from None
        except (OSError, http.client.HTTPException) as broken:
            raise self._away(broken) from None

    def _decoded(self, payload: bytes) -> Any:
        try:
            return json.loads(payload)
        except ValueError:
            raise self._stranger() from None

    def _refused(self, refusal: urllib.error.HTTPError) -> OperatorError:
        try:
            problem = json.loads(refusal.read())
            code, detail = str(problem["code"]), str(problem["detail"])
            faults = [(each["path"], each["message"]) for each in problem.get("errors", ())]
        except (ValueError, LookupError, TypeError, OSError):
            return self._stranger()
        advice = f": {_ADVICE[code]}" if code in _ADVICE else ""
        try:
            retry_after_s = float(refusal.headers.get("Retry-After", ""))
        except ValueError:
            retry_after_s = None
        return RefusedCallError(refusal.code, code, f"{detail}{advice}", retry_after_s, faults)

    def _stranger(self) -> OperatorError:
        return OperatorError(f"what answers at {self.url} isn't a Grandstand: correct --url")

    def _away(self, reason: object) -> OperatorError:
        words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return OperatorError(
            f"no server answers at {self.url} ({words}): "
            "start it (grandstand serve), or correct --url"
        )


def checked_url(url: str) -> str:
    """Return the server's address without a slash at its end. Raises OperatorError if it is
    invalid."""
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
    except ValueError as fault:
        raise OperatorError(f"--url {url!r} can't be read: {fault}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise OperatorError(f"--url must be like http://127.0.0.1:8000, not {url!r}")
    return url.rstrip("/")


def is_at_home(url: str) -> bool:
    """Return whether the address belongs to this machine."""
    return urllib.parse.urlsplit(url).hostname in AT_HOME


def room_path(room: str) -> str:
    """Return a room's path; whatever the operator typed stays one segment of it."""
    return f"/v1/rooms/{urllib.parse.quote(room, safe='')}"


def issuer(url: str) -> Tokens | None:
    """Return what signs tokens for that server; None if there is no secret.

    It is GRANDSTAND_JWT_SECRET. For a server on this machine it may also be the secret that a
    demonstration keeps in its data folder. A secret found in a folder never signs what is sent to
    other machines.
    """
    settings = ServerSettings.read()
    secret = settings.secret
    if secret is None and is_at_home(url):
        secret = demo_secret.kept(settings.data_dir)
    return None if secret is None else Tokens(secret, terms=settings.token_terms)


def token_for(url: str, given: str | None, role: Role, room: str, lifetime_s: float) -> str | None:
    """Return the given token, else one issued here, else None: the server then decides."""
    if given:
        return given
    tokens = issuer(url)
    if tokens is None:
        return None
    return tokens.issue(f"cli:{role}", "Command line", role, [room], lifetime_s)


def as_producer(url: str, token: str | None, room: str) -> Remote:
    """Return the server, called as a producer of the room for a day at most."""
    return Remote(url, token_for(url, token, "producer", room, PRODUCER_LIFE_S))
