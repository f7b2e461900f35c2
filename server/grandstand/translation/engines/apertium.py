"""Translation by Apertium, which runs here: rules and dictionaries, some 35 pairs of languages.

A pair is a mode file: a shell pipeline of a dozen programs. It is kept running, and each program
flushes at a NUL (``-z``), since the wrapper ``apertium`` buffers: 1.5 ms a sentence. A pipeline
that hangs, dies or is left in the middle of an answer is ended, and the next batch starts another.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import subprocess
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeAlias

from grandstand.assistant.service import ServiceError
from grandstand.errors import OperatorError
from grandstand.timeouts import timeout
from grandstand.translation.engines.engine import Item, base

MODES = Path("/usr/share/apertium/modes")

BATCH_S = 10.0
"""The longest time for a batch; the first one loads dictionaries, 0.5 s."""

PIPELINES_MAX = 8
"""Pairs that are kept running, a dozen processes and some 30 MB each."""

ANSWER_MAX_BYTES = 1 << 16
UNKNOWN_MAX = 0.5
"""The share of words that a dictionary may not know; what has more is hardly translated."""

Program: TypeAlias = "subprocess.Popen[bytes]"

_MODE = re.compile(r"([a-z]{2,3})-([a-z]{2,3})\.mode")
_TWO_LETTERS = (
    "afr=af arg=an ast=ast bel=be bre=br bul=bg cat=ca dan=da eng=en epo=eo eus=eu fra=fr glg=gl "
    "hbs=sh hin=hi ind=id isl=is ita=it mkd=mk nld=nl nno=nn nob=nb oci=oc pol=pl por=pt ron=ro "
    "rus=ru slv=sl spa=es srd=sc swe=sv ukr=uk urd=ur zlm=ms"
)
"""The tags (BCP 47) of the languages that modes name by three letters."""

_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
_END = ".[][\n]"
"""What Apertium's own filter for plain text puts at the end of a text."""

