"""``make attack``: what honest viewers notice during each attack, by the wall clock.

    .venv/bin/python -m loadtest.attacks [--only NAME,NAME] [--list] [--out FILE]

Each attack gets a server of its own. ``--only`` takes names, or their beginnings. Prints a table
(round trips of the witness in ms during the attack, the longest time without a frame, the p99
before it, how late the witness itself was, what the attack counted), one of what rooms cost in
which nothing happens, and writes them with the machine, the commit and all figures to
``loadtest/results/attacks.json``. Ends with 1 if a row has a fault: a figure is over its
bound, a worker hung, or a witness was cut.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

from loadtest import attacks
from loadtest.attacks import idle
from loadtest.attacks.attack import Attack
from loadtest.attacks.idle import Idle
from loadtest.attacks.measure import faults, measure, table
from loadtest.bench.__main__ import machine

RESULT = Path(__file__).parents[1] / "results" / "attacks.json"


def known() -> dict[str, Attack | Idle]:
    """All that can be run, by name: the attacks of this package's modules, and idle rooms."""
    found: dict[str, Attack | Idle] = {}
    for module in pkgutil.iter_modules(attacks.__path__):
        if module.name != "__main__":
            its = importlib.import_module(f"{attacks.__name__}.{module.name}")
            found |= {each.name: each for each in getattr(its, "ATTACKS", ())}
    return found | {each.name: each for each in idle.COSTS}


def main() -> int:
    """Run them; 1 if a row has a fault, which the tables name."""
    options = argparse.ArgumentParser(
        prog="loadtest.attacks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--only", default="", help="names, or their beginnings, with commas")
    options.add_argument("--list", action="store_true", help="the names alone")
    options.add_argument("--out", type=Path, default=RESULT)
    given = options.parse_args()
    all_ = known()
    wanted = tuple(filter(None, given.only.split(","))) or ("",)
    chosen = [each for name, each in all_.items() if name.startswith(wanted)]
    if not chosen:
        options.error(f"--only: no attack begins so; there are {', '.join(all_)}")
    if given.list:
        print("\n".join(each.name for each in chosen))
        return 0
    noticed: dict[str, dict[str, Any]] = {}
    costs: dict[str, dict[str, Any]] = {}
    about = machine()
    for each in chosen:
        if isinstance(each, Idle):
            costs[each.name] = idle.measure(each)
            printed = idle.table(costs)
        else:
            noticed[each.name] = measure(each)
            printed = table(noticed)
        print(printed.splitlines()[-1], flush=True)
    printed = "\n\n".join(
        tabled(found) for tabled, found in ((table, noticed), (idle.table, costs)) if found
    )
    told = {"machine": about, "attacks": noticed, "idle": costs, "table": printed.splitlines()}
    given.out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"\n{printed}\n\n{given.out}")
    at_fault = [name for name, its in noticed.items() if faults(its)]
    at_fault += [name for name, its in costs.items() if idle.faults(its)]
    if at_fault:
        print(f"not as they must be: {', '.join(at_fault)}", file=sys.stderr)
    return 1 if at_fault else 0


if __name__ == "__main__":
    sys.exit(main())
