"""What is hidden stays hidden: tallies before they may be seen, answers, and what tells of them.

A signature or a root over a tally tells it to whoever tries candidates, so they are looked for too.
The walk goes over every call of ``/openapi.json`` by itself, as everybody who may not know, and
over all that sockets, the programme feed, the log and the metrics say meanwhile. A call with a part
in its path that the walk doesn't know fails it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from tests.conftest import MakeServer
from tests.server import Answer, ServerProcess
from tests.system.curl import curl
from tests.viewer import Picture, viewing
from tests.waiting import until

VOTES = (1, 4, 0, 3, 2)
"""So many viewers choose each option; another poll has them in another order. Nothing else looks
like these tallies."""

ANSWER = 3
TELLING = {"tally", "answer", "root", "signature", "leaves", "audit", "leaderboard", "voters"}
"""Fields that tell a result, or let it be found."""

POLLS = "/v1/rooms/{room}/polls"
OFFICE = {
    ("moderator", POLLS),
    ("producer", POLLS),
    ("moderator", POLLS + "/{poll}"),
    ("producer", POLLS + "/{poll}"),
    ("producer", POLLS + "/{poll}/votes"),
    ("producer", "/v1/rooms/{room}/rundown"),
}
"""Who may see by which ``GET`` what all others may not."""

ENDLESS = "text/event-stream"


@dataclass
class Secrets:
    """Polls with the tallies that nobody may know yet, and what was found of them all the same."""

    tallies: Mapping[str, tuple[int, ...]]
    found: list[str] = field(default_factory=list)

    def look(self, where: str, thing: Any, about: str = "") -> None:
        """Looks through all that somebody was told."""
        self.found += [f"{where}: {leak}" for leak in self._leaks(thing, about)]

    def _leaks(self, thing: Any, about: str) -> Iterator[str]:
        if isinstance(thing, Mapping):
            named = {str(thing.get(name)) for name in ("id", "poll")} & self.tallies.keys()
            about = min(named, default=about)
            for name, value in thing.items():
                is_told = about in self.tallies and name in TELLING
                if is_told or (name == "answer" and value == ANSWER):
                    yield f"{name} of {about}: {value}"
                yield from self._leaks(value, about)
        elif isinstance(thing, list | tuple):
            yield from (f"the tally of {poll}" for poll in self._with_tally(thing))
            for item in thing:
                yield from self._leaks(item, about)
        elif isinstance(thing, str):
            for poll, tally in self.tallies.items():
                if re.search(r"(?<!\d)" + r"\D{1,3}".join(map(str, tally)) + r"(?!\d)", thing):
                    yield f"the tally of {poll} in words: {thing[:200]}"

    def _with_tally(self, numbers: Iterable[Any]) -> list[str]:
        told = tuple(numbers)
        return [poll for poll, tally in self.tallies.items() if told == tally]


@dataclass
class Walk:
    """Every call of the served document, as one caller after the other."""

    server: ServerProcess
    document: Mapping[str, Any]
    parts: dict[str, list[str]]
    callers: Mapping[str, str | None]
    calls: int = 0

    async def go(self, secrets: Secrets) -> None:
        """Ask for everything; what changes something only as those who may not."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                for caller in self.callers:
                    if _is_harmless(method.upper(), operation, caller):
                        await self._ask(method.upper(), path, operation, caller, secrets)

    async def _ask(
        self,
        method: str,
        path: str,
        operation: Mapping[str, Any],
        caller: str,
        secrets: Secrets,
    ) -> None:
        if method == "GET" and (caller, path) in OFFICE:
            return
        names = re.findall(r"\{(\w+)\}", path)
        several = None if method == "GET" else 1  # who may not call is told no more of others
        for parts in itertools.product(*(self.parts[name][:several] for name in names)):
            named = dict(zip(names, parts, strict=True))
            for query in _queries(operation):
                where = path.format(**named) + query
                body: Any = None if method == "GET" else {}
                answer = await self.server.ask(method, where, body, self.callers[caller])
                told = _read(answer)
                secrets.look(f"{caller}: {method} {where}", told, named.get("poll", ""))
                self.calls += 1


def _read(answer: Answer) -> Any:
    media = answer.headers.get("content-type", "")
    if media.endswith("msgpack"):
        return msgspec.msgpack.decode(answer.body)
    return answer.json if media.endswith("json") and answer.body else answer.body.decode()


async def cut(server: ServerProcess, room: str, offset: int) -> tuple[str, list[str]]:
    """The epoch, and the names of the segments that have frames, once one has this offset; and of
    the newest snapshot."""
    told: Any = {}

    async def is_cut() -> bool:
        told.update((await server.ask("GET", f"/v1/rooms/{room}/segments")).json)
        return any(each["offsets"][1] >= offset for each in told["segments"])

    await until(is_cut)
    spoken = [each["n"] for each in told["segments"] if each["offsets"][0] <= each["offsets"][1]]
    newest = told["snapshot"].rpartition("/")[2]
    return told["epoch"], [*(f"{n}.msgpack" for n in spoken), newest, f"{spoken[-1]}.json"]


def _is_harmless(method: str, operation: Mapping[str, Any], caller: str) -> bool:
    """Whether it changes nothing that another call needs: it reads, or the caller may not."""
    if ENDLESS in operation["responses"].get("200", {}).get("content", {}):
        return False  # somebody reads it all the time
    allowed = {"Producers.": ("producer",), "Moderators and producers.": ("moderator", "producer")}
    who = operation["description"].rpartition("\n\n")[2]
    return method == "GET" or caller not in allowed.get(who, ())


