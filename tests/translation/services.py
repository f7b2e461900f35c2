"""A server that speaks what translation services speak, and does what a test says."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.effects.receiver import Got, Receiver, listening, say

KEY = "a-key-that-nobody-may-see"
LANGUAGES = ("en", "de", "fr", "es", "ru", "zh-Hans")

Say = Callable[[str, str], str | None]


def foreign(text: str, lang: str) -> str | None:
    """What is said by default: another text for each, that names its language."""
    return f"{lang}({text})"


@dataclass
class Service(Receiver):
    """One server with every service's protocol. ``answers`` are raw ones, as a receiver's; each is
    used for one request for translations. After them ``says`` translates, and ``mangles`` has the
    last word on the list of answers. It answers a request ``takes_s`` after it came."""

    says: Say = foreign
    mangles: Callable[[list[Any]], list[Any]] = lambda items: items
    thinks: Callable[[dict[str, Any]], object] | None = None
    """What a model answers to the data of a prompt, in place of translations."""

    key: str = ""
    refuses: str = ""
    """A word for which a content filter answers 400."""

    scheme: str = "http"
    takes_s: float = 0.0
    asked: list[Got] = field(default_factory=list)
    """The requests for translations among ``got``."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def serve(self, reader: Any, writer: Any) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, path, _ = first.split(" ")
            got = Got(method, path, headers, body)
            self.got.append(got)
            if method == "POST":
                self.asked.append(got)
            raw = self.answers.pop(0) if method == "POST" and self.answers else self._answer(got)
            await asyncio.sleep(self.takes_s)
            await self.answering.wait()
            if not await say(writer, raw):
                return

    def _answer(self, got: Got) -> bytes:
        asked = json.loads(got.body or b"{}")
        given = got.headers.get("authorization", "").split(" ")[-1] or asked.get("api_key", "")
        if self.key and given != self.key and got.path != "/languages":
            return reply({"error": f"wrong key {given}"}, 403)
        if self.refuses and self.refuses.encode() in got.body:
            return reply({"error": "data_inspection_failed"}, 400)
        match got.path:
            case "/v1/models":
                return reply({"object": "list", "data": [{"id": "tiny"}, {"id": "other"}]})
            case "/v1/chat/completions":
                return reply(completion(self._completed(asked)))
            case "/languages":
                return reply([{"code": code, "targets": LANGUAGES} for code in LANGUAGES])
            case "/translate":
                said = [self.says(text, asked["target"]) for text in asked["q"]]
                return reply({"translatedText": self.mangles(said)})
            case "/v2/usage":
                return reply({"character_count": 12, "character_limit": 500_000})
            case "/v2/languages?type=target" | "/v2/languages?type=source":
                return reply([{"language": code[:2].upper(), "name": code} for code in LANGUAGES])
            case "/v2/translate":
                lang = asked["target_lang"].lower()
                texts = [{"text": self._outside_of_names(text, lang)} for text in asked["text"]]
                return reply({"translations": self.mangles(texts)})
            case _:
                return reply({"error": "no such path"}, 404)

    def _outside_of_names(self, text: str, lang: str) -> str | None:
        before, name, after = re.fullmatch("([^<]*)(<k>.*</k>)?(.*)", text).groups("")  # type: ignore[union-attr]
        if not name:
            return self.says(text, lang)
        return f"{self.says(before, lang)}{name}{self.says(after, lang)}"

    def texts(self, since: int = 0) -> list[str]:
        """The texts that a model was asked for, but for the first requests."""
        bodies = [json.loads(each.body) for each in self.asked[since:]]
        return [item["text"] for body in bodies for item in _data(body)["items"]]

    def _completed(self, asked: dict[str, Any]) -> str:
        data = _data(asked)
        if self.thinks is not None:
            return json.dumps(self.thinks(data))
        said = [
            {"id": item["id"], "text": self.says(item["text"], data["language"])}
            for item in data["items"]
        ]
        return json.dumps({"items": self.mangles(said)})


def _data(asked: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(asked["messages"][1]["content"])
    return data


def completion(content: str | None) -> dict[str, Any]:
    """The answer of an OpenAI-compatible endpoint."""
    return {"model": "tiny", "choices": [{"message": {"role": "assistant", "content": content}}]}


def reply(body: object, status: int = 200, *headers: str) -> bytes:
    content = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@asynccontextmanager
async def service(tls: ssl.SSLContext | None = None) -> AsyncIterator[Service]:
    """The server, for the duration of the block."""
    made = Service(scheme="http" if tls is None else "https")
    async with listening(made.serve, tls) as made.port:
        yield made
