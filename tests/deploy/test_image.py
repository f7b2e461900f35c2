"""The image: what goes into its build and how it runs, read from its files as Docker does."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass

import pytest
from grandstand.settings import PREFIX, ServerSettings

from tests.deploy.composition import services
from tests.deploy.programs import ROOT
from tests.server import ServerProcess
from tests.waiting import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of the Dockerfile; its stage is counted from 0."""

    word: str
    rest: str
    harness: int


def instructions() -> list[Instruction]:
    """The Dockerfile's instructions, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found: list[Instruction] = []
    harness = -1
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            harness += word == "FROM"
            found.append(Instruction(word, rest, harness))
    return found


def final(word: str) -> list[str]:
    """What an instruction says in the stage that becomes the image."""
    last = max(each.harness for each in instructions())
    return [each.rest for each in instructions() if each.word == word and each.harness == last]


def variables() -> dict[str, str]:
    """The image's environment."""
    return dict(pair.split("=", 1) for line in final("ENV") for pair in shlex.split(line))


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build: the last line that fits decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?")
        if re.fullmatch(pattern.replace(r"\*", "[^/]*") + "(?:/.*)?", path):
            out = not line.startswith("!")
    return out


def tracked() -> list[str]:
    """The files of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return listed.stdout.split()


def test_it_runs_as_a_user_of_a_fixed_number_that_is_not_root() -> None:
    (user,) = final("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    words = [each.word for each in instructions()]
    assert words.index("USER") > max(i for i, word in enumerate(words) if word in ("RUN", "COPY"))


def test_every_stage_stands_on_one_version_of_one_base() -> None:
    (base,) = (each.rest for each in instructions() if each.word == "ARG")
    assert re.fullmatch(r"PYTHON=python:\d+\.\d+\.\d+-slim-\w+", base)
    stages = [each.rest for each in instructions() if each.word == "FROM"]
    assert len(stages) == 2
    assert all(harness.startswith("${PYTHON}") for harness in stages)


def test_its_python_is_the_one_that_the_tests_run_on() -> None:
    (base,) = (each.rest for each in instructions() if each.word == "ARG")
    minor = re.search(r":(\d+\.\d+)", base)
    assert minor is not None
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert required.startswith(f">={minor[1]}.")


def test_what_it_copies_exists_and_goes_into_the_build() -> None:
    for each in instructions():
        if each.word == "COPY" and "--from=" not in each.rest:
            *sources, _ = each.rest.split()
            for source in sources:
                assert (ROOT / source).exists(), source
                below = [path for path in tracked() if (path + "/").startswith(source + "/")]
                assert any(not ignored(path) for path in below), source


def test_the_build_is_given_all_that_the_wheel_is_made_of() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    needed = [*wheel["force-include"], "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"]
    needed += [path for path in tracked() if path.startswith("server/grandstand/")]
    needed += [
        path
        for path in tracked()
        if path.startswith("client_demo/") and not path.startswith("client_demo/tests/")
    ]
    assert [path for path in needed if ignored(path)] == []


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".grandstand/secret",
        ".venv/bin/python",
        "client_demo/node_modules/hls.js/package.json",
        "client_demo/tests/room.test.js",
        "deploy/haproxy.cfg",
        "models/comment_scorer/train.py",
        "server/grandstand/__pycache__/app.cpython-311.pyc",
        "tests/server.py",
    ],
)
def test_the_build_is_kept_free_of(path: str) -> None:
    assert ignored(path)


def test_it_holds_no_secret_and_settings_that_exist() -> None:
    named = {name for name in variables() if name.startswith(PREFIX)}
    assert named <= {PREFIX + name.upper() for name in ServerSettings.model_fields}
    assert not [name for name in variables() if re.search("SECRET|PASSWORD|TOKEN|URL", name)]


def test_it_is_told_to_stop_in_the_way_that_drains() -> None:
    assert final("STOPSIGNAL") == ["SIGTERM"]
    assert json.loads(final("ENTRYPOINT")[0]) == ["grandstand"]
    assert json.loads(final("CMD")[0]) == ["serve"]


def test_its_port_is_the_one_that_everybody_asks() -> None:
    port = str(ServerSettings.model_fields["port"].default)
    assert final("EXPOSE") == [port]
    environment = services()["balancer"]["environment"]
    assert {environment[name] for name in ("SERVER_ONE", "SERVER_TWO")} == {
        f"one:{port}",
        f"two:{port}",
    }


def test_its_check_of_health_tells_a_living_server_from_a_dead_one(
    shared_server: ServerProcess,
) -> None:
    (check,) = final("HEALTHCHECK")
    program, *arguments = ast.literal_eval(check.partition("CMD ")[2])
    assert program == "python"

    def code(port: int) -> int:
        environment = {"PATH": os.environ["PATH"], "GRANDSTAND_PORT": str(port)}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, timeout=PATIENCE_S
        ).returncode

    assert code(shared_server.port) == 0
    assert code(1) != 0