def _queries(operation: Mapping[str, Any]) -> list[str]:
    """None, and one for each value of what takes a few."""
    return [
        "",
        *(
            f"?{parameter['name']}={value}"
            for parameter in operation["parameters"]
            if parameter["in"] == "query"
            for value in parameter["schema"].get("enum", ())
        ),
    ]


async def test_nothing_tells_a_result_before_its_time(make_server: MakeServer) -> None:
    server = make_server().start()
    room = server.make_room("gala", tick=50)
    base = f"/v1/rooms/{room}"
    document = (await server.ask("GET", "/openapi.json")).json
    asked: dict[str, Any] = {
        "question": "Which?",
        "options": [f"option {each}" for each in "abcde"],
        "duration": 600,
        "audit": "receipts",
    }
    kinds: list[dict[str, Any]] = [
        {"kind": "single", "show_tally": "revealed"},
        {"kind": "quiz", "show_tally": "revealed", "answer": ANSWER},
        {"kind": "single", "show_tally": "voted"},
    ]
    made = [await server.produce("POST", f"{base}/polls", {**asked, **kind}) for kind in kinds]
    secret, quiz, voted = (poll["id"] for poll in made)
    tallies = {secret: VOTES, quiz: VOTES[::-1], voted: (*VOTES[2:], *VOTES[:2])}
    stats = {"entity": "athlete:1", "name": "Ann", "values": {"points": 5}}
    await server.produce("POST", f"{base}/stats", stats)
    item = {"id": "q", "kind": "poll", "title": "A quiz", "body": {**asked, **kinds[1]}}
    await server.produce("PUT", f"{base}/rundown", {"version": 0, "items": [item]})
    callers = {
        "anyone": None,
        "guest": (await server.ask("POST", f"{base}/guests", {"name": "Bo"})).json["token"],
        "viewer": server.token("ann"),
        "voter": server.token("voter 0"),
        "moderator": server.token("mod", role="moderator"),
        "producer": server.producer_token,
    }
    async with AsyncExitStack() as stack:
        sockets = {
            caller: await stack.enter_async_context(viewing(server.url, room, token))
            for caller, token in callers.items()
        }
        feed = await stack.enter_async_context(curl(server.url, room))
        said = await sockets["viewer"].comment("hello")
        choices = [
            [option for option, votes in enumerate(tally) for _ in range(votes)]
            for tally in tallies.values()
        ]
        for number, chosen in enumerate(zip(*choices, strict=True)):
            voter = sockets["voter"]
            if number:
                token = server.token(f"voter {number}")
                voter = await stack.enter_async_context(viewing(server.url, room, token))
            for poll, choice in zip(tallies, chosen, strict=True):
                await voter.knows(poll)
                assert (await voter.vote(poll, choice))["type"] == "ack"
        await sockets["voter"].sees(
            lambda picture: picture.tallies.get(voted, {}).get("tally") == [*tallies[voted]]
        )
        epoch, names = await cut(server, room, sockets["viewer"].offset)
        walk = Walk(
            server,
            document,
            {
                "suggestion": ["none"],
                "room": [room],
                "poll": [*tallies],
                "comment": [said["comment"]],
                "user": [sockets["viewer"].user],
                "effect": ["light"],
                "highlight": ["highlight-1790000000000"],
                "item": ["q"],
                "epoch": [epoch],
                "segment": names,
                "entity": ["athlete:1"],
                "kind": ["athlete"],
            },
            callers,
        )

        def is_final(poll: str, picture: Picture) -> object:
            return picture.polls[poll]["final"]

        secrets = Secrets(tallies)
        await walk.go(secrets)
        for poll in tallies:
            await server.produce("POST", f"{base}/polls/{poll}/close", {"grace": 0})
            await sockets["viewer"].sees(partial(is_final, poll))

        async def is_recounted() -> bool:
            answer = await server.ask("GET", f"{base}/polls/{secret}", None, server.producer_token)
            return "audit" in answer.json

        await until(is_recounted)
        _, walk.parts["segment"] = await cut(server, room, sockets["viewer"].offset)
        await walk.go(secrets)
        assert walk.calls > 300
        for caller, socket in sockets.items():
            told = secrets
            if caller == "voter":  # who voted may see the tally of that poll
                told = Secrets({poll: tallies[poll] for poll in (secret, quiz)}, secrets.found)
            told.look(f"{caller}'s socket", socket.received)
        secrets.look("the feed", [event.data for event in feed.events])
        secrets.look("the log", server.log)
        assert secrets.found == []

        # The same eyes find all of it once it may be seen.
        for poll in tallies:
            await server.produce("POST", f"{base}/polls/{poll}/reveal")
        await sockets["anyone"].sees(
            lambda picture: all(picture.polls[poll]["status"] == "revealed" for poll in tallies)
        )

        def revealed() -> set[str]:
            told = [event.data for event in feed.events if event.name == "poll"]
            return {poll["id"] for poll in told if poll["status"] == "revealed"}

        await until(lambda: revealed() == tallies.keys())
        _, names = await cut(server, room, sockets["anyone"].offset)
        segments = [await server.ask("GET", f"{base}/segments/{epoch}/{name}") for name in names]
        for where, thing in {
            "a socket": sockets["anyone"].received,
            "the feed": [event.data for event in feed.events],
            "segments": [_read(segment) for segment in segments],
        }.items():
            public = Secrets(tallies)
            public.look(where, thing)
            for poll in tallies:
                assert any(f"tally of {poll}" in leak for leak in public.found), (where, poll)
            assert any(f"answer of {quiz}" in leak for leak in public.found)
        receipt = await server.ask("GET", f"{base}/polls/{secret}/receipt", None, callers["voter"])
        recounted = Secrets(tallies)
        recounted.look("the receipt", receipt.json, secret)
        assert [leak for leak in recounted.found if "root" in leak]
