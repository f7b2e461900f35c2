"""Write ``readings.txt``: which characters are read alike, for ``grandstand.moderation.pinyin``.

``python -m models.comment_scorer.readings``. The commonest reading of each character of the CJK
block, without its tone, as pypinyin (MIT; from Unicode's Unihan) has it, and of the emoji that
stand for a word of that sound.
"""

from __future__ import annotations

import re
from collections import defaultdict

from grandstand.moderation.pinyin import FILE
from pypinyin import Style, lazy_pinyin

_SYLLABLE = re.compile("[a-z]{2,}|[aeo]")

EMOJI = {
    "🐴🐎": "ma",
    "🐶🐕": "gou",
    "🐔🐓🐤": "ji",
    "🌿🌱🍀": "cao",
    "🐷🐖": "zhu",
    "🐢": "gui",
    "💩": "shi",
    "🐍": "she",
    "🐮🐂🐄": "niu",
    "🍐": "li",
    "🐑🐏": "yang",
    "🐟": "yu",
    "🦐": "xia",
    "🐻": "xiong",
    "🐱🐈": "mao",
    "🔥": "huo",
    "💧": "shui",
    "🍑": "tao",
    "🌳": "shu",
    "🐭🐁": "shu",
    "🐯": "hu",
    "🐲🐉": "long",
    "🐰": "tu",
    "🐒🐵": "hou",
    "👴": "ye",
    "👵": "nai",
    "👩": "nv",
    "👨": "nan",
    "👶": "wa",
    "👻": "gui",
    "💀☠": "si",
    "⚰": "guan",
    "🔪🗡": "dao",
    "🔫": "qiang",
    "💣": "dan",
    "🥚": "dan",
    "🌶": "la",
    "🍵": "cha",
    "🍚": "fan",
    "🍆": "qie",
    "🏀⚽": "qiu",
    "🚗": "che",
    "📖": "shu",
    "🖊": "bi",
    "✏": "bi",
    "👃": "bi",
    "🧠": "nao",
    "👄": "zui",
    "🦶": "jiao",
    "✋": "shou",
    "🗑": "ji",
    "☀": "ri",
    "🌞": "ri",
    "🌙": "yue",
}


def main() -> None:
    """Ask for every reading and write the file, a syllable a line."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for code in range(0x4E00, 0xA000):
        heard = lazy_pinyin(chr(code), style=Style.NORMAL, errors="ignore")
        syllable = heard[0].replace("ü", "v") if heard else ""
        if _SYLLABLE.fullmatch(syllable):
            alike[syllable].append(chr(code))
    for signs, syllable in EMOJI.items():
        alike[syllable].extend(signs)
    FILE.write_text("".join(f"{each} {''.join(alike[each])}\n" for each in sorted(alike)), "utf-8")


if __name__ == "__main__":
    main()
