"""The table of all commands, and their exit codes.

Settings come from the environment; options override them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from grandstand import __version__
from grandstand.commands.assistant import assistant
from grandstand.commands.audience import audience
from grandstand.commands.cue import cue
from grandstand.commands.demo import demo
from grandstand.commands.doctor import doctor
from grandstand.commands.effect import effect
from grandstand.commands.forecast import forecast
from grandstand.commands.highlights import highlights
from grandstand.commands.poll import poll
from grandstand.commands.predict import predict
from grandstand.commands.recommend import recommend
from grandstand.commands.record import export, import_
from grandstand.commands.recount import verify, votes
from grandstand.commands.replay import replay
from grandstand.commands.rundown import rundown
from grandstand.commands.score import score
from grandstand.commands.serve import serve
from grandstand.commands.token import token
from grandstand.errors import exit_on_operator_error

COMMANDS: dict[str, Callable[..., None]] = {
    "serve": serve,
    "demo": demo,
    "token": token,
    "score": score,
    "highlights": highlights,
    "predict": predict,
    "recommend": recommend,
    "forecast": forecast,
    "audience": audience,
    "replay": replay,
    "export": export,
    "import": import_,
    "doctor": doctor,
}
GROUPS = {"assistant": assistant, "cue": cue, "effect": effect, "poll": poll, "rundown": rundown}

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _command in COMMANDS.items():
    cli.command(_name)(_command)
poll.command("votes")(votes)
poll.command("verify")(verify)
for _name, _group in GROUPS.items():
    cli.add_typer(_group, name=_name)


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"grandstand {__version__}")
        raise typer.Exit


@cli.callback()
def grandstand(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """The audience of a live broadcast: comments, polls and overlays, locked to the picture.

    Settings are environment variables, GRANDSTAND_PORT and so on; options override them.
    """


def main() -> None:
    """Run the ``grandstand`` command. Exits with an operator's error's code, mostly 1, and with 2
    after wrong usage."""
    with exit_on_operator_error():
        cli()
