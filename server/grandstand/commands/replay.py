"""``grandstand replay``: sends a recorded chat again to a room of any server."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from msgspec.structs import replace

from grandstand.client.chat_file import recorded
from grandstand.client.figures import percentile
from grandstand.client.replay import Issue, Replay
from grandstand.commands.chat_options import FILE_HELP, ChatFormat
from grandstand.commands.options import GALA, URL, Room, Url
from grandstand.commands.remote import RefusedCallError, Remote, issuer, room_path, token_for
from grandstand.errors import OperatorError
from grandstand.recordings.line import Line

TOKEN_LIFE_S = 86_400
REPORT_S = 10.0
FILES_BESIDES = 64
TOKENS_AT_ONCE = 8
NAME_MAX_CHARS = 100


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP)],
    speed: Annotated[
        float, typer.Option(min=0.001, max=1_000_000, help="Speed, as a multiple of the original.")
    ] = 1.0,
    viewers: Annotated[
        int, typer.Option(min=1, help="How many connections at a time, one per author.")
    ] = 200,
    issue: Annotated[
        bool,
        typer.Option(
            "--issue",
            help="Issue a token for each author, with GRANDSTAND_JWT_SECRET or a demo's own "
            "secret. [default: each is a guest]",
        ),
    ] = False,
    token: Annotated[
        str | None, typer.Option(help="One viewer's token: that viewer then sends everything.")
    ] = None,
    room: Room = GALA,
    form: ChatFormat = None,
    url: Url = URL,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Send a recorded chat again to a room, over real connections, at its own pace or faster.

    The file is what `grandstand export` writes, or one of Bilibili, NicoNico, Twitch and others
    (see --format). Comments get programme times that begin now. A comment that the room puts off is
    sent again, with the same id.

    \b
    Examples:
      grandstand replay evening.xml
      grandstand replay gala.ndjson --speed 10 --issue
      grandstand replay gala.ndjson --url https://show.example --room test --viewers 500
    """
    lines = [*recorded(file, form)]
    if token is not None:
        lines = [replace(line, user="token") for line in lines]
    _allow_files(viewers)
    looking = token or (token_for(url, None, "viewer", room, TOKEN_LIFE_S) if issue else None)
    remote = Remote(url, looking)
    settings = remote.ask("GET", room_path(room))["settings"]
    tokens = _issued(url, room) if issue else _given(token) if token else _guests(url, room)
    address = f"ws{remote.url.removeprefix('http')}{room_path(room)}/live"
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_said(address, lines, tokens, speed, viewers, settings, as_json))


async def _said(
    address: str,
    lines: list[Line],
    tokens: Issue,
    speed: float,
    viewers: int,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    interval_s = float(settings["comment_interval"])
    said = Replay(address, lines, tokens, speed, viewers, interval_s)
    reporting = asyncio.create_task(_report(said, len(lines)))
    begun_s = time.monotonic()
    try:
        await said.run()
    finally:
        reporting.cancel()
        if said.figures.sent:  # also after Ctrl-C
            summary = _summary(said, time.monotonic() - begun_s)
            print(json.dumps(summary) if as_json else _words(summary), flush=True)
    if not said.figures.acked:
        raise OperatorError("not one comment was accepted")


async def _report(said: Replay, count: int) -> None:
    while True:
        await asyncio.sleep(REPORT_S)
        figures = said.figures
        print(
            f"{figures.sent} of {count} said, {figures.acked} accepted, {said.unanswered} waiting",
            file=sys.stderr,
        )


def _summary(said: Replay, seconds: float) -> dict[str, Any]:
    figures = said.figures
    return {
        "sent": figures.sent,
        "seconds": round(seconds, 1),
        "authors": len(said.authors),
        "viewers": said.present_most,
        "accepted": figures.acked - figures.held,
        "held": figures.held,
        "refused": dict(figures.refused),
        "lost": dict(said.lost),
        "unanswered": said.unanswered,
        "put_off": dict(figures.put_off),
        "ack_p50_ms": percentile(figures.ack_ms, 0.50),
        "ack_p99_ms": percentile(figures.ack_ms, 0.99),
    }


def _words(summary: dict[str, Any]) -> str:
    def counted(name: str) -> str:
        each = ", ".join(f"{count} {why}" for why, count in sorted(summary[name].items()))
        return f"{sum(summary[name].values())}{f' ({each})' if each else ''}"

    lines = [
        f"{summary['sent']} comments of {summary['authors']} authors in {summary['seconds']} s, "
        f"at most {summary['viewers']} viewers at a time",
        f"accepted {summary['accepted']}, held {summary['held']}, refused {counted('refused')}",
    ]
    if summary["lost"] or summary["unanswered"]:
        lines.append(f"turned away {counted('lost')}, without an answer {summary['unanswered']}")
    if summary["put_off"]:
        lines.append(f"put off and sent again {counted('put_off')}")
    if summary["ack_p50_ms"] is not None:
        lines.append(f"ack p50 {summary['ack_p50_ms']} ms, p99 {summary['ack_p99_ms']} ms")
    return "\n".join(lines)


# --- who says it ---------------------------------------------------------------------------------


def _given(token: str) -> Issue:
    async def issue(user: str, name: str) -> str:
        return token

    return issue


def _issued(url: str, room: str) -> Issue:
    tokens = issuer(url)
    if tokens is None:
        raise OperatorError("--issue takes the server's secret: set GRANDSTAND_JWT_SECRET")

    async def issue(user: str, name: str) -> str:
        return tokens.issue(f"replay:{user}", name, "viewer", [room], TOKEN_LIFE_S)

    return issue


def _guests(url: str, room: str) -> Issue:
    """Return a function that makes guest tokens, one per author; it waits when there are too many
    at once."""
    remote = Remote(url, None)
    known: dict[str, str] = {}
    at_once = asyncio.Semaphore(TOKENS_AT_ONCE)

    async def issue(user: str, name: str) -> str:
        while user not in known:
            body = {"name": name[:NAME_MAX_CHARS]}
            try:
                async with at_once:
                    guest = await asyncio.to_thread(
                        remote.ask, "POST", f"{room_path(room)}/guests", body
                    )
                known[user] = str(guest["token"])
            except RefusedCallError as refused:
                if refused.retry_after_s is None:
                    raise
                await asyncio.sleep(refused.retry_after_s)
        return known[user]

    return issue


def _allow_files(viewers: int) -> None:
    """Raise the limit of open files to one per connection. Raises OperatorError if it can't be."""
    needed = viewers + FILES_BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise OperatorError(
            f"{viewers} viewers take {needed} open files and {hard} are allowed: "
            "give fewer --viewers, or raise the limit (ulimit -n)"
        )
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
