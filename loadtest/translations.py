"""How soon a chat is there in other languages, and how much of it is sent to a translator.

    .venv/bin/python -m loadtest.translations FOLDER [--out FILE]

``FOLDER`` has recorded chats (``*.ndjson``). Each is said once, in a room of its own that is
translated into ``LANGUAGES``, at a pace at which about 30 a second are shown; a real server asks an
OpenAI-compatible endpoint, which answers each question after 0.3 to 2 s. Who comments is up to
``BEHIND_MS`` behind live; a viewer of each language is ``VIEWER_MS`` behind.

A comment whose moment lies ``AHEAD_MS`` ahead of the viewer's picture when it is shown can be
translated before the picture is there; of the others it is told how long after it the translation
comes. One that was asked for and never came counts as late. What is sent is compared with what is
shown, in characters. The endpoint's answers are no translations: they are what the checks let pass,
so nothing is lost by its mistakes here.

The result is written to ``loadtest/results/translations.json``. Ends with 1 if fewer than 99 % are
in time, more than 85 % of a chat's characters or 75 % of all are sent, or a language is asked more
than once a frame.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from grandstand.recordings.recording import read
from grandstand.tasks import cancel_all
from grandstand.translation.beside import rest_of
from grandstand.translation.casing import plain
from grandstand.translation.guess import Guesser
from grandstand.translation.phrasebook import our_own
from grandstand.translation.trimmed import trimmed
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from loadtest.bench.__main__ import machine
from tests.effects.receiver import listening
from tests.server import ServerProcess
from tests.translation.services import completion, foreign, reply

RESULT = Path(__file__).parent / "results" / "translations.json"
LANGUAGES = ("es", "fr", "de", "pt")
SPOKEN = "en"
BUDGET = 60
SENT_PER_S = 60.0
"""Half of them are merged with others: some 30 a second are shown, and none is left out. What is
left out of a fuller room is what needs no translation more often than the rest."""

VIEWER_MS = 6000
BEHIND_MS = 8000
AHEAD_MS = 3000
ANSWERED_S = (0.3, 2.0)
SPEAKERS = 100
REST_S = 6.0
"""After the last comment: an answer takes 2 s, and is awaited for 5."""

IN_TIME, CHAT_SHARE, SHARE = 0.99, 0.85, 0.75

_guesser = Guesser()
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode


@dataclass(slots=True)
class Model:
    """The endpoint, and what it was asked, by language."""

    chance: random.Random = field(default_factory=lambda: random.Random(1))
    questions: dict[str, int] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the questions of one connection, one after the other."""
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower():
            length = head.partition("content-length:")[2].partition("\r\n")[0]
            body = await reader.readexactly(int(length or 0))
            if head.startswith("get"):
                writer.write(reply({"object": "list", "data": [{"id": "made-up"}]}))
                continue
            data = json.loads(json.loads(body)["messages"][1]["content"])
            lang = data["language"]
            self.questions[lang] = self.questions.get(lang, 0) + 1
            self.asked.setdefault(lang, []).extend(each["text"] for each in data["items"])
            items = [
                {"id": each["id"], "text": foreign(each["text"], lang)} for each in data["items"]
            ]
            await asyncio.sleep(self.chance.uniform(*ANSWERED_S))
            writer.write(reply(completion(json.dumps({"items": items}))))

    def questions_for(self, lang: str) -> set[str]:
        """Return what was asked for a language, as the interpreter knows it by."""
        return {plain(text, lang) for text in self.asked.get(lang, ())}


def question(text: str, lang: str) -> str:
    """Return by what the interpreter knows what it asks of a comment (``Interpreter._sort_out``;
    these rooms have no names)."""
    find = partial(our_own().find, source=_guesser.guess(text), lang=lang)
    return plain(rest_of(trimmed(text), find).core, lang)


@dataclass(slots=True)
class Shown:
    """A comment on its way to one viewer: its moment, when its frame was made and when its
    translation came, programme ms."""

    text: str
    at: int
    now: int
    translated: int | None = None
    by: str = ""


