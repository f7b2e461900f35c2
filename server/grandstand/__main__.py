"""``python -m grandstand``, and the ``grandstand`` command."""

from __future__ import annotations

from grandstand.collector import starting


def main() -> None:
    """Import all commands, which takes most of the time of a short one, and run the one asked."""
    with starting():
        from grandstand import cli
    cli.main()


if __name__ == "__main__":
    main()
