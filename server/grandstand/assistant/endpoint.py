"""The client for endpoints that speak OpenAI's form: structured answers, temperature 0.

A prompt is a file with a version; what it is given to work on goes beside it as data, never into
it. The answer must be JSON of the schema. An endpoint that refuses schemas is asked for plain JSON
from then on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Generic, TypeVar

import msgspec

from grandstand.assistant.service import AnswerError, FormRefusedError, Service

T = TypeVar("T")

_VERSION = re.compile(r"[\w.:/@+-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told to do."""

    name: str
    version: int
    text: str

    @classmethod
    def load(cls, package: str, name: str, version: int) -> Prompt:
        """Return the prompt of the file ``name-version.txt`` in ``prompts/`` of a package."""
        path = files(package) / "prompts" / f"{name}-{version}.txt"
        return cls(name, version, path.read_text("utf-8").strip())


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    model: Any = None
    system_fingerprint: Any = None


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """An answer, with what the endpoint says of the model that gave it (``""``: nothing), and how
    many characters it has."""

    answer: T
    version: str
    characters: int


class _Models(msgspec.Struct):
    data: list[dict[str, Any]]


class Endpoint:
    """One model at one endpoint."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        """``url`` ends as the paths' beginning does, as in ``http://host:8000/v1``."""
        self._service = Service(url, {"Authorization": f"Bearer {key}"} if key else {})
        self.model = model
        self.where = f"{model} at {self._service.where}"
        self._takes_schemas = True

    async def ask(
        self,
        prompt: Prompt,
        data: object,
        schema: Mapping[str, object],
        answer: type[T],
        tokens_max: int,
    ) -> Answered[T]:
        """Return what the model makes of ``data``, as ``answer``, whose JSON Schema is ``schema``.

        What is refused is asked for once more in plain JSON. Raises ServiceError.
        """
        plain: dict[str, object] = {"type": "json_object"}
        described = {"name": prompt.name, "strict": True, "schema": schema}
        body = {
            "model": self.model,
            "temperature": 0,
            "stream": False,
            "max_tokens": tokens_max,
            "messages": [
                {"role": "system", "content": prompt.text},
                {"role": "user", "content": msgspec.json.encode(data).decode()},
            ],
            "response_format": {"type": "json_schema", "json_schema": described},
        }
        if not self._takes_schemas:
            said = await self._completed({**body, "response_format": plain})
        else:
            try:
                said = await self._completed(body)
            except FormRefusedError:  # of the schema, or of what it was asked
                said = await self._completed({**body, "response_format": plain})
                self._takes_schemas = False
        if not said.choices:
            raise AnswerError("its answer has no choices")
        content = said.choices[0].message.content
        try:  # some endpoints put JSON into a fence, or thoughts before it
            found = msgspec.json.decode(
                content[content.find("{") : content.rfind("}") + 1], type=answer
            )
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise AnswerError("the model's answer isn't JSON of the form asked for") from None
        return Answered(found, self._version(said), len(content))

    async def _completed(self, body: Mapping[str, object]) -> _Completion:
        return await self._service.ask("POST", "/chat/completions", body, _Completion)

    def _version(self, said: _Completion) -> str:
        """Return what the endpoint calls the model beyond its name."""
        told = [each for each in (said.model, said.system_fingerprint) if isinstance(each, str)]
        fit = [each for each in told if _VERSION.fullmatch(each) and each != self.model]
        return " ".join(fit)

    async def check(self) -> str:
        """Return what can be said of the endpoint, found out without asking the model anything.

        Raises ServiceError.
        """
        known = (await self._service.ask("GET", "/models", None, _Models)).data
        if known and all(each.get("id") != self.model for each in known):
            return f"{self.where}: it doesn't list this model"
        return self.where

    async def close(self) -> None:
        """End all connections."""
        await self._service.close()
