"""``grandstand poll …``: a show's polls from a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from grandstand.commands.options import GALA, URL, Room, Token, Url
from grandstand.commands.poll_chart import Chart
from grandstand.commands.remote import Remote, as_producer, room_path
from grandstand.domain.polls.registry import KINDS, plainest
from grandstand.errors import OperatorError
from grandstand.wire.messages import PollKind

LOOK_S = 1.0

poll = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print the poll as the API returns it.")]
PollId = Annotated[
    str | None, typer.Argument(metavar="POLL", help="Its id. [default: the newest that fits]")
]
OnlyPollId = Annotated[
    str | None, typer.Argument(metavar="POLL", help="Its id. [default: the only one that fits]")
]
Grace = Annotated[
    float | None,
    typer.Option(min=0, help="Seconds after the end in which late votes still count."),
]


class Audit(StrEnum):
    """What anyone can check of a public result."""

    NONE = "none"
    TALLY = "tally"
    RECEIPTS = "receipts"


class ShowTally(StrEnum):
    """When viewers see a poll's tally."""

    ALWAYS = "always"
    VOTED = "voted"
    REVEALED = "revealed"


@poll.callback()
def about() -> None:
    """Open, watch and end polls.

    \b
    Examples:
      grandstand poll open "Who wins?" Ann Bo --duration 60
      grandstand poll show --watch
      grandstand poll close --wait && grandstand poll reveal
    """


@poll.command("open")
def open_(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question.")],
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="OPTION", help="2 to 20 options; a rating has none."),
    ] = None,
    duration: Annotated[float, typer.Option(min=0.001, help="Seconds that it is open.")] = 60,
    ahead: Annotated[
        float, typer.Option("--in", min=0, help="Seconds until it opens. [default: at once]")
    ] = 0,
    kind: Annotated[
        PollKind | None,
        typer.Option(help="[default: the plainest that takes the other options: single, …]"),
    ] = None,
    answer: Annotated[
        str | None,
        typer.Option(help="A quiz's right option: its text, or its index from 0."),
    ] = None,
    max_choices: Annotated[
        int | None, typer.Option(min=1, help="For multiple: how many options one may choose.")
    ] = None,
    scale: Annotated[
        int | None,
        typer.Option(min=2, max=10, help="For a rating: it goes from 1 to this. [default: 5]"),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(help="A name to find the poll by; viewers aren't told.")
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="A vote counts as much as its token says.")
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model that wrote it, unchanged; viewers are told."),
    ] = None,
    change: Annotated[bool, typer.Option("--change", help="Viewers may vote again.")] = False,
    show_tally: Annotated[ShowTally, typer.Option(help="Who sees the tally.")] = ShowTally.ALWAYS,
    audit: Annotated[
        Audit,
        typer.Option(help="What can be checked: nothing, the result, also each voter's own vote."),
    ] = Audit.TALLY,
    grace: Grace = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Open a poll.

    \b
    Examples:
      grandstand poll open "Who wins?" Ann Bo --duration 60
      grandstand poll open "Capital of Peru?" Quito Lima --answer Lima --show-tally revealed
      grandstand poll open "Which songs?" One Two Three --max-choices 2
      grandstand poll open "How was the show?" --scale 5
      grandstand poll open "Who will win?" Ann Bo --kind prediction
    """
    own: dict[str, Any] = {}
    if options:
        own["options"] = options
    if answer is not None:
        own["answer"] = _option_index(answer, options or [])
    if max_choices is not None:
        own["max_choices"] = max_choices
    if scale is not None:
        own["scale"] = scale
    if kind is None:
        kind = plainest(own)
        if kind is None:
            names = " and ".join(f"--{name}" for name in own if name != "options")
            beside = " beside options" if options else ""
            raise OperatorError(f"no kind of poll takes {names}{beside}".replace("_", "-"))
    body: dict[str, Any] = {
        "kind": kind,
        "question": question,
        "change": change,
        "show_tally": show_tally,
        "audit": audit,
        **own,
    }
    if weights:
        body["weights"] = True
    if tag is not None:
        body["tag"] = tag
    if by is not None:
        body["by"] = by
    if grace is not None:
        body["grace"] = round(grace * 1000)
    remote = as_producer(url, token, room)
    if ahead:  # in programme time, which is the room's
        body["opens_at"] = int(remote.ask("GET", room_path(room))["now"] + 1000 * ahead)
        body["closes_at"] = body["opens_at"] + round(1000 * duration)
    else:
        body["duration"] = duration
    shown = remote.ask("POST", f"{room_path(room)}/polls", body)
    if answer is not None and not as_json:
        shown["answer"] = own["answer"]  # which the server keeps to itself until it is revealed
    _tell(remote, room, shown, as_json)


@poll.command()
def close(
    poll_id: OnlyPollId = None,
    grace: Grace = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until the result is final.")] = False,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """End a poll now. Its result is final when the time for late votes is over.

    \b
    Examples:
      grandstand poll close
      grandstand poll close --wait
      grandstand poll close --grace 0
    """
    body = {} if grace is None else {"grace": round(grace * 1000)}
    remote = as_producer(url, token, room)
    closed = _step(remote, room, poll_id, "close", body)
    _tell(remote, room, closed, as_json, until_final=wait)


@poll.command()
def extend(
    seconds: Annotated[
        float, typer.Argument(metavar="SECONDS", help="How many seconds longer.", min=0.001)
    ],
    poll_id: OnlyPollId = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Extend an open poll; its votes stay.

    \b
    Example:
      grandstand poll extend 30
    """
    remote = as_producer(url, token, room)
    longer = _step(remote, room, poll_id, "extend", {"duration": seconds})
    _tell(remote, room, longer, as_json)


