"""What a doctor looks at, thing by thing."""

from __future__ import annotations

import http.server
import os
import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from grandstand import resources
from grandstand.commands import checks
from grandstand.commands.checks import CheckResult
from grandstand.pages import LIBRARIES
from grandstand.settings import ServerSettings
from grandstand.store.store import open_store
from grandstand.tokens import Tokens
from redis.asyncio import Redis

from tests.inference import forecast_folder
from tests.server import SECRET, ServerProcess
from tests.valkey import valkey


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ServerSettings.model_fields:
        monkeypatch.delenv(f"GRANDSTAND_{name.upper()}", raising=False)


def settings(**given: object) -> ServerSettings:
    return ServerSettings.read(**given)


def named(found: list[CheckResult], name: str) -> CheckResult:
    return next(each for each in found if each.name == name)


def test_variables_that_are_none_of_ours_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANDSTAND_PROT", "80")
    monkeypatch.setenv("GRANDSTAND_TOKEN", "a command's, and known")
    first, second = checks.of_settings(settings(jwt_secret=SECRET))
    assert (first.level, first.words) == ("warn", "GRANDSTAND_PROT is no setting")
    assert first.advice == "is it GRANDSTAND_PORT?"
    assert second.level == "ok"


def test_an_issuer_without_an_audience_is_advised_against() -> None:
    told = {"jwks_url": "https://issuer.test/keys", "jwt_issuer": "us"}
    *_, issuer = checks.of_settings(settings(**told))
    assert (issuer.name, issuer.level) == ("issuer", "warn")
    assert "GRANDSTAND_JWT_AUDIENCE" in issuer.advice
    assert "GRANDSTAND_JWT_ISSUER" not in issuer.advice
    *_, issuer = checks.of_settings(settings(**told, jwt_audience="show"))
    assert (issuer.name, issuer.level) == ("issuer", "ok")


def test_a_secret_is_looked_for_where_it_may_be(tmp_path: Path) -> None:
    (missing,) = checks.of_settings(settings())
    assert missing.level == "warn"
    assert "--new-secret" in missing.advice
    (short,) = checks.of_settings(settings(jwt_secret="sesame"))
    assert (short.level, "sesame" in short.words) == ("FAIL", False)
    (tmp_path / ".grandstand").mkdir()
    (tmp_path / ".grandstand" / "secret").write_text(SECRET)
    (kept,) = checks.of_settings(settings())
    assert (kept.level, kept.words) == ("ok", "a demo's own")


async def test_an_embedded_store_that_isn_t_running_is_left_alone(tmp_path: Path) -> None:
    found = await checks.of_store(settings())
    assert [each.level for each in found] == ["ok", "ok"]
    assert "made at the first start" in found[0].words
    assert "isn't running" in found[1].words
    assert not os.listdir(tmp_path)


async def test_a_running_embedded_store_tells_version_promise_and_clock(tmp_path: Path) -> None:
    async with valkey(tmp_path / "data") as url:
        before = sorted(path.name for path in (tmp_path / "data").iterdir())
        for given in ({"data_dir": tmp_path / "data"}, {"redis_url": url}):
            found = await checks.of_store(settings(**given))
            assert {each.level for each in found} == {"ok"}
            assert named(found, "store").words.startswith("Valkey 9")
            assert "appendfsync always" in named(found, "durability").words
            assert " ms " in named(found, "clock").words
        assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before
    assert "isn't running" in (await checks.of_store(settings(data_dir=tmp_path / "data")))[1].words


async def test_a_server_of_another_secret_is_warned_of(tmp_path: Path) -> None:
    async with valkey(tmp_path / "data") as url:
        store = await open_store(url)
        mine = Tokens(SECRET).fingerprint
        await store.fingerprints.say("a", mine, store.now_ms())
        given = settings(redis_url=url, jwt_secret=SECRET)
        assert named(await checks.of_store(given), "secrets").level == "ok"
        await store.fingerprints.say("b", Tokens(SECRET[::-1]).fingerprint, store.now_ms())
        await store.close()
        warned = named(await checks.of_store(given), "secrets")
    assert (warned.level, warned.words[:6]) == ("warn", "1 of 2")


async def test_weak_acks_a_full_store_and_a_clock_apart_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with valkey(tmp_path / "data") as url:
        redis = Redis.from_url(url)
        await redis.config_set("appendfsync", "no")
        await redis.config_set("maxmemory", "1200000")
        await redis.aclose()
        monkeypatch.setattr("time.time", lambda: 0.0)
        found = await checks.of_store(settings(redis_url=url))
    weak, full, apart = (named(found, name) for name in ("durability", "store memory", "clock"))
    assert {weak.level, full.level, apart.level} == {"warn"}
    assert "appendfsync always" in weak.advice
    assert "1.1 MiB" in full.words
    assert "NTP" in apart.advice


