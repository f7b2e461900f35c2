"""``grandstand doctor``: checks whether a server can run here, and says what to do if not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from grandstand.commands.options import DataDir, Host, Port
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings

if TYPE_CHECKING:
    from grandstand.commands.checks import CheckResult


def doctor(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check everything that a server needs, and say what to do where something is wrong.

    Uses the settings that serve would use. Changes nothing and starts nothing: an embedded store is
    asked only if it runs. Exits with 1 if any check FAILs.

    \b
    Examples:
      grandstand doctor
      grandstand doctor --json | jq '.[] | select(.level != "ok")'
    """
    found = asyncio.run(_examined(host, port, data_dir))
    if as_json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False))
    else:
        for each in found:
            print(f"{each.level:<5} {each.name:<12} {each.words}")
            if each.advice and each.level != "ok":
                print(f"{'':<18} -> {each.advice}")
    if any(each.level == "FAIL" for each in found):
        raise typer.Exit(1)


async def _examined(host: Host, port: Port, data_dir: DataDir) -> list[CheckResult]:
    # Imported here: it takes a second, which other commands needn't wait for.
    from grandstand.commands import checks

    machine = [checks.of_files(), checks.of_memory(), checks.of_time()]
    installed = [checks.of_pages(), await checks.of_ffmpeg()]
    try:
        settings = ServerSettings.read(host=host, port=port, data_dir=data_dir)
    except OperatorError as fault:
        advice = "the store, the port and the model were not checked"
        return [checks.CheckResult("settings", "FAIL", str(fault), advice), *machine, *installed]
    return [
        *checks.of_settings(settings),
        *await checks.of_store(settings),
        await asyncio.to_thread(checks.of_port, settings.host, settings.port),
        *machine,
        checks.of_model(settings),
        checks.of_forecast_models(),
        checks.of_audience_weights(),
        *await checks.of_translators(settings),
        *await checks.of_assistant(settings),
        *installed,
    ]