_SPECIAL = re.compile(r"[\[\]\\^$/<>{}@]")
_SAID = re.compile(r"\\(.)|\[((?:\\.|[^\]\\])*)\]|\*(?=\w)", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+")


class Apertium:
    """The engine; its pairs are those that are installed at the start."""

    name = "apertium"

    def __init__(self, modes: Path = MODES) -> None:
        """Raises OperatorError if nothing is installed."""
        self._modes = {
            (_short(found[1]), _short(found[2])): path
            for path in sorted(modes.glob("*.mode"))
            if (found := _MODE.fullmatch(path.name))
        }
        if not self._modes or shutil.which("lt-proc", path=os.defpath) is None:
            raise OperatorError(
                "GRANDSTAND_TRANSLATORS: apertium has no pair of languages here: install one, "
                "as in apt-get install apertium apertium-eng-spa"
            )
        pairs = ", ".join(f"{source}-{lang}" for source, lang in self._modes)
        self.where = f"here, with {pairs}"
        self._pipelines: OrderedDict[tuple[str, str], _Pipeline] = OrderedDict()

    def takes(self, source: str, lang: str) -> bool:
        """Return whether the pair is installed."""
        return (base(source), base(lang)) in self._modes

    async def translate(self, items: Sequence[Item], lang: str) -> list[str | None]:
        """Return the translations. Raises ServiceError if a pipeline hangs or dies."""
        by_source: dict[str, list[int]] = {}
        for place, item in enumerate(items):
            by_source.setdefault(base(item.source), []).append(place)
        found: list[str | None] = [None] * len(items)
        for source, places in by_source.items():
            pipeline = await self._pipeline(source, base(lang))
            answers = await pipeline.translate([_covered(items[place]) for place in places])
            for place, answer in zip(places, answers, strict=True):
                found[place] = _uncovered(items[place].text, answer)
        return found

    async def check(self) -> str:
        """Return the pairs, after the first of them has said a word. Raises ServiceError."""
        source, lang = next(iter(self._modes))
        await (await self._pipeline(source, lang)).translate(["ok" + _END])
        return self.where

    async def close(self) -> None:
        """End all pipelines."""
        for pipeline in self._pipelines.values():
            await pipeline.close()

    async def _pipeline(self, source: str, lang: str) -> _Pipeline:
        pair = source, lang
        if pair not in self._pipelines:
            self._pipelines[pair] = _Pipeline(self._modes[pair])
        self._pipelines.move_to_end(pair)
        for other, pipeline in list(self._pipelines.items()):
            if len(self._pipelines) <= PIPELINES_MAX:
                break
            if other != pair and not pipeline.is_busy:
                await self._pipelines.pop(other).close()
        return self._pipelines[pair]


class _Pipeline:
    """The programs of one pair; they start with the first batch, and again after a failure. A
    thread speaks with them: when they are killed, it finds the end of their answer."""

    def __init__(self, mode: Path) -> None:
        self._mode = mode
        self._turns = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, f"apertium {mode.stem}")
        self._programs: list[Program] = []

    @property
    def is_busy(self) -> bool:
        """Return whether a batch is under way."""
        return self._turns.locked()

    async def translate(self, texts: Sequence[str]) -> list[str]:
        """Return what the programs make of texts in their form. Raises ServiceError."""
        async with self._turns:
            answering = asyncio.get_running_loop().run_in_executor(self._thread, self._ask, texts)
            try:
                async with timeout(BATCH_S):
                    return await asyncio.shield(answering)
            except TimeoutError:
                raise ServiceError(f"{self._mode.stem} hangs") from None
            except (OSError, EOFError) as fault:
                raise ServiceError(f"{self._mode.stem} ends ({type(fault).__name__})") from None
            finally:
                # What is left of an answer would be taken for the next one.
                if not answering.done() or answering.exception() is not None:
                    await self._end(answering)

    async def close(self) -> None:
        """End the programs."""
        await self._end(None)
        self._thread.shutdown()

    async def _end(self, answering: asyncio.Future[list[str]] | None) -> None:
        """Kill the programs until none is left, also one that is just being started."""
        while answering is not None and not answering.done():
            self._kill()
            await asyncio.wait([answering], timeout=0.01)
        self._kill()
        for program in self._programs:
            for pipe in (program.stdin, program.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what it was still to be told
                        pipe.close()
            program.wait()
        self._programs = []

    def _kill(self) -> None:
        for program in self._programs:
            program.kill()

    # --- in the thread -------------------------------------------------------------------------

    def _ask(self, texts: Sequence[str]) -> list[str]:
        """Raises OSError or EOFError if a program has ended."""
        if not self._programs:
            for command in commands(self._mode):
                before = self._programs[-1].stdout if self._programs else subprocess.PIPE
                self._programs.append(
                    subprocess.Popen(
                        command,
                        stdin=before,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        env=_ENVIRONMENT,
                    )
                )
                if not isinstance(before, int) and before is not None:
                    before.close()  # it is the next program's
        asked, answers = self._programs[0].stdin, self._programs[-1].stdout
        assert asked is not None
        assert answers is not None
        found = []
        for text in texts:  # each is shorter than what a pipe holds, so this never waits for that
            asked.write(text.encode() + b"\0")
            asked.flush()
            found.append(_until_nul(answers).decode("utf-8", "replace"))
        if any(program.poll() is not None for program in self._programs):
            raise EOFError  # those after one that ended said their last word, which is no answer
        return found


def commands(mode: Path) -> list[list[str]]:
    """Return the programs of a mode with their arguments, flushing at NUL, marking unknown
    words."""
    found = []
    for stage in mode.read_text("utf-8").strip().split("|"):
        program, *arguments = shlex.split(stage.replace("$1", "-g").replace("$2", ""))
        found.append([program, "-z", *arguments])
    return found


def _until_nul(answers: IO[bytes]) -> bytes:
    said = bytearray()
    while not said.endswith(b"\0"):
        part = os.read(answers.fileno(), 1 << 16)
        said += part
        if not part or len(said) > ANSWER_MAX_BYTES:
            raise EOFError
    return bytes(said[:-1])


def _short(code: str) -> str:
    found = re.search(rf"\b{code}=(\w+)", _TWO_LETTERS)
    return found[1] if found else code


def _covered(item: Item) -> str:
    """Return a text in the programs' form: names and asterisks as blanks, which they pass on."""
    kept = [re.escape(name) for name in sorted(item.names, key=len, reverse=True)]
    parts = re.split(f"({'|'.join([*kept, re.escape('*')])})", item.text)
    return "".join(
        f"[{_escaped(part)}]" if number % 2 else _escaped(part) for number, part in enumerate(parts)
    ) + (_END)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\0", "")


def _uncovered(original: str, answer: str) -> str | None:
    """Return an answer as a text; None if the dictionary knows too few of the words."""
    body = answer.removesuffix(_END).strip()
    unknown = sum(found[0] == "*" for found in _SAID.finditer(body))
    text = _SAID.sub(lambda found: found[1] or found[2] or "", body)
    text = re.sub(r"\\(.)", r"\1", text) if "\\" in body else text
    if unknown > UNKNOWN_MAX * max(1, len(_WORD.findall(text))):
        return None
    # The programs begin a sentence with a capital.
    return text[:1].lower() + text[1:] if original[:1].islower() else text
