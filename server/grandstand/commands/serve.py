"""``grandstand serve``."""

from __future__ import annotations

from grandstand.collector import starting
from grandstand.commands.options import DataDir, Host, Port, Workers, server_settings


def serve(
    host: Host = None, port: Port = None, data_dir: DataDir = None, workers: Workers = None
) -> None:
    """Serve rooms until Ctrl-C.

    Without GRANDSTAND_REDIS_URL the rooms live in an embedded store in --data-dir, and every
    acknowledged comment and vote is on disk. With --workers, that many processes share the port.

    \b
    Example:
      export GRANDSTAND_JWT_SECRET=$(grandstand token --new-secret)
      grandstand serve --host 0.0.0.0
    """
    settings = server_settings(host=host, port=port, data_dir=data_dir, workers=workers)
    # Imported here, not above: it takes a second, which other commands needn't wait for.
    if settings.workers > 1:
        with starting():
            from grandstand.workers import parent
        parent.run(settings)
    else:
        with starting():
            from grandstand.app import lifecycle
        lifecycle.run(settings)
