"""The demonstration: a server, its room, a picture, a crowd, and the addresses; Ctrl-C ends all."""

from __future__ import annotations

import asyncio
import resource
import secrets
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random

import msgspec
import structlog
import uvloop
from pydantic import SecretStr

from grandstand.app.lifecycle import Running, serve
from grandstand.client.chat_file import recorded
from grandstand.demo import secret, steering
from grandstand.demo.announcer import Announcer
from grandstand.demo.auto_producer import AutoProducer, running_order
from grandstand.demo.crowd import Crowd
from grandstand.demo.meet import SCHEMAS
from grandstand.demo.mixer import Mixer
from grandstand.demo.phrases import Phrases
from grandstand.demo.side_rooms import PHRASES, RUNNERS, SIDE_ROOMS, SideRoom
from grandstand.demo.stream import PATH, Stream, missing
from grandstand.demo.trace import replay
from grandstand.errors import OperatorError
from grandstand.recordings.line import Line
from grandstand.settings import ServerSettings
from grandstand.wire.settings import Settings

ROOM = "gala"
SETTINGS = {
    "title": "Grandstand Gala · 联欢晚会",
    "guests": "vote",
    "comment_interval": 1,
    "comment_burst": 5,
    "selection": {"novelty": 0.1},  # a crowd with few phrases must be able to repeat them
}
DAY_S = 86_400
FILES_PER_VIEWER = 2
FILES_BESIDES = 256

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to show: a crowd's size, a recording in place of its own comments, for how long.

    ``stream`` is the URL of a picture to show in place of our own. ``attended``: there is a
    producer, and no poll, cue or card is sent automatically; nor is one where there is no crowd.
    """

    crowd: int = 200
    trace: Path | None = None
    for_s: float | None = None
    stream: str | None = None
    attended: bool = False


def run(settings: ServerSettings, plan: Plan) -> None:
    """Run the demonstration until Ctrl-C, or until the time is over. Raises OperatorError."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_show(settings, plan))


async def _show(settings: ServerSettings, plan: Plan) -> None:
    lines = None if plan.trace is None else recorded(plan.trace)
    if plan.stream is not None:
        _check_stream(plan.stream)
    _check_files(plan.crowd)
    made = None
    if settings.secret is None:
        made = secret.kept(settings.data_dir) or secrets.token_urlsafe(32)
        settings = settings.model_copy(update={"jwt_secret": SecretStr(made)})
    at_work: list[asyncio.Task[None]] = []
    running_now: list[Running] = []

    def now_ms() -> float:
        return running_now[0].rooms.store.now_ms()

    mixer = Mixer(settings.data_dir, now_ms)
    stream = Stream(settings.data_dir / "stream", mixer.path, now_ms)
    most = max(settings.max_connections_per_address, plan.crowd + 1000)
    settings = settings.model_copy(
        update={
            "max_connections_per_address": most,
            "effects_allow": (*settings.effects_allow, mixer.address),
        }
    )

    async def ready(running: Running) -> None:
        if made is not None:  # only now, since the store has locked the folder
            secret.keep(settings.data_dir, made)
        running_now.append(running)
        await mixer.start()
        shown = plan.stream
        if shown is None:
            why = await missing()
            if why is None:
                at_work.append(asyncio.create_task(stream.run(), name="stream"))
            else:
                log.warning("no_picture", why=why)
            shown = "" if why else PATH
        base = _reachable(running.url)
        producer = running.tokens.issue("producer", "Producer", "producer", ["*"], 7 * DAY_S)
        auto_producer = AutoProducer(base, ROOM, producer, lambda: mixer.stage.song)
        await asyncio.to_thread(auto_producer.open_room, SETTINGS, shown)
        effects = steering.effects(f"http://{mixer.address}", mixer.key)
        await asyncio.to_thread(auto_producer.put_effects, effects)
        await asyncio.to_thread(auto_producer.put_schemas, SCHEMAS)
        beside = [(each, AutoProducer(base, each.id, producer)) for each in SIDE_ROOMS]
        for side, its_producer in beside:
            await asyncio.to_thread(its_producer.open_room, side.settings, "")
            await asyncio.to_thread(its_producer.put_schemas, side.schemas)
        print(_programme(base, producer, plan), flush=True)
        if plan.crowd:
            elsewhere = (
                [] if lines is not None else [(side, side.crowd(plan.crowd)) for side in SIDE_ROOMS]
            )
            here = plan.crowd - sum(size for _, size in elsewhere)
            crowds = [_fill(base, running, Seats(ROOM, here, RUNNERS), lines)]
            crowds += [
                _fill(base, running, Seats(side.id, size, side.topics, PHRASES))
                for side, size in elsewhere
            ]
            at_work.extend(asyncio.create_task(each, name="crowd") for each in crowds)
            if not plan.attended:
                job = auto_producer.direct(running_order())
                at_work.append(asyncio.create_task(job, name="control room"))
                announcer = Announcer(lambda: round(now_ms()), auto_producer.give_stats, Random())
                at_work.append(asyncio.create_task(announcer.announce(), name="announcer"))
                for side, its_producer in beside:
                    feed = _kept(side, its_producer, lambda: round(now_ms()))
                    at_work.append(asyncio.create_task(feed, name=f"feed of {side.id}"))
        if plan.for_s is not None:
            asyncio.get_running_loop().call_later(plan.for_s, running.stop)

    try:
        await serve(settings, ready, stream.routes())
    finally:
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)
        await mixer.stop()


