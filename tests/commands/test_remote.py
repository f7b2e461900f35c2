"""A server as commands call it: whatever is wrong is said in one line."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from grandstand.commands.remote import RefusedCallError, Remote, checked_url, room_path, token_for
from grandstand.errors import OperatorError

from tests.commands.conftest import Run
from tests.server import SECRET, ServerProcess


class Stranger(http.server.BaseHTTPRequestHandler):
    """Another server, which answers GET with HTML, POST with 429 at first, and breaks PUT off."""

    asked = 0

    def do_GET(self) -> None:
        body = b"<html>"
        self.send_response(200 if self.path == "/page" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        type(self).asked += 1
        first = type(self).asked == 1
        body = b'{"code": "rate_limited", "detail": "later"}' if first else b'{"done": true}'
        self.send_response(429 if first else 200)
        self.send_header("Retry-After", "0.2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"{")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    Stranger.asked = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("path", ["/page", "/missing"])
def test_what_isn_t_a_grandstand_is_told_so(stranger: str, path: str) -> None:
    with pytest.raises(OperatorError, match="isn't a Grandstand"):
        Remote(stranger, None).ask("GET", path)


def test_nobody_there_is_told_with_the_address() -> None:
    with pytest.raises(OperatorError, match=r"no server answers at http://127\.0\.0\.1:9 "):
        Remote("http://127.0.0.1:9", None).ask("GET", "/healthz")


def test_an_answer_that_breaks_off_is_a_fault(stranger: str) -> None:
    with pytest.raises(OperatorError, match="no server answers"):
        Remote(stranger, None).ask("PUT", "/")


def test_a_call_that_was_put_off_is_made_again_if_it_may_be(stranger: str) -> None:
    remote = Remote(stranger, None)
    with pytest.raises(RefusedCallError, match="later"):
        remote.ask("POST", "/", {})
    Stranger.asked = 0
    assert remote.ask("POST", "/", {}, patience_s=5) == {"done": True}


@pytest.mark.parametrize("url", ["", "gala", "ftp://host", "http://", "http://a:port", "http://[/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(OperatorError, match="--url"):
        checked_url(url)


def test_a_room_stays_one_part_of_the_path() -> None:
    assert room_path("a/../b?c") == "/v1/rooms/a%2F..%2Fb%3Fc"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--room", "nowhere"), "there is no room nowhere: correct the room's id"),
        (("--token", "rubbish"), "in the folder where that was started"),
        (("nowhen", "--room", "{room}"), "there is no poll nowhen: grandstand poll show prints"),
        (("--url", "nowhere"), "--url"),
    ],
)
def test_a_refusal_says_what_to_do(
    run: Run, shared_server: ServerProcess, room: str, arguments: tuple[str, ...], words: str
) -> None:
    shared_server.make_room(room)
    given = [each.format(room=room) for each in arguments]
    code, out, err = run("poll", "show", "--url", shared_server.url, *given)
    assert (code, out) == (1, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_token_is_the_one_given_else_signed_with_the_secret_else_with_the_demonstration_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRANDSTAND_JWT_SECRET", SECRET)
    monkeypatch.setenv("GRANDSTAND_DATA_DIR", str(tmp_path))
    home, away = "http://localhost:8000", "https://show.example"

    def role(url: str, secret: str) -> object:
        token = token_for(url, None, "producer", "gala", 60)
        assert token is not None
        return jwt.decode(token, secret, algorithms=["HS256"])["role"]

    assert token_for(home, "given", "producer", "gala", 60) == "given"
    assert role(home, SECRET) == role(away, SECRET) == "producer"
    monkeypatch.delenv("GRANDSTAND_JWT_SECRET")
    assert token_for(home, None, "producer", "gala", 60) is None
    kept = "a demonstration's secret, long enough for a hash"
    (tmp_path / "secret").write_text(kept + "\n")
    assert role(home, kept) == "producer"
    assert token_for(away, None, "producer", "gala", 60) is None
