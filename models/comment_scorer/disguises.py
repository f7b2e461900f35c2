"""Ways in which people dress up words to slip past filters.

Training shows the model copies dressed up by ``dress``, a mixture of all with chance; evaluation
measures each by itself, every word of four letters and more. Chinese is rewritten with characters
of the same sound, or typed as it sounds.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable

from grandstand.moderation.pinyin import FILE

Disguise = Callable[[str, random.Random], str]
"""Takes a text and a seeded source of chance."""

SHARE = 0.3
"""Share of Chinese characters that are rewritten."""

_LEET = str.maketrans("aeiost", "4310$7")
_MORE_LEET = str.maketrans("aeiostlg", "@3!05719")
_HOMOGLYPHS = str.maketrans("aceiopsxy", "асеіорѕху")  # Cyrillic twins
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_BOLD = {97 + n: 0x1D41A + n for n in range(26)} | {65 + n: 0x1D400 + n for n in range(26)}
_HAN = "\u4e00-\u9fff"
_HAN_RUN = re.compile(f"[{_HAN}]{{1,3}}")


def _inside(text: str, dress: Callable[[str], str]) -> str:
    """Dress every word of four letters and more, as people do."""
    return " ".join(dress(word) if len(word) >= 4 else word for word in text.split())


def _star(word: str, draw: random.Random) -> str:
    spot = draw.randrange(1, len(word) - 1)
    return word[:spot] + "*" + word[spot + 1 :]


def _draw_out(word: str, draw: random.Random) -> str:
    spot = draw.randrange(1, len(word))
    return word[:spot] + word[spot] * 3 + word[spot:]


def _double(word: str, draw: random.Random) -> str:
    spot = draw.randrange(len(word))
    return word[:spot] + word[spot] + word[spot:]


def _point(word: str, draw: random.Random) -> str:
    spot = draw.randrange(1, len(word))
    return word[:spot] + draw.choice(".-_*'/") + word[spot:]


def _swap(word: str, draw: random.Random) -> str:
    spot = draw.randrange(1, len(word) - 2)
    return word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :]


def _readings() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Give each character's syllable; each syllable's characters, but for rare ones; its emoji."""
    syllables: dict[str, str] = {}
    characters: defaultdict[str, str] = defaultdict(str)
    emoji: defaultdict[str, str] = defaultdict(str)
    for line in FILE.read_text("utf-8").splitlines():
        syllable, _, alike = line.partition(" ")
        for character in alike:
            if "\u4e00" <= character <= "\u9fff":
                syllables[character] = syllable
                if _is_common(character):
                    characters[syllable] += character
            else:
                emoji[syllable] += character
    return syllables, characters, emoji


def _is_common(character: str) -> bool:
    """Whether GB 2312 has it: the characters that a Chinese keyboard offers first."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


_SYLLABLES, _CHARACTERS, _EMOJI = _readings()


def _rewritten(text: str, draw: random.Random, share: float, alike: dict[str, str]) -> str:
    return "".join(
        draw.choice(others)
        if draw.random() < share and (others := alike.get(_SYLLABLES.get(each, ""), ""))
        else each
        for each in text
    )


def homophones(text: str, draw: random.Random, share: float = SHARE) -> str:
    """Write a share of the Chinese characters with others of the same sound."""
    return _rewritten(text, draw, share, _CHARACTERS)


def emoji(text: str, draw: random.Random, share: float = 1.0) -> str:
    """Put an emoji in the place of Chinese characters that have one of their sound."""
    return _rewritten(text, draw, share, _EMOJI)


def typed(text: str, draw: random.Random, share: float = SHARE) -> str:
    """Type a share of the Chinese, in runs of up to three characters, as it sounds."""

    def spell(found: re.Match[str]) -> str:
        syllables = [_SYLLABLES.get(each, each) for each in found[0]]
        return draw.choice(("", " ")).join(syllables) if draw.random() < share else found[0]

    return _HAN_RUN.sub(spell, text)


DISGUISES: dict[str, Disguise] = {
    "leet": lambda text, _: _inside(text, lambda word: word.lower().translate(_LEET)),
    "spaced": lambda text, _: _inside(text, " ".join),
    "zero-width": lambda text, _: _inside(text, "\u200b".join),
    "full-width": lambda text, _: text.translate(_WIDE),
    "maths fonts": lambda text, _: text.translate(_BOLD),
    "zalgo": lambda text, _: "".join(letter + "\u0336\u0301" for letter in text),
    "homoglyphs": lambda text, _: text.lower().translate(_HOMOGLYPHS),
    "repeats": lambda text, draw: _inside(text, lambda word: _draw_out(word, draw)),
    "punctuation": lambda text, draw: _inside(text, lambda word: _point(word, draw)),
    "swaps": lambda text, draw: _inside(text, lambda word: _swap(word, draw)),
    "stars": lambda text, draw: _inside(text, lambda word: _star(word, draw)),
}
"""Of Latin letters; the first six are to cost three points of recall at most."""

CHINESE: dict[str, Disguise] = {"homophones": homophones, "typed pinyin": typed, "emoji": emoji}

_WORD_BY_WORD: tuple[Callable[[str, random.Random], str], ...] = (
    *(_star, _point, _swap, _swap) * 2,  # the hardest
    _draw_out,
    _double,
    lambda word, _: word.lower().translate(_LEET),
    lambda word, _: word.lower().translate(_MORE_LEET),
    lambda word, _: " ".join(word),
    lambda word, draw: draw.choice(".-_*").join(word),
    lambda word, _: word.lower().translate(_HOMOGLYPHS),
)


def dress(text: str, draw: random.Random) -> str:
    """Dress a text up for training: about half of its words one way, or some characters."""
    if _HAN_RUN.search(text):
        way = draw.choice((homophones, homophones, typed, typed, emoji))
        return way(text, draw, draw.uniform(0.1, 0.6))
    way_of_words = draw.choice(_WORD_BY_WORD)
    share = draw.choice((0.4, 1.0))
    return _inside(text, lambda word: way_of_words(word, draw) if draw.random() < share else word)
