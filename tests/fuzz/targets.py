"""The pure parsers that read what strangers send."""

from __future__ import annotations

import gc
import logging
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import msgspec
import structlog
from grandstand.api.cues import CueBody
from grandstand.api.imports import PastComment
from grandstand.api.polls import PollBody
from grandstand.api.problems import ProblemError
from grandstand.api.stat_updates import StatsBody
from grandstand.api.validation import checked
from grandstand.edge.transport import handshake
from grandstand.edge.transport.client_address import forwarded_for
from grandstand.edge.transport.handshake import Offer
from grandstand.edge.transport.inbound import FRAMES, ExcessError, Inbound
from grandstand.inference import manifest
from grandstand.inference.manifest import ModelError
from grandstand.moderation.manifest import ScorerManifest
from grandstand.moderation.names import Names
from grandstand.moderation.policy import Policy
from grandstand.moderation.word_rules import Rules
from grandstand.recordings.recording import NotARecordingError
from grandstand.recordings.recording import read as read_recording
from grandstand.text.normalise import clean, dedupe_key, skeleton
from grandstand.tokens import Tokens, read_keys
from grandstand.wire.codec import BadMessageError, Codec, decode
from grandstand.wire.codes import RefusedError
from grandstand.wire.settings import Settings
from websockets.frames import Opcode

from tests.fuzz.target import Report, Target, fuzz

MOST_TEXT = 500  # characters of a comment, by the contract

