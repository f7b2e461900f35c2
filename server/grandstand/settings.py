"""Settings of an operator: environment variables ``GRANDSTAND_…``, each with a default that
works."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from grandstand.assistant.budget import Limits
from grandstand.assistant.terms import Terms as AssistantTerms
from grandstand.domain.addresses import parse
from grandstand.domain.identity import TokenTerms
from grandstand.domain.signatures import read_private
from grandstand.errors import OperatorError
from grandstand.translation.spec import FORMS, parse_all
from grandstand.translation.spec import parse as parse_engine
from grandstand.translation.terms import Terms

PREFIX = "GRANDSTAND_"
OF_COMMANDS = ("TOKEN", "URL")
"""Variables that are read by commands that call a server."""


def _listed(value: object) -> object:
    """Return the items of a comma-separated list."""
    if not isinstance(value, str):
        return value
    return tuple(part for part in (each.strip() for each in value.split(",")) if part)


def _origin(value: str) -> str:
    """Check an origin. A browser sends scheme, host and port, no path; anything else would never
    match."""
    scheme, _, host = value.partition("://")
    if value != "*" and (scheme not in ("http", "https") or not host or "/" in host):
        raise ValueError(f"{value!r} is not an origin such as https://show.example")
    return value


Origin = Annotated[str, AfterValidator(_origin)]


def _signing_key(value: SecretStr) -> SecretStr:
    read_private(value.get_secret_value())
    return value


def _effect_target(value: str) -> str:
    parse(value)
    return value


def _translators(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_all(value)
    return value


def _assistant(value: str) -> str:
    if value.strip().partition(":")[0] != "openai":  # before it is taken for a bad translator
        raise ValueError(f"only openai can suggest: write it as {FORMS['openai']}")
    parse_engine(value)
    return value


EffectTarget = Annotated[str, AfterValidator(_effect_target)]


class ServerSettings(BaseSettings):
    """Settings of one process; times in the unit of their name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    data_dir: Path = Path(".grandstand")
    archive_url: Annotated[str | None, Field(repr=False)] = None
    redis_url: Annotated[str | None, Field(repr=False)] = None
    jwt_secret: SecretStr | None = None
    jwt_secret_previous: SecretStr | None = None
    jwks_url: str | None = None
    signing_key: Annotated[SecretStr, AfterValidator(_signing_key)] | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    jwt_max_life_s: Annotated[int, Field(ge=0, le=315_360_000)] = 0
    hide_rooms: bool = False
    recommendations: Literal["known", "balanced", "curious"] = "balanced"
    ban_holds_address_s: Annotated[int, Field(ge=0, le=86_400)] = 900
    origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_listed)] = ()
    effects_allow: Annotated[tuple[EffectTarget, ...], NoDecode, BeforeValidator(_listed)] = ()
    past_shows: Path | None = None
    translators: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_listed), AfterValidator(_translators)
    ] = ()
    openai_key: SecretStr | None = None
    libretranslate_key: SecretStr | None = None
    deepl_key: SecretStr | None = None
    phrases: Path | None = None
    translation_chars_per_minute: Annotated[int, Field(ge=0, le=1_000_000_000)] = 60_000
    translation_chars_per_show: Annotated[int, Field(ge=0, le=1_000_000_000)] = 5_000_000
    translation_price: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    assistant: Annotated[str, AfterValidator(_assistant)] | None = None
    assistant_key: SecretStr | None = None
    assistant_chars_per_minute: Annotated[int, Field(ge=0, le=1_000_000_000)] = 60_000
    assistant_chars_per_show: Annotated[int, Field(ge=0, le=1_000_000_000)] = 5_000_000
    assistant_price: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    model: Path | None = None
    forecast_models: Path | None = None
    moderation_deadline_ms: Annotated[int, Field(ge=1, le=10_000)] = 200
    moderation_threads: Annotated[int, Field(ge=1, le=64)] = 1
    max_connections_per_viewer: Annotated[int, Field(ge=1)] = 10
    max_connections_per_address: Annotated[int, Field(ge=1)] = 5000
    viewers_max: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    waiting_max: Annotated[int, Field(ge=0, le=100_000)] = 0
    prewarm_rooms: Annotated[int, Field(ge=0, le=1000)] = 0
    handshakes_min_per_s: Annotated[int, Field(ge=0, le=100_000)] = 0
    handshakes_max_per_s: Annotated[int, Field(ge=0, le=100_000)] = 0
    handshakes_per_s: Annotated[int, Field(ge=1, le=100_000)] = 1500
    drain_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    drain_max_s: Annotated[float, Field(ge=0, le=600)] = 10.0
    forwarded_allow_ips: str = "127.0.0.1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: Annotated[bool, Field(default_factory=lambda: not sys.stderr.isatty())]

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read the environment; what is ``given`` and not None overrides it.

        Raises OperatorError with every fault, each by the name of its variable.
        """
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise OperatorError("; ".join(_fault(each) for each in error.errors())) from None

    @property
    def secret(self) -> str | None:
        """Return the secret in plain text."""
        return None if self.jwt_secret is None else self.jwt_secret.get_secret_value()

    @property
    def archive(self) -> str | None:
        """Return the archive's URL, or its folder; None if there is to be none."""
        if self.archive_url is None:
            return str(self.data_dir.absolute() / "archive")
        return None if self.archive_url == "none" else self.archive_url

    @property
    def longest_drain_s(self) -> float:
        """Return the longest time over which viewers are sent away."""
        return max(self.drain_s, self.drain_max_s)

    @property
    def translation_terms(self) -> Terms:
        """Return who translates, and within which limits."""
        keys = {
            "openai": self.openai_key,
            "libretranslate": self.libretranslate_key,
            "deepl": self.deepl_key,
        }
        return Terms(
            specs=parse_all(self.translators),
            keys={kind: key.get_secret_value() for kind, key in keys.items() if key is not None},
            folder=self.phrases,
            limits=Limits(
                self.translation_chars_per_minute,
                self.translation_chars_per_show,
                self.translation_price,
            ),
        )

    @property
    def assistant_terms(self) -> AssistantTerms:
        """Return which model suggests, and within which limits."""
        if self.assistant is None:
            return AssistantTerms()
        spec, key = parse_engine(self.assistant), self.assistant_key
        limits = Limits(
            self.assistant_chars_per_minute, self.assistant_chars_per_show, self.assistant_price
        )
        secret = "" if key is None else key.get_secret_value()
        return AssistantTerms(spec.url, spec.model, secret, limits)

    @property
    def token_terms(self) -> TokenTerms:
        """Return what tokens must contain."""
        previous = self.jwt_secret_previous
        return TokenTerms(
            audience=self.jwt_audience or "",
            issuer=self.jwt_issuer or "",
            max_life_s=self.jwt_max_life_s,
            previous_secret="" if previous is None else previous.get_secret_value(),
        )


def unknown_variables(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return variables that look like ours but are none, each with the closest of ours, or "".

    They are no reason to refuse a start: an orchestrator sets such variables for a service called
    grandstand.
    """
    given = os.environ if environment is None else environment
    ours = [name.upper() for name in ServerSettings.model_fields]
    found = {}
    for name in sorted(given):
        bare = name.removeprefix(PREFIX)
        if bare != name and bare not in (*ours, *OF_COMMANDS):
            found[name] = "".join(PREFIX + each for each in get_close_matches(bare, ours, n=1))
    return found


def _fault(error: Mapping[str, Any]) -> str:
    """Return one fault as a line; the value itself may be a secret and is not repeated."""
    variable = PREFIX + str(error["loc"][0]).upper()
    words = str(error["msg"]).removeprefix("Value error, ")
    return f"{variable}: {words.replace('Input should be', 'must be', 1)}"
