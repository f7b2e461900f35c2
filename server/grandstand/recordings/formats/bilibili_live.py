"""Messages of Bilibili's live rooms as recorders keep them: one of the site's own on each line.

``{"cmd": "DANMU_MSG", "info": [[_, mode, size, colour, ms since 1970, id, …], text, [uid, name, …],
…]}``, and ``SUPER_CHAT_MESSAGE``, which has words too. Gifts and everything else are counted.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from grandstand.recordings.formats.bilibili import GOLD, MODES_READ
from grandstand.recordings.formats.format import Found, JsonFormat
from grandstand.recordings.line import Other, UnreadableError, made, number, size_of


class _Message(Struct):
    cmd: str
    info: list[Any] = []
    data: Any = None


_decoder = msgspec.json.Decoder(_Message)


def _read(raw: bytes) -> Found:
    message = _decoder.decode(raw)
    command = message.cmd.partition(":")[0]
    if command == "DANMU_MSG":
        return _comment(message.info)
    if command == "SUPER_CHAT_MESSAGE" and isinstance(message.data, dict):
        return _super_chat(message.data)
    return Other(command[:60])


def _comment(info: list[Any]) -> Found:
    if len(info) < 3 or not isinstance(info[0], list) or not isinstance(info[2], list):
        raise UnreadableError("`info` isn't [[…], text, [uid, name, …], …]")
    how, text, who = info[0], info[1], info[2]
    if len(how) < 5 or not isinstance(text, str):
        raise UnreadableError("`info` isn't [[_, mode, size, colour, ms, …], text, …]")
    mode = MODES_READ.get(str(how[1]))
    if mode is None:
        return Other(f"mode {str(how[1])[:20]}")
    return made(
        number(how[4], "the time"),
        who[0] if who else "",
        text,
        name=who[1] if len(who) > 1 else "",
        mode=mode,
        color=how[3],
        size=size_of(number(how[2], "the size")),
        own_id=how[5] if len(how) > 5 else "",
    )


def _super_chat(data: dict[Any, Any]) -> Found:
    user = data.get("user_info")
    name = user.get("uname", "") if isinstance(user, dict) else ""
    return made(
        number(data.get("ts"), "`ts`") * 1000,
        data.get("uid"),
        str(data.get("message", "")),
        name=name,
        mode="top",
        color=GOLD,
        own_id=data.get("id"),
    )


FORMAT = JsonFormat(
    "bilibili-live",
    'messages of Bilibili\'s live rooms, {"cmd": "DANMU_MSG", "info": […]} a line or in a list',
    frozenset({()}),
    True,
    lambda item: isinstance(item, dict) and isinstance(item.get("cmd"), str),
    _read,
)