@poll.command()
def reveal(
    poll_id: PollId = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Show result and answer to everyone; the result must be final.

    \b
    Example:
      grandstand poll reveal
    """
    remote = as_producer(url, token, room)
    if poll_id is None:  # a revealed one fits: reveal it again, and no poll of before
        poll_id = found(remote, room, None, {"open", "closed", "revealed"}, resolved=False)["id"]
    _tell(remote, room, _step(remote, room, poll_id, "reveal", {}), as_json)


@poll.command()
def resolve(
    right: Annotated[
        str, typer.Argument(metavar="ANSWER", help="The option that was right: text, or index.")
    ],
    poll_id: OnlyPollId = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Say which option of a prediction was right, which reveals it; the result must be final.

    \b
    Example:
      grandstand poll resolve Ann
    """
    remote = as_producer(url, token, room)
    asked = found(remote, room, poll_id, {"closed", "open"}, resolved=True, only=True)
    body = {"answer": _option_index(right, [option["text"] for option in asked["options"]])}
    _tell(remote, room, _step(remote, room, asked["id"], "resolve", body), as_json)


@poll.command()
def cancel(
    poll_id: OnlyPollId = None,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Cancel an open poll; it then has no result.

    \b
    Example:
      grandstand poll cancel
    """
    remote = as_producer(url, token, room)
    _tell(remote, room, _step(remote, room, poll_id, "cancel", {}), as_json)


@poll.command()
def show(
    poll_id: PollId = None,
    watch: Annotated[bool, typer.Option("--watch", help="Until the result is final.")] = False,
    room: Room = GALA,
    url: Url = URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Print a poll and its votes.

    \b
    Examples:
      grandstand poll show
      grandstand poll show --watch
      grandstand poll show --json | jq .tally
    """
    remote = as_producer(url, token, room)
    _tell(remote, room, found(remote, room, poll_id, None), as_json, until_final=watch)


def _option_index(answer: str, options: list[str]) -> int:
    if answer in options:
        return options.index(answer)
    if answer.isascii() and answer.isdigit():
        return int(answer)
    raise OperatorError(f"the answer must be an option, or its index from 0, not {answer!r}")


def poll_path(room: str, poll_id: str) -> str:
    """Return the path of a poll's calls."""
    return f"{room_path(room)}/polls/{quote(poll_id, safe='')}"


def found(
    remote: Remote,
    room: str,
    poll_id: str | None,
    fit: Collection[str] | None,
    resolved: bool | None = None,
    only: bool = False,
) -> Any:
    """Return the poll with that id, or the newest whose status fits.

    ``resolved`` asks for a kind whose answer comes later, or for one of the others.

    Raises:
        OperatorError: there is none, or with ``only`` there are several. Those of one page are
            counted: they are more than the last ones that a step is possible with.
    """
    if poll_id is not None:
        return remote.ask("GET", poll_path(room, poll_id))
    path = f"{room_path(room)}/polls"
    page = remote.ask("GET", path)
    while True:  # the last ones first
        fitting = [
            each
            for each in page["polls"]
            if fit is None or each["status"] in fit
            if resolved is None or resolved == _is_resolved(each)
        ]
        if only and len(fitting) > 1:
            names = ", ".join(f"{each['id']} ({each['question']})" for each in fitting)
            raise OperatorError(f"{len(fitting)} polls fit, give the id of one: {names}")
        if fitting:
            return fitting[-1]
        if "next" not in page:
            sort = "" if fit is None else f" {' or '.join(sorted(fit))}"
            later = " to resolve" if resolved else ""
            raise OperatorError(f"the room {room} has no{sort} poll{later}")
        page = remote.ask("GET", f"{path}?after={quote(page['next'])}")


def _is_resolved(poll: Any) -> bool:
    kind = KINDS.get(poll["kind"])  # of a newer server's kinds nothing is known
    return kind is not None and kind.is_resolved


def _step(remote: Remote, room: str, poll_id: str | None, step: str, body: dict[str, Any]) -> Any:
    """Take a step with that poll, or with the only open one; return the poll."""
    if poll_id is None:
        poll_id = found(remote, room, None, {"open"}, only=True)["id"]
    return remote.ask("POST", f"{poll_path(room, str(poll_id))}/{step}", body)


def _tell(remote: Remote, room: str, shown: Any, as_json: bool, until_final: bool = False) -> None:
    """Print a poll, with ``until_final`` again whenever it changes; in a terminal over itself."""
    ahead_ms = 0 if as_json else remote.ask("GET", room_path(room))["now"] - time.time() * 1000
    chart = Chart()

    def tell(poll: Any) -> None:
        if as_json:
            print(json.dumps(poll, ensure_ascii=False), flush=True)
        else:
            chart.draw(poll, time.time() * 1000 + ahead_ms)

    tell(shown)
    while until_final and not shown["final"] and shown["status"] != "cancelled":
        time.sleep(LOOK_S)
        newer = remote.ask("GET", poll_path(room, str(shown["id"])), patience_s=60)
        if newer != shown or not as_json:  # of a poll that stays the same the time goes on
            tell(newer)
        shown = newer
