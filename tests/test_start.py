"""What an operator can mend is told in one line at the start, by the command itself.

Each case runs the real command; nobody is let in, nothing is left behind, no traceback is shown.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.moderation.installation import install
from tests.server import SECRET
from tests.waiting import PATIENCE_S

LIMIT_S = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    stdout: str
    stderr: str


def start(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, files: int = 0
) -> Ended:
    """Runs ``grandstand`` to its end; with ``files``, under that limit of open files."""
    command = [sys.executable, "-m", "grandstand", *arguments]
    if files:
        command = ["sh", "-c", f'ulimit -n {files} && exec "$0" "$@"', *command]
    ended = subprocess.run(
        command,
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if "GRANDSTAND" not in name},
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "GRANDSTAND_JWT_SECRET": SECRET,
            "GRANDSTAND_PORT": "0",
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def refused(ended: Ended) -> str:
    """The one line that the command ended with."""
    assert ended.code == 1, ended
    assert ended.stdout == ""
    assert ended.stderr.startswith("grandstand: "), ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_a_server_without_secret_or_keys_says_how_to_make_one(tmp_path: Path) -> None:
    line = refused(start(tmp_path, "serve", environment={"GRANDSTAND_JWT_SECRET": ""}))
    assert "GRANDSTAND_JWT_SECRET" in line
    assert "token_urlsafe" in line


def test_a_secret_that_is_too_short_is_refused_without_repeating_it(tmp_path: Path) -> None:
    line = refused(start(tmp_path, "serve", environment={"GRANDSTAND_JWT_SECRET": "sesame"}))
    assert "GRANDSTAND_JWT_SECRET has 6 bytes" in line
    assert "sesame" not in line


def test_a_port_that_is_taken_is_named(tmp_path: Path, taken_port: int) -> None:
    line = refused(start(tmp_path, "serve", "--port", str(taken_port)))
    assert f"127.0.0.1:{taken_port}" in line
    assert "--port" in line


def test_a_host_that_is_not_this_machine_s_is_named(tmp_path: Path) -> None:
    assert "--host" in refused(start(tmp_path, "serve", "--host", "192.0.2.1"))


def test_a_faulty_setting_is_told_by_its_name(tmp_path: Path) -> None:
    environment = {"GRANDSTAND_DRAIN_S": "soon"}
    assert "GRANDSTAND_DRAIN_S: " in refused(start(tmp_path, "serve", environment=environment))


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "--data-dir" in refused(start(tmp_path, "serve", "--data-dir", "data"))


def test_a_data_folder_that_can_t_be_written_is_refused(tmp_path: Path) -> None:
    folder = Path("/proc") if os.geteuid() == 0 else tmp_path / "closed"
    if os.geteuid() != 0:
        folder.mkdir(mode=0o500)
    assert "--data-dir" in refused(start(tmp_path, "serve", "--data-dir", str(folder / "data")))


def test_a_data_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs" if os.geteuid() == 0 else Path("/")
    if os.geteuid() == 0:
        folder.mkdir()
        os.chown(folder, 12345, -1)
    line = refused(start(tmp_path, "serve", "--data-dir", str(folder)))
    assert "belongs to another user" in line


def test_too_low_a_limit_of_open_files_is_refused(tmp_path: Path) -> None:
    assert "ulimit -n" in refused(start(tmp_path, "serve", files=512))


def test_a_model_that_is_missing_is_named(tmp_path: Path) -> None:
    environment = {"GRANDSTAND_MODEL": "nowhere.onnx"}
    assert "nowhere.onnx" in refused(start(tmp_path, "serve", environment=environment))


def test_a_model_that_is_broken_is_named(tmp_path: Path) -> None:
    install(tmp_path, "broken.onnx").write_bytes(b"not a model")
    environment = {"GRANDSTAND_MODEL": "broken.onnx"}
    line = refused(start(tmp_path, "serve", environment=environment))
    assert "broken.onnx: is not the file that manifest.json was written for" in line


def test_a_model_without_its_manifest_is_refused(tmp_path: Path) -> None:
    install(tmp_path, "alone.onnx").with_name("manifest.json").unlink()
    environment = {"GRANDSTAND_MODEL": "alone.onnx"}
    line = refused(start(tmp_path, "serve", environment=environment))
    assert "manifest.json: can't be read" in line


def test_a_store_that_is_away_is_named_without_its_password(tmp_path: Path, free_port: int) -> None:
    url = f"redis://:hidden-word@127.0.0.1:{free_port}"
    line = refused(start(tmp_path, "serve", environment={"GRANDSTAND_REDIS_URL": url}))
    assert "GRANDSTAND_REDIS_URL" in line
    assert "hidden-word" not in line


def test_a_store_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    environment = {"GRANDSTAND_REDIS_URL": "http://127.0.0.1"}
    line = refused(start(tmp_path, "serve", environment=environment))
    assert "must begin with redis://" in line


def test_a_web_server_in_place_of_the_store_is_named(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        port = server.server_address[1]
        for scheme in ("redis", "rediss"):
            environment = {"GRANDSTAND_REDIS_URL": f"{scheme}://127.0.0.1:{port}"}
            line = refused(start(tmp_path, "serve", environment=environment))
            assert "GRANDSTAND_REDIS_URL" in line
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_trace_that_is_missing_is_named(tmp_path: Path) -> None:
    assert "nowhere.ndjson" in refused(start(tmp_path, "demo", "--trace", "nowhere.ndjson"))


def test_a_crowd_beyond_the_limit_of_open_files_is_refused(tmp_path: Path) -> None:
    line = refused(start(tmp_path, "demo", "--crowd", "5000", files=2048))
    assert "--crowd" in line


def test_a_demonstration_s_secret_that_was_cut_short_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret").write_text("")
    environment = {"GRANDSTAND_JWT_SECRET": ""}
    line = refused(start(tmp_path, "demo", "--data-dir", "data", environment=environment))
    assert str(Path("data/secret")) in line


def test_a_folder_with_other_files_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "letter").write_text("dear")
    environment = {"GRANDSTAND_JWT_SECRET": ""}
    refused(start(tmp_path, "demo", "--data-dir", "data", environment=environment))
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["letter"]


def test_wrong_usage_is_told_apart_from_the_operator_s_faults(tmp_path: Path) -> None:
    assert start(tmp_path, "serve", "--prot", "80").code == 2
