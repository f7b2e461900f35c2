"""What a head is answered is seen on the wire in ``test_socket``; here, that however it was read,
``websockets`` would have read the same.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
from grandstand.edge.transport import handshake
from grandstand.edge.transport.handshake import Handshake, Offer, read
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS
from websockets.utils import accept_key

from tests.examples import TIMES

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST_LINE = "GET /v1/rooms/night%20show/live?a=b HTTP/1.1"
BROWSER = [
    ("Host", "show.example"),
    ("Connection", "keep-alive, Upgrade"),
    ("Pragma", "no-cache"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"),
    ("Upgrade", "websocket"),
    ("Origin", "https://show.example"),
    ("Sec-WebSocket-Version", "13"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Cookie", "a=b; c=d"),
    ("Sec-WebSocket-Key", KEY),
    ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ("Sec-WebSocket-Protocol", "grandstand.v1.msgpack, grandstand.v1.json"),
    ("X-Forwarded-For", "203.0.113.9"),
]


def head(fields: list[tuple[str, str]], line: str = REQUEST_LINE) -> bytes:
    return "\r\n".join([line, *(f"{n}: {v}" for n, v in fields), "", ""]).encode("latin-1")


def without_date(answer: Offer | bytes) -> tuple[Handshake | None, bool, bool, bytes]:
    response = answer.response if isinstance(answer, Offer) else answer
    dateless = re.sub(rb"\r\nDate: [^\r]+ GMT\r\n", b"\r\n", response)
    if isinstance(answer, Offer):
        return answer.handshake, answer.is_text, answer.deflates, dateless
    return None, False, False, dateless


def assert_reads_as_websockets_does(data: bytes) -> None:
    ours, theirs = (without_date(way(data, "192.0.2.1")) for way in (read, handshake._read_any))
    assert ours == theirs


names = st.sampled_from(
    [name for name, _ in BROWSER] + ["Content-Length", "Transfer-Encoding", "X-Café", "X Y", ""]
)
values = st.one_of(
    st.sampled_from(
        [
            *("", "0", "13", "8", "websocket", "WebSocket", "h2c", "Upgrade", "close, upgrade"),
            *(KEY, KEY[:-1], KEY[:-3] + "R==", "c2hvcnQ=", "A" * 24, "grandstand.v1.json", "chat"),
            *("permessage-deflate; server_max_window_bits=9", "permessage-deflate; x", "chunked"),
            *("permessage-deflate, permessage-deflate", ";;", "null", " \tpadded\t ", "é", "\0"),
        ]
    ),
    st.text(st.characters(max_codepoint=255), max_size=20),
)
fields = st.tuples(names, values)


lines = st.one_of(
    st.sampled_from(["POST / HTTP/1.1", "GET / HTTP/1.0", "GET  HTTP/1.1", "GET /"]),
    st.text(st.characters(max_codepoint=255), max_size=9).map("GET /{} HTTP/1.1".format),
)
cases: list[Callable[[str], str]] = [str, str.lower, str.upper]
odd_bytes = st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b":", b"\0", b"\x7f", b"\xff"])


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """A browser's, in which one thing or another is different."""
    dropped = draw(st.sets(st.sampled_from(BROWSER), max_size=2))
    chosen = [field for field in BROWSER if field not in dropped]
    for field in draw(st.lists(fields, max_size=2)):
        chosen.insert(draw(st.integers(0, len(chosen))), field)
    cased = draw(st.sampled_from(cases))
    chosen = [(cased(name), value) for name, value in chosen]
    odd = draw(st.sampled_from(["fields", "fields", "line", "bytes"]))
    whole = head(chosen, draw(lines) if odd == "line" else REQUEST_LINE)
    if odd == "bytes":
        at = draw(st.integers(0, len(whole) - 4))
        whole = whole[:at] + draw(odd_bytes) + whole[at + draw(st.integers(0, 2)) :]
    return whole[: whole.find(b"\r\n\r\n") + 4]


@settings(max_examples=200 * TIMES, deadline=None)
@given(heads())
@example(head(BROWSER))
@example(head(BROWSER, "GET /a?b?c%3f HTTP/1.1"))
@example(head([*BROWSER, ("Content-Length", "5")]))
@example(head([*BROWSER, ("Transfer-Encoding", "chunked")]))
def test_a_head_is_answered_as_websockets_alone_would_answer_it(data: bytes) -> None:
    assert_reads_as_websockets_does(data)


@pytest.mark.parametrize("count", [MAX_NUM_HEADERS, MAX_NUM_HEADERS + 1])
def test_so_many_fields_as_websockets_takes_are_taken(count: int) -> None:
    more = [(f"X-{number}", "") for number in range(count - len(BROWSER))]
    assert_reads_as_websockets_does(head(BROWSER + more))


@pytest.mark.parametrize("length", range(MAX_LINE_LENGTH - 3, MAX_LINE_LENGTH + 3))
def test_a_line_as_long_as_websockets_takes_it_is_taken(length: int) -> None:
    assert_reads_as_websockets_does(head([*BROWSER, ("Padding", "x" * (length - 11))]))
    assert_reads_as_websockets_does(head(BROWSER, f"GET /{'x' * (length - 16)} HTTP/1.1"))


def test_websockets_is_asked_once_a_second_for_all_who_send_the_same_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []
    by_websockets = handshake._read_any
    begun_s = time.time() + 1000

    def ask(data: bytes, *rest: object) -> Offer | bytes:
        asked.append(data)
        return by_websockets(data, "")

    monkeypatch.setattr(handshake, "_read_any", ask)
    for second in range(3):
        now_s = begun_s + second
        monkeypatch.setattr(time, "time", lambda now_s=now_s: now_s)
        for number in range(50):
            key = f"{number:022}=="
            sent = [(n, key if n == "Sec-WebSocket-Key" else v) for n, v in BROWSER]
            offer = read(head(sent), "")
            assert isinstance(offer, Offer)
            assert f"Sec-WebSocket-Accept: {accept_key(key)}\r\n".encode() in offer.response
        assert len(asked) == second + 1
        assert KEY.encode() not in asked[-1]


def test_the_answer_tells_when_it_was_made() -> None:
    offer = read(head(BROWSER), "")
    assert isinstance(offer, Offer)
    date = re.search(rb"\r\nDate: ([^\r]+)\r\n", offer.response)
    assert date is not None
    assert abs(parsedate_to_datetime(date[1].decode()).timestamp() - time.time()) < 3


@pytest.mark.parametrize("hosts", [[], ["here", "here"]])
def test_of_no_host_or_two_none_is_known(hosts: list[str]) -> None:
    others = [field for field in BROWSER if field[0] != "Host"]
    offer = read(head([*others, *(("Host", host) for host in hosts)]), "")
    assert isinstance(offer, Offer)
    assert offer.handshake.host is None
