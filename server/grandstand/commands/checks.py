"""The checks of ``grandstand doctor``, one finding each. They change nothing and start no store."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from grandstand import resources, store_context
from grandstand.assistant.assistant import KEY_ADVICE
from grandstand.assistant.endpoint import Endpoint
from grandstand.assistant.service import KeyRefusedError, ServiceError
from grandstand.commands.remote import Remote
from grandstand.crowd.weights import decode
from grandstand.demo import secret as demo_secret
from grandstand.demo.stream import missing
from grandstand.errors import OperatorError
from grandstand.inference.forecaster import SLOW_MS, load_all
from grandstand.inference.manifest import ModelError
from grandstand.moderation.scorer import OnnxScorer
from grandstand.pages import LIBRARIES
from grandstand.process_limits import FILES_MIN
from grandstand.settings import ServerSettings, unknown_variables
from grandstand.store import data_folder
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store, open_store
from grandstand.timeouts import timeout
from grandstand.tokens import Tokens
from grandstand.translation import guarded
from grandstand.translation.engines.registry import engines
from grandstand.translation.phrases import Phrases

FILES_BESIDES = 64
MANY_FILES = 65_536
MEMORY_MIN_BYTES = 512 << 20
DISK_MIN_BYTES = 1 << 30
APART_MS = 250.0
TRANSLATOR_S = 10.0
PROBES = ("what a lovely night", "shut up you idiot")
_STA_UNSYNC = 0x0040

Level = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: its result, and what to do if something is wrong."""

    name: str
    level: Level
    words: str
    advice: str = ""


def of_settings(settings: ServerSettings) -> list[CheckResult]:
    """Check for unknown variables, and whether tokens can be checked."""
    found = [
        CheckResult(
            "settings", "warn", f"{name} is no setting", f"is it {closest}?" if closest else ""
        )
        for name, closest in unknown_variables().items()
    ]
    try:
        made = settings.secret or demo_secret.kept(settings.data_dir)
        if not made and not settings.jwks_url:
            words = "no secret is set: serve won't start, demo makes its own"
            advice = "export GRANDSTAND_JWT_SECRET=$(grandstand token --new-secret)"
            return [*found, CheckResult("secret", "warn", words, advice)]
        Tokens(made, settings.jwks_url, settings.token_terms)
    except OperatorError as fault:
        return [*found, _failed("secret", fault)]
    words = "tokens can be checked" if settings.secret or settings.jwks_url else "a demo's own"
    return [*found, CheckResult("secret", "ok", words), *_of_issuer(settings)]


def _of_issuer(settings: ServerSettings) -> list[CheckResult]:
    """Check whether tokens that the issuer signs for other applications would be accepted."""
    if not settings.jwks_url:
        return []
    unset = [
        f"GRANDSTAND_JWT_{name}"
        for name, value in (("AUDIENCE", settings.jwt_audience), ("ISSUER", settings.jwt_issuer))
        if not value
    ]
    if not unset:
        return [CheckResult("issuer", "ok", "tokens must name this application and its issuer")]
    words = "tokens that the issuer signs for other applications are taken here too"
    return [
        CheckResult("issuer", "warn", words, f"set {' and '.join(unset)} to what its tokens say")
    ]


# --- the store -----------------------------------------------------------------------------------


async def of_store(settings: ServerSettings) -> list[CheckResult]:
    """Check the store that the settings name, if it runs: version, durability, memory and clock."""
    url = settings.redis_url
    if url is None:
        found = of_folder(settings.data_dir)
        path = data_folder.socket_place(settings.data_dir.absolute())
        if any(each.level == "FAIL" for each in found):
            return found
        if not path.exists():
            words = "the embedded store isn't running; serve and demo start it"
            return [*found, CheckResult("store", "ok", words)]
        url = f"unix://{quote(str(path))}"
    else:
        found = []
    try:
        store = await open_store(url)
    except OperatorError as fault:
        return [*found, _failed("store", fault)]
    except StoreUnavailable as away:
        if settings.redis_url is None:
            words = "the embedded store has ended without its server; the next one starts it again"
            return [*found, CheckResult("store", "ok", words)]
        words = f"it doesn't answer: {away.reason}"
        return [
            *found,
            CheckResult("store", "FAIL", words, store_context.advice(urlsplit(url).scheme, away)),
        ]
    try:
        return found + await _of_running(store) + await _of_secrets(store, settings)
    finally:
        await store.close()


