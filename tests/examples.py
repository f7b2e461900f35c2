"""How many examples tests of properties try: `make soak` asks for more, and for new ones."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))
"""As many as `make test` tries, which are the same each time; with more, others each time."""
