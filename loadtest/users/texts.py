"""What viewers of a load test say: phrases, or the texts of a recorded chat."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from random import Random

from grandstand.recordings.recording import read

MAX_TEXT_CHARS = 100
PHRASES = (
    "what a goal", "did you see that", "hello from Lisbon", "the lights are lovely", "encore",
    "louder please", "who is the drummer", "my favourite song", "this is it", "here we go again",
    "I was not ready for that", "greetings to the third row", "that key change", "wonderful",
)  # fmt: skip


def texts(trace: str, random: Random) -> Iterator[str]:
    """Without end. Raises OSError if the recording isn't there, ValueError if it has no text."""
    if not trace:
        return iter(lambda: " ".join(random.sample(PHRASES, random.randint(1, 3))), "")
    path = Path(trace)
    files = sorted(path.glob("*.ndjson")) if path.is_dir() else [path]
    lines = [line for file in files for _, line in read(file.read_bytes()).comments]
    said = [text for line in lines if (text := line.text[:MAX_TEXT_CHARS].strip())]
    if not said:
        raise ValueError(f"--trace: nothing is said in {trace}")
    return cycle(said)