async def _of_running(store: Store) -> list[CheckResult]:
    try:
        about = await store.about()
        found = [CheckResult("store", "ok", f"{about.name} answers, {_size(about.used)} in use")]
        if about.most and about.used > 0.8 * about.most:
            words = f"{_size(about.used)} of maxmemory {_size(about.most)} are in use"
            found.append(CheckResult("store memory", "warn", words, "raise maxmemory there"))
        found += [
            CheckResult("cluster", "warn", risk.words, risk.advice) for risk in await store.risks()
        ]
        ahead_ms = store.now_ms() - time.time() * 1000
    except StoreUnavailable as away:
        return [CheckResult("store", "FAIL", f"it went away: {away.reason}", "read its log")]
    why, _, advice = store.durability.why.partition(": ")
    if store.durability.promise == "weak":
        found.append(CheckResult("durability", "warn", f"acks are weak: {why}", advice))
    else:
        where = "on disk" if store.durability.promise == "fsync" else "in two nodes' memory"
        found.append(CheckResult("durability", "ok", f"an ack is {where}: {why}"))
    words = f"the store's clock is {abs(ahead_ms):.0f} ms {'ahead' if ahead_ms > 0 else 'behind'}"
    if abs(ahead_ms) < APART_MS:
        return [*found, CheckResult("clock", "ok", words)]
    advice = "let NTP set both machines, and the encoder's: programme time is the store's clock"
    return [*found, CheckResult("clock", "warn", words, advice)]


async def _of_secrets(store: Store, settings: ServerSettings) -> list[CheckResult]:
    """Check whether all servers of the store check tokens with the secrets of these settings."""
    made = settings.secret or demo_secret.kept(settings.data_dir)
    try:
        mine = Tokens(made, settings.jwks_url, settings.token_terms).fingerprint
        heard = await store.fingerprints.heard(store.now_ms())
    except OperatorError:
        return []  # the secret is reported already
    except StoreUnavailable as away:
        return [
            CheckResult("secrets", "FAIL", f"the store went away: {away.reason}", "read its log")
        ]
    differing = sum(each != mine for each in heard.values())
    if not differing:
        return [
            CheckResult("secrets", "ok", f"{len(heard)} servers of this store check tokens alike")
        ]
    words = f"{differing} of {len(heard)} servers of this store check tokens by other secrets"
    advice = "set the same GRANDSTAND_JWT_… and GRANDSTAND_JWKS_URL on all of them"
    return [CheckResult("secrets", "warn", words, advice)]


def of_folder(data_dir: Path) -> list[CheckResult]:
    """Check the embedded store's folder: owner, current user, free space."""
    there = data_dir.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        if there == data_dir.absolute():
            data_folder.checked(data_dir)
        free = shutil.disk_usage(there).free
    except (OperatorError, OSError) as fault:
        return [_failed("data folder", fault)]
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        advice = "make it writable, or give --data-dir another"
        return [CheckResult("data folder", "FAIL", f"{there} can't be written", advice)]
    if free < DISK_MIN_BYTES:
        words, advice = f"{_size(free)} are free at {data_dir}", "a full disk stops every ack"
        return [CheckResult("data folder", "warn", words, advice)]
    pid = data_folder.holder(data_dir / "lock")
    use = f"in use by a grandstand (pid {pid})" if pid else "free"
    if there != data_dir.absolute():
        use = "made at the first start"
    return [CheckResult("data folder", "ok", f"{data_dir}: {use}, {_size(free)} free on its disk")]


