"""What level 2 shows and keeps, over two lists of our own: rules and the shipped model together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.text.normalise import clean

from tests.moderation.installation import SHIPPED
from tests.moderation.rules import RULES

LISTS = Path(__file__).with_name("lists")
NOT_SHOWN_MAX = 0.005
SHOWN_MAX = 0.10


@pytest_asyncio.fixture
async def moderator() -> AsyncIterator[Moderator]:
    moderator = Moderator(OnnxScorer(SHIPPED), RULES, deadline_ms=60_000)
    yield moderator
    await moderator.close()


def lines(name: str) -> list[str]:
    text = (LISTS / f"{name}.txt").read_text(encoding="utf-8")
    return [clean(line) for line in text.splitlines() if line and not line.startswith("#")]


async def shown(moderator: Moderator, texts: list[str]) -> list[bool]:
    return [each.action == "show" for each in await moderator.judge(texts, Policy())]


@pytest.mark.parametrize(
    ("name", "least"),
    [("plain", 300), ("plain_again", 150), ("plain_more", 150), ("plain_wide", 900)],
)
async def test_plain_chat_is_shown(moderator: Moderator, name: str, least: int) -> None:
    texts = lines(name)
    assert len(texts) >= least
    kept = [
        t for t, is_shown in zip(texts, await shown(moderator, texts), strict=True) if not is_shown
    ]
    assert len(kept) <= NOT_SHOWN_MAX * len(texts), kept


@pytest.mark.parametrize(
    ("name", "least"),
    [("abusive", 100), ("abusive_again", 60), ("abusive_more", 60), ("abusive_wide", 500)],
)
async def test_abuse_is_kept_from_the_screen(moderator: Moderator, name: str, least: int) -> None:
    texts = lines(name)
    assert len(texts) >= least
    seen = [t for t, is_shown in zip(texts, await shown(moderator, texts), strict=True) if is_shown]
    assert len(seen) <= SHOWN_MAX * len(texts), seen