@dataclass(slots=True)
class Viewer:
    """What one viewer of a language was sent."""

    lang: str
    shown: dict[str, Shown] = field(default_factory=dict)
    frames: int = 0
    astray: int = 0
    """Translations that nothing shown needs, or that come a second time."""

    async def watch(self, url: str, room: str, token: str) -> None:
        """Watch until this is cancelled."""
        async with socket(url, room, {"token": token, "lang": self.lang}) as connection:
            async for payload in connection:
                assert isinstance(payload, bytes)
                message = _decode(payload)
                if message["type"] == "frame":
                    self._take(message, round(time.time() * 1000))

    def _take(self, frame: dict[str, Any], came: int) -> None:
        self.frames += "offset" in frame
        for each in frame.get("comments", ()):
            self.shown[each["id"]] = Shown(each["text"], each["at"], frame["now"])
        translations = frame.get("translations", {})
        for each in translations.get("comments", ()):
            known = self.shown.get(each["id"])
            if known is None or known.translated is not None or translations["lang"] != self.lang:
                self.astray += 1
            else:
                known.translated, known.by = came, each["by"]


@asynccontextmanager
async def socket(url: str, room: str, hello: dict[str, Any]) -> AsyncIterator[ClientConnection]:
    """A connection that has said hello."""
    async with connect(
        f"{url.replace('http', 'ws', 1)}/v1/rooms/{room}/live",
        subprotocols=[Subprotocol("grandstand.v1.msgpack")],
        ping_interval=None,
        max_queue=None,
        proxy=None,
    ) as connection:
        await connection.send(_encode({"type": "hello", "client": "loadtest", **hello}))
        yield connection


async def speak(server: ServerProcess, room: str, texts: Sequence[str]) -> None:
    """Say what was said, at the pace, from some way behind live."""
    chance = random.Random(2)
    speakers = [Speaker(server, room, number) for number in range(SPEAKERS)]
    try:
        await asyncio.gather(*(each.come() for each in speakers))
        began_s = time.monotonic()
        for number, text in enumerate(texts):
            await asyncio.sleep(began_s + number / SENT_PER_S - time.monotonic())
            at = round(time.time() * 1000 - chance.uniform(0, BEHIND_MS))
            await speakers[number % SPEAKERS].say(text, at)
        await asyncio.sleep(REST_S)
    finally:
        await asyncio.gather(*(each.leave() for each in speakers))


class Speaker:
    """One who comments."""

    def __init__(self, server: ServerProcess, room: str, number: int) -> None:
        token = server.token(f"speaker {number}")
        self._socket = socket(server.url, room, {"token": token})
        self._connection: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None

    async def come(self) -> None:
        """Enter the room."""
        self._connection = await self._socket.__aenter__()
        await self._connection.recv()
        self._reading = asyncio.create_task(self._read(self._connection))

    async def say(self, text: str, at: int) -> None:
        """Comment on what was seen ``at``."""
        assert self._connection is not None
        message = {"type": "comment", "id": uuid4().hex, "text": text, "at": at}
        await self._connection.send(_encode(message))

    async def leave(self) -> None:
        """Go for good."""
        if self._reading is not None:
            await cancel_all([self._reading])
            await self._socket.__aexit__(None, None, None)

    async def _read(self, connection: ClientConnection) -> None:
        async for _ in connection:
            pass


def texts_of(path: Path) -> list[str]:
    """Return what is said in a recorded chat."""
    said = (line.text.strip() for _, line in read(path.read_bytes()).comments)
    return [text for text in said if text]


# --- what came of it -------------------------------------------------------------------------


def summary(viewers: Sequence[Viewer], model: Model, room: str, said: int) -> dict[str, Any]:
    """Return the figures of one chat, in which so many comments were ``said``."""
    ahead, late = list[bool](), list[float]()
    never = 0
    shares = dict[str, dict[str, int]]()
    for viewer in viewers:
        asked = model.questions_for(viewer.lang)
        for each in viewer.shown.values():
            came = each.translated
            if came is None and question(each.text, viewer.lang) not in asked:
                continue
            picture = each.at + VIEWER_MS
            if picture - each.now >= AHEAD_MS:
                ahead.append(came is not None and came <= picture)
            elif came is None:
                never += 1
            else:
                late.append(max(0, came - picture) / 1000)
        shares[viewer.lang] = kinds(viewer, model)
    late.sort()
    letters = sum(each["shown"] for each in shares.values())
    sent = sum(each["sent"] for each in shares.values())
    return {
        "chat": room,
        "comments_shown": len(viewers[0].shown),
        "shown_per_s": round(len(viewers[0].shown) * SENT_PER_S / said, 1),
        "frames": viewers[0].frames,
        "questions_most_by_language": max(model.questions.values(), default=0),
        "astray": sum(viewer.astray for viewer in viewers),
        "ahead": len(ahead),
        "ahead_in_time": round(sum(ahead) / max(1, len(ahead)), 4),
        "rest": len(late) + never,
        "rest_never": never,
        "rest_late_s_p50_p90_p99": [round(quantile(late, share), 2) for share in (0.5, 0.9, 0.99)],
        "characters_sent_share": round(sent / max(1, letters), 3),
        "characters": shares,
    }