# --- the machine ---------------------------------------------------------------------------------


def of_port(host: str, port: int) -> CheckResult:
    """Check whether the port is free, or a Grandstand answers there."""
    name = f"port {port}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            return CheckResult(name, "ok", f"{host}:{port} is free")
        except OSError as error:
            fault = error
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    url = f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"
    try:
        Remote(url, None).ask("GET", "/healthz")
        Remote(url, None).ask("GET", "/readyz")
    except OperatorError as refused:
        words = f"{host}:{port} can't be listened on ({fault.strerror}): {refused}"
        return CheckResult(name, "FAIL", words, "give another --port or --host")
    return CheckResult(name, "ok", f"a grandstand serves at {url}")


def of_files() -> CheckResult:
    """Check how many viewers the limit of open files allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return CheckResult("open files", "ok", "without a limit")
    words = f"{hard} are allowed: about {max(0, hard - FILES_BESIDES)} viewers"
    advice = "raise it: ulimit -n 1048576, or LimitNOFILE= of its systemd unit"
    if hard < FILES_MIN:
        return CheckResult("open files", "FAIL", words, advice)
    return CheckResult("open files", "ok" if hard >= MANY_FILES else "warn", words, advice)


def of_memory() -> CheckResult:
    """Check how much memory is free."""
    try:
        rows = Path("/proc/meminfo").read_text("ascii").splitlines()
        free = next(int(row.split()[1]) << 10 for row in rows if row.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return CheckResult("memory", "ok", "this system doesn't say how much is free")
    level: Level = "ok" if free >= MEMORY_MIN_BYTES else "warn"
    return CheckResult(
        "memory", level, f"{_size(free)} are free", "a room's record lives in memory"
    )


def of_time() -> CheckResult:
    """Check whether the kernel says that NTP keeps this machine's clock."""
    if sys.platform != "linux":
        return CheckResult("time", "ok", "this system doesn't say whether NTP keeps its clock")
    timex = (ctypes.c_int * 128)()  # a struct timex of mode 0, which only reads; its 9th is status
    long_ints = ctypes.sizeof(ctypes.c_long) // ctypes.sizeof(ctypes.c_int)
    ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    status = timex[5 * long_ints]
    if status & _STA_UNSYNC:
        words = "nothing says that NTP keeps this machine's clock"
        return CheckResult("time", "warn", words, "see timedatectl; on a server run chrony")
    return CheckResult("time", "ok", "NTP keeps this machine's clock")


# --- what is installed ---------------------------------------------------------------------------


def of_model(settings: ServerSettings) -> CheckResult:
    """Check whether the comment scorer loads and can tell an insult from praise."""
    try:
        scorer = OnnxScorer(settings.model or resources.model())
        scores = scorer.score([*PROBES])
    except (ModelError, OperatorError) as fault:
        return _failed("model", fault)
    wrong = max(scores.categories.values(), key=lambda each: float(each[1] - each[0]))
    kind, bad = float(wrong[0]), float(wrong[1])
    digest = scorer.manifest.sha256[:12]
    words = f"version {scorer.version}, sha256 {digest}: an insult {bad:.2f}, praise {kind:.2f}"
    if bad - kind < 0.5:
        return CheckResult(
            "model", "warn", words, "the model can't tell them apart: train or install another"
        )
    deadline_ms = settings.moderation_deadline_ms
    if scorer.probe_ms > deadline_ms:
        words = f"{words}; a comment takes {scorer.probe_ms:.0f} ms"
        advice = f"GRANDSTAND_MODERATION_DEADLINE_MS is {deadline_ms}: install a faster model"
        return CheckResult("model", "warn", words, advice)
    return CheckResult("model", "ok", words)