FIELDS = (
    *(b'"type":', b'"id":', b'"text":', b'"at":', b'"poll":', b'"choices":', b'"topics":'),
    *(b'"sent":', b'"token":', b'"resume":', b'"epoch":', b'"offset":', b'"mode":', b'"color":'),
    b'"sync":',
    *(b'"comment"', b'"vote"', b'"follow"', b'"time"', b'"hello"', b"null", b"true", b"-0.0"),
    *(b"1e999", b"9007199254740993", b"-1", b"NaN", b'"\\ud800"', b"[[[[", b"{{", b'{"a":'),
)
PACKED = (
    *(b"\xa4type", b"\xa2id", b"\xa4text", b"\xa2at", b"\xa4poll", b"\xa7choices", b"\xa6topics"),
    *(b"\xa7comment", b"\xa4vote", b"\xa6follow", b"\xa4time", b"\xa5hello", b"\xa5token"),
    *(b"\xc0", b"\xc1", b"\xc4\x01a", b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", b"\xd6\xff0000"),
    *(b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x91" * 600),
    *(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", b"\xa3\xed\xa0\x80", b"\x80", b"\x90"),
)
HEADS = (
    *(b"GET ", b" HTTP/1.1\r\n", b"\r\n\r\n", b"\r\n", b"\n", b"\r\n ", b"%00", b"%2e%2e/", b"?"),
    *(b"Host: ", b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n", b"Content-Length: 5\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Version: 13\r\n"),
    *(b"Sec-WebSocket-Protocol: grandstand.v1.json\r\n", b"permessage-deflate", b"; ", b", "),
    *(b"X-Forwarded-For: ", b"::1", b"Origin: null\r\n", b"server_max_window_bits=8", b"\x00"),
)
TEXTS = tuple(
    text.encode()
    for text in (
        *("fuck", "ｆｕｃｋ", "傻逼", "死ね", "시발", "http://a.example", "加微信", "13812345678"),
        *("㌖", "﷽", "\u200b", "\u202e", "e\u0301" * 9, "👨\u200d👩\u200d👧", "𝕱", "ßẞſﬁ", "İ"),
        *("a.b.c", "7h1$", "!!!!", "哈哈哈", "@", "\u0600", "\u0e33", "\U000e0041", "0" * 30, "  "),
    )
)
TOKENS = (b".", b"eyJhbGciOiJub25lIn0", b"eyJhbGciOiJIUzI1NiJ9", b"=", b"-_", b"e30", b"bnVsbA")
KEYS = (
    *(b'"kty":"RSA"', b'"crv":', b'"P-256"', b'"OKP"', b'"n":', b'"AQAB"', b"[]", b"null"),
    *(b"{}", b'"alg":', b'"use":', b'"kid":'),
)
MARKUP = (
    *(
        b"<d p=",
        b"</d>",
        b"<i>",
        b"</i>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<!DOCTYPE",
        b"<?",
    ),
    *(b"&amp;", b"&#x110000;", b"&#0;", b"&", b"<", b">", b'"', b"'", b"1e999,", b"NaN", b"-1,"),
    *(
        b"<chat vpos=",
        b"<packet>",
        b"<sc ",
        b'encoding="GBK"',
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x00",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"data":',
        b'"comments":',
        b'"message":',
        b"\n",
        b"\\u0000",
        b"," * 9,
    ),
)
MARKS = (b'"format":', b'"thresholds":', b'"heads":', b"1e999", b"null", b"[]", b"{}", b'"sha256":')

# --- what one input is put to ---------------------------------------------------------------------


def _frames(deflates: bool) -> Callable[[bytes], str]:
    def run(data: bytes) -> str:
        inbound = Inbound(deflates, FRAMES)
        received: list[tuple[Opcode, bytes]] = []
        try:
            middle = len(data) // 2
            for part in (data[:middle], data[middle:]):
                inbound.add(part, now_ms=0)
                while (read := inbound.read(now_ms=0)) is not None:
                    received += read
            kinds = sorted({opcode.name for opcode, _ in received})
            return f"{kinds} {inbound.is_closed} {[each[:4] for each in inbound.to_send()][:3]}"
        finally:
            inbound.end()

    return run


def _messages(codec: Codec) -> Callable[[bytes], str]:
    return lambda data: type(decode(data, codec)).__name__


def _head(data: bytes) -> str:
    offer = handshake.read(data, forwarded_for(data)[:20])
    return f"offer {offer.is_text} {offer.deflates}" if isinstance(offer, Offer) else str(offer)


@cache
def _tokens() -> Tokens:
    return Tokens("a secret of at least thirty-two bytes")


def _token(data: bytes) -> str:
    return _tokens().identify(data.decode("latin-1")).role


def _keys(data: bytes) -> str:
    return str(len(read_keys(data)))


@cache
def _rules() -> Rules:
    return Rules.load()


@cache
def _names() -> Names:
    return Names.load()


def _text(data: bytes) -> str:
    text = clean(data.decode(errors="surrogateescape"))
    bones = skeleton(text[:MOST_TEXT])
    dedupe_key(text[:MOST_TEXT])
    return str([(each.category, each.severity) for each in _rules().find(bones, text[:MOST_TEXT])])


def _name(data: bytes) -> str:
    return str(_names().fault(data.decode(errors="replace")[:100], Policy(), ["Ada", "官方"]))


def _body(data: bytes) -> str:
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        return str(fault)
    told = []
    for kind in (Settings, PollBody, CueBody, StatsBody, PastComment):
        try:
            checked(raw, kind)
        except ProblemError as refused:
            told.append(refused.problem.detail[:40])
    return str(told)


def _recording(data: bytes) -> str:
    recording = read_recording(data)
    kinds = sorted({each.found if isinstance(each.found, str) else "" for each in recording.lines})
    return f"{recording.format} {sorted(recording.others)} {recording.is_cut_off} {kinds[:3]}"


def _manifest(data: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / manifest.NAME
        path.write_bytes(data)
        (Path(folder) / "model.onnx").write_bytes(b"no model")
        return manifest.read(path, ScorerManifest).manifest.version


TARGETS: Sequence[Target] = (
    Target("frames", _frames(deflates=False), (ExcessError,), most_bytes=16_384, share=4),
    Target("frames_deflated", _frames(deflates=True), (ExcessError,), most_bytes=16_384, share=3),
    Target("messages_msgpack", _messages("msgpack"), (BadMessageError,), PACKED, share=6),
    Target("messages_json", _messages("json"), (BadMessageError,), FIELDS, share=6),
    Target("heads", _head, words=HEADS, most_bytes=8192, share=2),
    Target("tokens", _token, (RefusedError,), TOKENS, share=2),
    Target("keys", _keys, (ValueError,), KEYS),
    Target("texts", _text, words=TEXTS, most_bytes=2000, share=2),
    Target("names", _name, words=TEXTS, most_bytes=400),
    Target("recordings", _recording, (NotARecordingError,), MARKUP, 8192, share=8),
    Target("bodies", _body, words=FIELDS, most_bytes=8192, share=2),
)
"""On the loop, all of them."""

MANIFESTS = Target("manifests", _manifest, (ModelError,), MARKS, most_bytes=32_768)

BY_NAME = {target.name: target for target in (*TARGETS, MANIFESTS)}


def run(name: str, inputs: int, seed: int) -> Report:
    """Fuzz one parser in this process, which does nothing else."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    gc.collect()
    gc.freeze()
    return fuzz(BY_NAME[name], inputs, seed)