def kinds(viewer: Viewer, model: Model) -> dict[str, int]:
    """Return how many characters were shown and sent; and of those shown, how many are in comments
    that were asked for, known from before, in the phrase book, or without language."""
    names = ("shown", "sent", "asked", "known", "phrase_book", "none_needed")
    counts = dict.fromkeys(names, 0)
    asked, seen = model.questions_for(viewer.lang), set[str]()
    counts["sent"] = sum(map(len, model.asked.get(viewer.lang, ())))
    for each in viewer.shown.values():
        letters = len(each.text)
        counts["shown"] += letters
        if each.by == "phrasebook":
            counts["phrase_book"] += letters
        else:
            asks = question(each.text, viewer.lang)
            kind = "asked" if asks in asked else "none_needed"
            if kind == "asked" and asks in seen:
                kind = "known"
            counts[kind] += letters
            seen.add(asks)
    return counts


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values; 0 if there is none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


async def chat(server: ServerProcess, model: Model, path: Path) -> dict[str, Any]:
    """Say one chat in a room of its own; return what came of it."""
    room = path.stem.replace("_", "-")
    model.questions.clear()
    model.asked.clear()
    settings = {"lang": SPOKEN, "languages": LANGUAGES, "budget": BUDGET, "max_text": 500}
    await asyncio.to_thread(server.make_room, room, **settings)
    viewers = [Viewer(lang) for lang in LANGUAGES]
    watching = [
        asyncio.create_task(each.watch(server.url, room, server.token(f"viewer {each.lang}")))
        for each in viewers
    ]
    texts = texts_of(path)
    try:
        await speak(server, room, texts)
    finally:
        await cancel_all(watching)
    return summary(viewers, model, room, len(texts))


async def measured(paths: Sequence[Path]) -> dict[str, Any]:
    """Return what came of all chats on one server."""
    model = Model()
    chats = []
    with tempfile.TemporaryDirectory() as folder:
        async with listening(model.serve) as port:
            environment = {
                "GRANDSTAND_TRANSLATORS": f"openai:http://127.0.0.1:{port}/v1#made-up",
                "GRANDSTAND_MAX_CONNECTIONS_PER_ADDRESS": "1000",
                "GRANDSTAND_HANDSHAKES_PER_S": "1000",
                "GRANDSTAND_TRANSLATION_CHARS_PER_MINUTE": "0",
            }
            server = ServerProcess(Path(folder), environment=environment)
            try:
                await asyncio.to_thread(server.start)
                for path in paths:
                    chats.append(await chat(server, model, path))
                    print(json.dumps(chats[-1]), flush=True)
            finally:
                server.end()
    shown = sum(lang["shown"] for each in chats for lang in each["characters"].values())
    sent = sum(lang["sent"] for each in chats for lang in each["characters"].values())
    return {"chats": chats, "characters_sent_share": round(sent / max(1, shown), 3)}


def misses(found: dict[str, Any]) -> list[str]:
    """Return what isn't as it should be."""
    out = []
    for each in found["chats"]:
        if each["ahead_in_time"] < IN_TIME:
            out.append(f"{each['chat']}: {each['ahead_in_time']:.2%} in time")
        if each["characters_sent_share"] > CHAT_SHARE:
            out.append(f"{each['chat']}: {each['characters_sent_share']:.0%} sent")
        if each["questions_most_by_language"] > each["frames"]:
            out.append(f"{each['chat']}: more questions than frames")
        if each["astray"]:
            out.append(f"{each['chat']}: {each['astray']} astray")
    if found["characters_sent_share"] > SHARE:
        out.append(f"{found['characters_sent_share']:.0%} sent of all")
    return out


def main() -> None:
    """Say the chats, print and write what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="recorded chats, *.ndjson")
    parser.add_argument("--only", default="", help="only chats whose name begins so")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.glob(f"{arguments.only}*.ndjson"))
    if not paths:
        parser.error(f"no recorded chat in {arguments.folder}")
    found = {**machine(), "languages": LANGUAGES, **asyncio.run(measured(paths))}
    arguments.out.write_text(json.dumps(found, indent=1) + "\n")
    missed = misses(found)
    print("\n".join(missed) or f"{found['characters_sent_share']:.1%} of all characters sent")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
