"""Puts a hundred thousand odd HTTP calls to a real server: `make fuzz-calls`.

Schemathesis makes them of the document that the server serves: good ones and bad ones, over every
call. A server error, a status, a type or a body that the document doesn't foresee ends it with 1;
so does a server that ends, or that logs a fault of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.server import ServerProcess

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
ROOM = "gala"
FAULTS = ("call_failed", "Traceback", "listener_failed", "event_unreadable", "sequencer_failed")
"""What the server logs of itself when it is at fault."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; not 0 if the server was at fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.calls", description=__doc__)
    parser.add_argument("--examples", type=int, default=3500, help="calls of each operation")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder)).start()
        try:
            server.make_room(ROOM, record_retention=60)
            config = Path(folder) / "schemathesis.toml"
            config.write_text(f'[parameters]\nroom = "{ROOM}"\n')
            command = [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
                *(f"{server.url}/openapi.json", "--checks", ",".join(CHECKS)),
                *("--header", f"Authorization: Bearer {server.token('fuzz', role='producer')}"),
                *("--max-examples", str(given.examples), "--seed", str(given.seed)),
                *("--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-shrink"),
                *("--exclude-path", "/v1/rooms/{room}/program"),  # its answer has no end
                *("--suppress-health-check", "all", "--warnings", "off", "--workers", "2"),
            ]
            status = subprocess.run(command, check=False).returncode
            faults = [word for word in FAULTS if word in server.log]
            is_up = server.call("GET", "/healthz").status == 200
        finally:
            server.end()
        log = server.log
    if faults:
        print("\n".join(line for line in log.splitlines() if any(f in line for f in faults)))
    print(f"server up: {is_up}; faults of its own in its log: {faults or 'none'}")
    return status or int(bool(faults) or not is_up)


if __name__ == "__main__":
    sys.exit(main())