@pytest.mark.parametrize(
    ("url", "words"),
    [("redis://:hidden@127.0.0.1:9", "doesn't answer"), ("http://x", "must begin with redis://")],
)
async def test_a_store_that_is_away_or_none_fails(url: str, words: str) -> None:
    (found,) = await checks.of_store(settings(redis_url=url))
    assert found.level == "FAIL"
    assert words in found.words
    assert "hidden" not in f"{found}"


def test_a_folder_that_can_t_be_used_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = checks.of_folder(tmp_path / "file")
    assert (found.level, "--data-dir" in found.advice) == ("FAIL", True)
    (found,) = checks.of_folder(tmp_path / "file" / "below")
    assert found.level == "FAIL"
    (found,) = checks.of_folder(tmp_path)
    assert "files that aren't Grandstand's" in found.words


def test_a_folder_in_use_tells_by_whom(shared_server: ServerProcess) -> None:
    (found,) = checks.of_folder(shared_server.data_dir)
    assert (found.level, f"(pid {shared_server.pid})" in found.words) == ("ok", True)


def test_a_port_is_free_ours_or_another_s(shared_server: ServerProcess) -> None:
    ours = checks.of_port("127.0.0.1", shared_server.port)
    assert (ours.level, "a grandstand serves at" in ours.words) == ("ok", True)
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    ) as other:
        port = other.server_address[1]
        serving = threading.Thread(target=other.serve_forever)
        serving.start()
        taken = checks.of_port("127.0.0.1", port)
        other.shutdown()
        serving.join()
    assert (taken.level, "--port" in taken.advice) == ("FAIL", True)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = int(listener.getsockname()[1])
    assert checks.of_port("127.0.0.1", free).level == "ok"
    assert checks.of_port("192.0.2.1", free).level == "FAIL"


@pytest.mark.parametrize(("hard", "level"), [(512, "FAIL"), (4096, "warn"), (1 << 20, "ok")])
def test_open_files_say_how_many_viewers_fit(
    monkeypatch: pytest.MonkeyPatch, hard: int, level: str
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, hard))
    found = checks.of_files()
    assert (found.level, f"about {hard - 64} viewers" in found.words) == (level, True)


def test_memory_and_time_are_told_or_said_not_to_be() -> None:
    for found in (checks.of_memory(), checks.of_time()):
        assert found.level in ("ok", "warn")
        assert found.words


def test_the_model_is_tried(tmp_path: Path) -> None:
    found = checks.of_model(settings())
    assert (found.level, "sha256 " in found.words) == ("ok", True)
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    assert checks.of_model(settings(model=tmp_path / "broken.onnx")).level == "FAIL"
    assert "no such file" in checks.of_model(settings(model=tmp_path / "none.onnx")).advice


def test_a_model_that_is_slower_than_its_deadline_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = iter((1.0, 1.5))
    monkeypatch.setattr(
        "grandstand.inference.session.time", SimpleNamespace(perf_counter=lambda: next(now_s))
    )
    found = checks.of_model(settings(moderation_deadline_ms=400))
    assert (found.level, found.words.endswith("; a comment takes 500 ms")) == ("warn", True)
    assert "GRANDSTAND_MODERATION_DEADLINE_MS is 400" in found.advice


def test_libraries_that_are_not_installed_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(resources, "pages", lambda: tmp_path)
    found = checks.of_pages()
    assert (found.level, "make setup" in found.advice) == ("FAIL", True)
    for name in LIBRARIES:
        path = tmp_path / "node_modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_text("")
    assert checks.of_pages().level == "ok"


async def test_an_encoder_that_is_missing_is_only_the_demo_s_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def missing() -> str:
        return "no ffmpeg was found"

    monkeypatch.setattr(checks, "missing", missing)
    found = await checks.of_ffmpeg()
    assert (found.level, found.words) == ("warn", "no ffmpeg was found")


def test_the_audiences_weights_are_read_and_bad_ones_are_named(tmp_path: Path) -> None:
    assert checks.of_audience_weights().words == "forecasts 60 minutes ahead"
    for path in (tmp_path / "none.json", tmp_path / "weights.json"):
        (tmp_path / "weights.json").write_text("{}")
        found = checks.of_audience_weights(path)
        assert found.level == "FAIL"


def test_forecast_models_are_tried_and_a_bad_one_is_named(tmp_path: Path) -> None:
    assert checks.of_forecast_models().level in ("ok", "warn")
    good = forecast_folder.install(tmp_path / "handball").parent
    found = checks.of_forecast_models([good, tmp_path / "curling"])
    assert (found.level, found.words.startswith("handball 1 takes ")) == ("FAIL", True)
    assert f"forecast model {tmp_path / 'curling'}" in found.advice
