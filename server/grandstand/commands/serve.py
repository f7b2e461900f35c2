"""``grandstand serve``."""

from __future__ import annotations

from grandstand.commands.options import DataDir, Host, Port, server_settings


def serve(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Serve rooms until Ctrl-C.

    Without GRANDSTAND_REDIS_URL the rooms live in an embedded store in --data-dir, and every
    acknowledged comment and vote is on disk.

    \b
    Example:
      export GRANDSTAND_JWT_SECRET=$(grandstand token --new-secret)
      grandstand serve --host 0.0.0.0
    """
    from grandstand import app  # here: a second that other commands needn't wait for

    app.run(server_settings(host=host, port=port, data_dir=data_dir))
