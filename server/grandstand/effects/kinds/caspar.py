"""CasparCG, by its Advanced Media Control Protocol: commands, one after the other.

A command is a line. The answer begins with a code: 1xx tells of something else, 200 is followed by
lines up to an empty one, 201 and 400 by one line, 202 by nothing. 4xx and 5xx are failures (AMCP
2.1, *Return codes*).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping

from grandstand.domain.effects import Caspar, Firing
from grandstand.effects import targets, templates
from grandstand.effects.answer import Answer
from grandstand.effects.outbound import Outbound
from grandstand.timeouts import timeout

PORT = 5250
ATTEMPT_S = 10.0
LINES_MAX = 1000

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+)(:(?P<port>\d{1,5}))?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_CODE = re.compile(rb"[1-5]\d\d ")


class CasparKind:
    """The first command that fails ends an attempt; the next attempt begins with the first."""

    optional: Collection[str] = ()

    def flaws(self, action: Caspar) -> list[tuple[str, str]]:
        """Return what is wrong with its address or its commands."""
        found: list[tuple[str, str]] = []
        address = _ADDRESS.fullmatch(action.address)
        if address is None or not 0 < int(address["port"] or PORT) < 65536:
            found.append(("address", f"must be a host, or host:port; the port is {PORT} else"))
        for index, command in enumerate(action.commands):
            words = [*_flaws_of_command(command)]
            found += [(f"commands.{index}", each) for each in words]
        return found

    def target(self, action: Caspar) -> str:
        """Return its address."""
        return action.address

    def secrets(self, action: Caspar) -> Mapping[str, str]:
        """Return none: the protocol has none."""
        return {}

    def without_secrets(self, action: Caspar) -> Caspar:
        """Return it as it is."""
        return action

    async def attempt(
        self, outbound: Outbound, action: Caspar, secrets: Mapping[str, str], firing: Firing
    ) -> Answer:
        """Carry the commands out in their order, over one connection."""
        address = _ADDRESS.fullmatch(action.address)
        if address is None:
            return Answer(False, "has no address", is_final=True)
        commands = [filled(each, firing.occurrence.facts) for each in action.commands]
        host, port = address["host"].strip("[]"), int(address["port"] or PORT)
        try:
            async with timeout(ATTEMPT_S):
                return await _carried_out(outbound, host, port, commands)
        except TimeoutError:
            return Answer(False, f"no answer within {ATTEMPT_S:.0f} s")
        except (OSError, asyncio.IncompleteReadError) as fault:
            return Answer(False, f"can't be reached ({type(fault).__name__})")
        except (ValueError, asyncio.LimitOverrunError):
            return Answer(False, "doesn't answer as CasparCG")


def filled(command: str, facts: Mapping[str, str]) -> str:
    """Return a command with facts in its places, each escaped for its parameter.

    A parameter in quotation marks may be JSON or XML for a template, or the URL of a page; one
    without gets them.
    """
    parts, end = list[str](), 0
    for quoted in _QUOTED.finditer(command):
        parts.append(templates.fill(command[end : quoted.start()], facts, _as_parameter))
        parts.append(templates.fill(quoted[0], facts, _escape_of(quoted[0])))
        end = quoted.end()
    return "".join([*parts, templates.fill(command[end:], facts, _as_parameter)])


def _escape_of(quoted: str) -> templates.Escape:
    within = templates.escape_within(quoted[1:-1])
    return lambda text: for_amcp(within(text))


def for_amcp(text: str) -> str:
    """Escape for the inside of a parameter in quotation marks."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "\n")
    return re.sub(r"[\x00-\x1f\x7f]", " ", text.replace("\n", "\\n"))


def _as_parameter(text: str) -> str:
    return f'"{for_amcp(text)}"'


def _flaws_of_command(command: str) -> Iterator[str]:
    if not command.strip():
        yield "is blank"
    if not command.isprintable():
        yield "must be one line of printable characters"
    if '"' in _QUOTED.sub("", command):
        yield "has a quotation mark without its other one"
    yield from targets.flaws_of_template(command)


async def _carried_out(outbound: Outbound, host: str, port: int, commands: list[str]) -> Answer:
    reader, writer = await outbound.connect(host, port)
    try:
        answer = Answer(False, "nothing to do", is_final=True)
        for number, command in enumerate(commands, 1):
            writer.write(f"{command}\r\n".encode())
            await writer.drain()
            code = await _code(reader)
            answer = Answer(200 <= code < 300, f"AMCP {code}")
            if not answer.is_done:
                return Answer(False, f"command {number}: AMCP {code}")
        return answer
    finally:
        writer.close()


async def _code(reader: asyncio.StreamReader) -> int:
    """Read one answer to its end and return its code. Raises ValueError for what is none."""
    for _ in range(LINES_MAX):
        line = await reader.readuntil(b"\r\n")
        if not _CODE.match(line):
            raise ValueError("no code")
        code = int(line[:3])
        if code == 101:  # of something else, with a line of data
            await reader.readuntil(b"\r\n")
        if code >= 200:
            break
    else:
        raise ValueError("no end of informations")
    if code in (201, 400):
        await reader.readuntil(b"\r\n")
    if code == 200:
        for _ in range(LINES_MAX):
            if await reader.readuntil(b"\r\n") == b"\r\n":
                return code
        raise ValueError("no end of lines")
    return code
