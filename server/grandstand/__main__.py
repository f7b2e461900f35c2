"""``python -m grandstand``."""

from grandstand.cli import main

main()