@dataclass(frozen=True, slots=True)
class Seats:
    """The crowd of one room: how many, what some of them follow, and the file of what they say."""

    room: str
    size: int
    topics: Sequence[str] = ()
    phrases: str = "phrases.toml"


async def _fill(
    base: str, running: Running, seats: Seats, lines: Sequence[Line] | None = None
) -> None:
    """Run a crowd, which may fail without affecting the server."""

    def issue(sub: str, name: str) -> str:
        return running.tokens.issue(sub, name, "viewer", [seats.room], DAY_S, guest=True)

    address = f"ws{base.removeprefix('http')}/v1/rooms/{seats.room}/live"
    crowd = Crowd(address, issue, seats.size, Random(), topics=seats.topics)
    phrases = Phrases.load(seats.phrases)
    talk = crowd.improvise(seats.size, phrases) if lines is None else replay(lines, crowd)
    try:
        await asyncio.gather(crowd.attend(), talk)
    except Exception:
        log.exception("crowd_failed", room=seats.room)


async def _kept(side: SideRoom, producer: AutoProducer, now_ms: Callable[[], int]) -> None:
    """Tell a side room's feed, which may fail without affecting the others."""
    try:
        await side.play(now_ms, producer.give_stats, Random())
    except Exception:
        log.exception("feed_failed", room=side.id)


def _check_files(crowd: int) -> None:
    needed = FILES_PER_VIEWER * crowd + FILES_BESIDES
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise OperatorError(
            f"a crowd of {crowd} takes {needed} open files and {hard} are allowed: "
            "give a smaller --crowd, or raise the limit (ulimit -n)"
        )


def _reachable(url: str) -> str:
    """Return an address to open: a server that listens everywhere is reached at 127.0.0.1."""
    return url.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:")


def _check_stream(url: str) -> None:
    try:
        msgspec.convert({"stream": url}, Settings)
    except msgspec.ValidationError:
        raise OperatorError(f"--stream must be the URL of an HLS playlist, not {url!r}") from None


def _programme(base: str, token: str, plan: Plan) -> str:
    text = files("grandstand.demo").joinpath("programme.txt").read_text("utf-8")
    crowd = "nobody is let in but you" if not plan.crowd else f"{plan.crowd} viewers are coming in"
    if plan.trace is not None and plan.crowd:
        crowd = f"the viewers of {plan.trace.name} are coming in, {plan.crowd} at a time"
    return text.format(base=base, token=token, room=ROOM, crowd=crowd, program=_program())


def _program() -> str:
    """Return the words that run this program from the folder where it was started."""
    path = sys.argv[0]
    if path.endswith("__main__.py"):
        return f"{shlex.quote(sys.executable)} -m grandstand"
    return "grandstand" if shutil.which("grandstand") == path else shlex.quote(path)