def of_forecast_models(folders: Sequence[Path] | None = None) -> CheckResult:
    """Load the forecast models, by default those that ship, and ask each once."""
    try:
        found, refused = load_all(resources.forecast_models() if folders is None else folders)
    except OperatorError as fault:
        return _failed("forecasts", fault)
    words = ", ".join(
        f"{name} {each.manifest.version} takes {each.probe_ms:.2g} ms"
        for name, each in found.items()
    )
    if refused:
        faults = "; ".join(str(each) for each in refused)
        return CheckResult("forecasts", "FAIL", words or "none can be used", faults)
    if slow := [name for name, each in found.items() if each.probe_ms > SLOW_MS]:
        return CheckResult("forecasts", "warn", words, f"{slow[0]} is slow: install another")
    return CheckResult("forecasts", "ok", words)


def of_audience_weights(path: Path | None = None) -> CheckResult:
    """Read what the audience's forecast has learnt, by default what ships."""
    try:
        file = resources.audience_weights() if path is None else path
        weights = decode(str(file), file.read_bytes())
    except (OperatorError, OSError) as fault:
        return _failed("audience", fault)
    return CheckResult("audience", "ok", f"forecasts {max(weights.viewers.alone)} minutes ahead")


async def of_translators(settings: ServerSettings) -> list[CheckResult]:
    """Ask each translator how it is, and read the phrase books."""
    try:
        terms = settings.translation_terms
        found_engines, phrases = engines(terms), len(Phrases(terms.folder))
    except OperatorError as fault:
        return [_failed("translators", fault)]
    found = [CheckResult("phrases", "ok", f"{phrases:,} ways to say something are known")]
    for engine in found_engines:
        try:
            async with timeout(TRANSLATOR_S):
                found.append(CheckResult(engine.name, "ok", await engine.check()))
        except KeyRefusedError as fault:
            words = f"{engine.where} {fault}"
            found.append(CheckResult(engine.name, "FAIL", words, guarded.advice(engine.name)))
        except (ServiceError, TimeoutError) as fault:
            words = f"{engine.where}: {fault or 'no answer in time'}"
            found.append(CheckResult(engine.name, "FAIL", words, "rooms show originals without it"))
        finally:
            await engine.close()
    return found


async def of_assistant(settings: ServerSettings) -> list[CheckResult]:
    """Ask the assistant's endpoint how it is, if there is one."""
    terms = settings.assistant_terms
    if not terms.url:
        return []
    endpoint = Endpoint(terms.url, terms.model, terms.key)
    try:
        async with timeout(TRANSLATOR_S):
            return [CheckResult("assistant", "ok", await endpoint.check())]
    except KeyRefusedError as fault:
        return [CheckResult("assistant", "FAIL", f"{endpoint.where} {fault}", KEY_ADVICE)]
    except (ServiceError, TimeoutError) as fault:
        words = f"{endpoint.where}: {fault or 'no answer in time'}"
        return [CheckResult("assistant", "FAIL", words, "producers get no suggestions without it")]
    finally:
        await endpoint.close()


def of_pages() -> CheckResult:
    """Check whether the browser's pages and their libraries are installed."""
    try:
        modules = resources.pages() / "node_modules"
    except OperatorError as fault:
        return _failed("pages", fault)
    lacking = [name for name in LIBRARIES if not (modules / name).exists()]
    if lacking:
        words = f"{', '.join(lacking)} of {modules} isn't there: the pages won't run"
        return CheckResult("pages", "FAIL", words, "make setup, or npm --prefix client_demo ci")
    return CheckResult("pages", "ok", f"with {len(LIBRARIES)} libraries")


async def of_ffmpeg() -> CheckResult:
    """Check whether the demonstration can make its picture."""
    why = await missing()
    if why is None:
        return CheckResult("ffmpeg", "ok", "runs; the demo makes its own picture")
    return CheckResult("ffmpeg", "warn", why, "only the demo needs it: pip install imageio-ffmpeg")


def _failed(name: str, fault: Exception) -> CheckResult:
    words, _, advice = " ".join(str(fault).split()).partition(": ")
    return CheckResult(name, "FAIL", words, advice)


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
