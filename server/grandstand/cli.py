"""The commands. Settings come from the environment; options go before them."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import structlog
import typer

from grandstand import __version__, resources
from grandstand import app as server
from grandstand.demo import evening
from grandstand.faults import OperatorError
from grandstand.moderation import ModelError, Moderator, OnnxScorer, Policy, Rules, clean, skeleton
from grandstand.rules.identity import RANKS, Role
from grandstand.settings import ServerSettings, strangers
from grandstand.telemetry import configure_logging
from grandstand.tokens import Tokens

SCORED_TOGETHER = 256
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Host = Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")]
Port = Annotated[int | None, typer.Option(help="Port to listen on. [default: 8000]")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the embedded store, made if need be. [default: .grandstand]"),
]


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"grandstand {__version__}")
        raise typer.Exit


@cli.callback()
def grandstand(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """The audience of a live broadcast: comments, polls and overlays, locked to the picture.

    Settings are environment variables, GRANDSTAND_PORT and so on; options go before them.
    """


@cli.command()
def serve(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Serve rooms until Ctrl-C.

    Without GRANDSTAND_REDIS_URL the rooms live in an embedded store in --data-dir, and every
    acknowledged comment and vote is on disk.

    \b
    Example:
      export GRANDSTAND_JWT_SECRET=$(grandstand token --new-secret)
      grandstand serve --host 0.0.0.0
    """
    server.run(_settings(host=host, port=port, data_dir=data_dir))


@cli.command()
def demo(
    crowd: Annotated[int, typer.Option(min=0, help="How many viewers come by themselves.")] = 200,
    trace: Annotated[
        Path | None,
        typer.Option(
            help='A recorded chat for the crowd to say, over and over: lines {"at": ms, "user", '
            '"text"}. Then --crowd is how many are there at a time.'
        ),
    ] = None,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    for_s: Annotated[
        float | None, typer.Option("--for", min=0, help="Stop by itself after so many seconds.")
    ] = None,
) -> None:
    """Show what it does: a room, a crowd that talks and votes, and pages to look at.

    Needs nothing set up. Room, polls and comments are kept in --data-dir for the next time.

    \b
    Examples:
      grandstand demo
      grandstand demo --crowd 1000 --port 9000
      grandstand demo --trace chat.ndjson
    """
    settings = _settings(host=host, port=port, data_dir=data_dir)
    evening.run(settings, evening.Plan(crowd, trace, for_s))


@cli.command()
def token(
    role: Annotated[str, typer.Option(help="viewer, moderator or producer.")] = "viewer",
    room: Annotated[
        list[str] | None, typer.Option(help="A room it is for; may be given again. [default: all]")
    ] = None,
    name: Annotated[str, typer.Option(help="What others see.")] = "",
    sub: Annotated[
        str, typer.Option(help="Who it is, the same at every visit. [default: someone new]")
    ] = "",
    expires: Annotated[str, typer.Option(help="How long it holds: 90m, 12h, 7d.")] = "12h",
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Print a fresh secret instead.")
    ] = False,
) -> None:
    """Print a token, signed with GRANDSTAND_JWT_SECRET.

    \b
    Examples:
      grandstand token --role producer --room gala --name "Control room" --expires 1d
      GRANDSTAND_JWT_SECRET=$(cat .grandstand/secret) grandstand token --role moderator
    """
    if new_secret:
        print(secrets.token_urlsafe(32))
        return
    settings = ServerSettings.read()
    if settings.secret is None:
        raise OperatorError(
            "set GRANDSTAND_JWT_SECRET, the same as the server's; "
            "`grandstand token --new-secret` makes one"
        )
    tokens = Tokens(settings.secret)
    sub = sub or f"{role}:{secrets.token_hex(8)}"
    print(tokens.issue(sub, name, _role(role), room or ["*"], _seconds(expires)))


@cli.command()
def score(
    file: Annotated[
        typer.FileText | None, typer.Argument(help="Comments, one a line. [default: stdin]")
    ] = None,
    level: Annotated[int, typer.Option(min=0, max=4, help="0 off, 4 strictest.")] = 2,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add rules and probabilities.")
    ] = False,
) -> None:
    """Judge comments as a room would: lines in, JSON lines out.

    \b
    Example:
      echo "what a night" | grandstand score --explain
    """
    path = ServerSettings.read().model or resources.model()
    try:
        scorer = OnnxScorer(path)
    except ModelError as error:
        raise OperatorError(str(error)) from None
    for told in _scored(sys.stdin if file is None else file, scorer, level, explain):
        print(json.dumps(told, ensure_ascii=False), flush=True)


def _scored(
    lines: TextIO | typer.FileText, scorer: OnnxScorer, level: int, explain: bool
) -> Iterator[dict[str, object]]:
    rules, policy = Rules.load(), Policy(level)
    moderator = Moderator(scorer, rules, deadline_ms=60_000)
    with asyncio.Runner() as runner:
        try:
            for texts in _batches(lines):
                judged = runner.run(moderator.judge(texts, policy))
                scores = scorer.score(texts)
                for row, (text, judgement) in enumerate(zip(texts, judged, strict=True)):
                    told: dict[str, object] = {
                        "text": text,
                        "verdict": judgement.action,
                        "category": judgement.category,
                        "reason": judgement.reason,
                        "weight": judgement.weight,
                        "mood": round(judgement.mood, 3),
                        "excitement": round(judgement.excitement, 3),
                    }
                    if explain:
                        found = rules.find(skeleton(text), text)
                        told["skeleton"] = skeleton(text)
                        told["rules"] = [[each.category, each.rule] for each in found]
                        told["probabilities"] = {
                            name: round(float(values[row]), 3)
                            for name, values in scores.categories.items()
                        }
                    yield told
        finally:
            runner.run(moderator.close())


def _batches(lines: TextIO | typer.FileText) -> Iterator[list[str]]:
    """Cleaned texts, blank ones left out; a terminal's lines one by one."""
    most = 1 if lines.isatty() else SCORED_TOGETHER
    batch: list[str] = []
    for line in lines:
        if text := clean(line):
            batch.append(text)
        if len(batch) >= most:
            yield batch
            batch = []
    if batch:
        yield batch


def _settings(**given: object) -> ServerSettings:
    """The settings, with logging as they say."""
    settings = ServerSettings.read(**given)
    configure_logging(settings.log_level, settings.log_json)
    for name, closest in strangers().items():
        structlog.get_logger(__name__).warning("unknown_setting", variable=name, closest=closest)
    return settings


def _role(word: str) -> Role:
    for role in RANKS:
        if role == word:
            return role
    raise OperatorError(f"--role must be one of {', '.join(RANKS)}, not {word!r}")


def _seconds(duration: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", duration)
    if match is None:
        raise OperatorError(f"--expires must be like 90m, 12h or 7d, not {duration!r}")
    return int(match[1]) * UNITS_S[match[2]]


def main() -> None:
    """The ``grandstand`` command. Exits with 1 after the operator's faults, 2 after wrong usage."""
    try:
        cli()
    except OperatorError as fault:
        print(f"grandstand: {' '.join(str(fault).split())}", file=sys.stderr)
        sys.exit(1)
