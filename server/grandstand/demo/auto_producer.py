"""The demonstration's producer: makes the room, and sends polls, cues and cards automatically.

It uses the same calls as any producer. It doesn't disturb a person who opens polls by hand: while a
poll is open, it opens none.
"""

from __future__ import annotations

import asyncio
import itertools
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import msgspec
import structlog
from msgspec import Struct

from grandstand.domain.schemas import KindSchema

CALL_TIMEOUT_S = 15
COUNTED_S = 1
"""After a poll's grace, the time until its tally is final."""

log = structlog.get_logger(__name__)


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A call, made ``after_s`` seconds after the step before, and its body."""

    after_s: float
    call: Literal["polls", "cues", "stats"]
    body: dict[str, Any]


def running_order() -> list[Step]:
    """Return the steps of the show, which are repeated."""
    text = files("grandstand.demo").joinpath("running_order.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["steps"], list[Step])


def nothing_played() -> str:
    """Return that no option is being played."""
    return ""


@dataclass(frozen=True, slots=True)
class AutoProducer:
    """A producer of one room on the server at ``base``.

    ``played`` returns the option that the audience has chosen already: no poll offers it again
    while it is played.
    """

    base: str
    room: str
    token: str
    played: Callable[[], str] = nothing_played

    def open_room(self, settings: Mapping[str, object], stream: str) -> None:
        """Make the room if it is missing; else it goes on as it was, with this picture."""
        is_new = self._call("GET", "")[0] == 404
        method, body = ("PUT", dict(settings)) if is_new else ("PATCH", {})
        status, answer = self._call(method, "", {**body, "stream": stream})
        if status not in (200, 201):
            raise RuntimeError(f"{method} of the room answered {status}: {answer}")

    def put_effects(self, effects: Mapping[str, Mapping[str, object]]) -> None:
        """Put effects; each replaces the one with its id."""
        for name, effect in effects.items():
            status, answer = self._call("PUT", f"/effects/{name}", effect)
            if status not in (200, 201):
                raise RuntimeError(f"PUT of the effect {name} answered {status}: {answer}")

    async def direct(self, steps: Sequence[Step]) -> None:
        """Do the steps, over and over, until cancelled. A refused step is logged and skipped."""
        for step in itertools.cycle(steps):
            await asyncio.sleep(step.after_s)
            try:
                await self._do(step)
            except OSError as error:
                log.warning("step_failed", call=step.call, why=str(error))

    def put_schemas(self, schemas: Mapping[str, KindSchema]) -> None:
        """Put schemas, by kind."""
        for kind, schema in schemas.items():
            status, answer = self._call("PUT", f"/schemas/{kind}", schema)
            if status != 200:
                raise RuntimeError(f"PUT of the schema of {kind} answered {status}: {answer}")

    async def give_stats(self, bodies: Sequence[Mapping[str, object]]) -> None:
        """Give updates of stats. Those that are refused, or can't be sent, are logged and left
        out."""
        lines = b"\n".join(map(msgspec.json.encode, bodies))
        try:
            status, answer = await asyncio.to_thread(self._call, "POST", "/stats", lines)
        except OSError as error:
            log.warning("stats_failed", why=str(error))
            return
        if status >= 400:
            log.warning("stats_refused", why=answer)

    async def _do(self, step: Step) -> None:
        if step.call == "polls":
            _, known = await self._asked("GET", "/polls")
            if any(poll["status"] == "open" for poll in known["polls"]):
                return
        body = step.body
        if "options" in body:
            played = self.played()
            body = {**body, "options": [each for each in body["options"] if each != played]}
        status, answer = await self._asked("POST", f"/{step.call}", body)
        if status >= 400:
            log.warning("step_refused", call=step.call, why=answer)
        elif step.call == "polls":
            await asyncio.sleep(step.body["duration"] + step.body["grace"] / 1000 + COUNTED_S)
            await self._asked("POST", f"/polls/{answer['id']}/reveal", {})

    async def _asked(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return await asyncio.to_thread(self._call, method, path, body)

    def _call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and answer; bytes are sent as NDJSON. Raises OSError if there is none."""
        request = urllib.request.Request(
            f"{self.base}/v1/rooms/{self.room}{path}",
            method=method,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        if body is not None:
            is_lines = isinstance(body, bytes)
            request.data = body if isinstance(body, bytes) else msgspec.json.encode(body)
            kind = "application/x-ndjson" if is_lines else "application/json"
            request.add_header("Content-Type", kind)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=CALL_TIMEOUT_S) as answer:
                return int(answer.status), msgspec.json.decode(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, msgspec.json.decode(refused.read())
