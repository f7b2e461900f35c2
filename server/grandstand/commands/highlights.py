"""``grandstand highlights``: finds the moments of a recorded chat."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from grandstand.client.chat_file import recorded
from grandstand.commands.chat_options import FILE_HELP, ChatFormat
from grandstand.domain.clips import Clip, Form, Rate, listed
from grandstand.moderation.word_rules import Rules
from grandstand.overlays.bursts import LONGEST_S
from grandstand.overlays.highlights import PER_HOUR, Highlight, HighlightFinder, Said
from grandstand.overlays.names import PublicNames
from grandstand.overlays.reaction import USUAL_MS, ReactionDelay
from grandstand.recordings.line import NOBODY, Line
from grandstand.text.normalise import clean

SHORTEST_S = 300
"""A shorter chat is its own past: the usual of its room can't be told from it."""


class Found(msgspec.Struct, frozen=True):
    """A line of output; times in ms as the recording has them."""

    onset: int
    noticed: int
    until: int
    strength: float
    words: Sequence[str]
    comments: Sequence[str]
    texts: Sequence[str]


def highlights(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP)],
    per_hour: Annotated[
        float, typer.Option(min=0.1, max=60, help="How many highlights an hour are wanted.")
    ] = PER_HOUR,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Find what a room would have found as it happened. [default: the strongest of "
            "the whole recording]",
        ),
    ] = False,
    delay: Annotated[
        float,
        typer.Option(min=0, max=120, help="Seconds from what happened to the comments about it."),
    ] = USUAL_MS / 1000,
    public: Annotated[
        list[str] | None,
        typer.Option(
            "--public", help="A name that may stand among the words (an athlete, a team); repeat."
        ),
    ] = None,
    as_: Annotated[
        Form | None,
        typer.Option("--as", help="Print clips of the recording instead: a list of that form."),
    ] = None,
    handles: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds before and behind each clip.")
    ] = 5,
    rate: Annotated[Rate, typer.Option(help="Frames a second, for edl and otio.")] = "25",
    form: ChatFormat = None,
) -> None:
    """Find the moments at which the audience of a recorded chat stirred: JSON lines, in order.

    Each has onset, noticed and until (ms, as the recording counts), strength (how many times the
    usual was said), words (what was said more than in the minutes before), comments and texts
    (samples). Usernames, what stands after an @, and words that moderation knows as bad are never
    among the words. The first three minutes only show what is usual.

    \b
    Examples:
      grandstand highlights evening.xml
      grandstand highlights gala.ndjson --per-hour 12 | jq -r '[.onset, .words[]] | @tsv'
      grandstand highlights gala.ndjson --as edl --handles 8 > gala.edl
      grandstand highlights 123456.json --format twitch --public 'Lionel Messi'
    """
    lines = recorded(file, form)
    span_s = (lines[-1].at - lines[0].at) / 1000
    if span_s < SHORTEST_S:
        print(
            f"{file}: {span_s:.0f} s are too short to say what is usual: nothing is found in less "
            f"than {SHORTEST_S}",
            file=sys.stderr,
        )
    found = list(_found(lines, per_hour, live, delay, public or ()))
    if not live:
        most = max(1, round(per_hour * span_s / 3600))
        strongest = sorted(found, key=lambda each: (-each.strength, each.onset))[:most]
        found = sorted(strongest, key=lambda each: each.onset)
    if as_ is not None:
        clips = [_clip(each, int(lines[0].at), round(handles * 1000)) for each in found]
        sys.stdout.buffer.write(listed(clips, as_, file.stem, rate))
    for each in found if as_ is None else ():
        sys.stdout.buffer.write(msgspec.json.encode(_told(each, lines)) + b"\n")
    sys.stdout.buffer.flush()
    print(f"{len(found)} highlights in {span_s / 3600:.1f} hours", file=sys.stderr)


def _found(
    lines: Sequence[Line], per_hour: float, live: bool, delay: float, public: Sequence[str]
) -> Iterator[Highlight]:
    reaction = ReactionDelay(round(delay * 1000))
    is_muted, names = Rules.load().is_bad_word, PublicNames(public)
    finder = HighlightFinder(per_hour, is_muted, names, not live, reaction)
    for number, line in enumerate(lines):
        if number and line.at // 1000 != lines[number - 1].at // 1000:
            yield from _over(finder, int(line.at))
        user = "" if line.user == NOBODY else line.user
        weight = 0.0 if line.weight is msgspec.UNSET else line.weight
        finder.comment(Said(int(line.at), user, clean(line.text), str(number), weight, line.name))
        if line.count > 1 and line.shown:
            finder.uncounted(int(line.at), line.count - 1)
    yield from _over(finder, int(lines[-1].at) + 1000 * (LONGEST_S + 1))


def _over(finder: HighlightFinder, now: int) -> Iterator[Highlight]:
    return (each for each in finder.read(now).highlights if each.until is not None)


def _clip(found: Highlight, begin: int, handles: int) -> Clip:
    """Return a clip of a recording that began with the chat's first comment, at ``begin``."""
    onset, until = found.onset - begin, (found.until or found.noticed) - begin
    return Clip.of_highlight(onset, until, found.strength, found.words, handles)


def _told(found: Highlight, lines: Sequence[Line]) -> Found:
    samples = [lines[int(number)] for number in found.comments]
    return Found(
        found.onset,
        found.noticed,
        found.until or found.noticed,
        found.strength,
        found.words,
        [line.id for line in samples if line.id],
        [clean(line.text) for line in samples],
    )
