"""What of a chat is no language, and needs no translation: emotes, laughs, numbers, names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grandstand.text.contents import LINK
from grandstand.translation.glossary import without

_SHORTCODE = re.compile(r":\w{1,40}:")
_WORD = re.compile(r"[^\W\d_][\w'’]*")
_LETTER = re.compile(r"[^\W\d_]")
_EMOTE = re.compile(r"[a-z0-9]{1,20}[A-Z][A-Za-z0-9]{0,30}|[A-Z][a-z]+(?:[A-Z][a-z0-9]*)+")
"""A word with capitals inside, as emotes of Twitch have: ``PogChamp``, ``monkaS``."""

_LAUGHS = (
    r"(?:[bm]?w?[ae]?h+[aeiou]+h*){2,}|(?:j[aeio]+){2,}j?|(?:ks?)+|(?:rs)+|(?:хы?[аеио]*){2,}|(?:а?х)+а?"
    r"|lo+l+(?:ol)*|lm(?:f)?ao+|rofl|roflmao|xd+|mdr+|ptdr+|www*|[哈呵嘿嘻嘎吼]+|草+|笑+|[ㅋㅎㅠㅜㄷㅇ]+"
    r"|(?:ه)+|(?:خ){2,}|(?:हा)+|(?:हाहा)+|2?33+|555+|666+|888+|77+7"
)
_LAUGH = re.compile(_LAUGHS, re.IGNORECASE)
_EMOTES = re.compile(
    "kekw|lulw?|omegalul|pogu?|poggers|pogchamp|kappa|pepega|copium|hopium|ez|ggs?|g?gwp|wp|gl|hf|glhf"
    "|afk|brb|op|nt|ns|mvp|goat|vip|fps|tv|dj|vs|wc|var|ppv|uwu|owo|oof|aww",
    re.IGNORECASE,
)
"""Short words that chats of all languages use as they are."""


def says_something(text: str, names: Sequence[str] = ()) -> bool:
    """Return whether a text has words that can be translated; 3 us for a comment."""
    bare = without(_SHORTCODE.sub(" ", LINK.sub(" ", text)), names)
    words = _WORD.findall(bare)
    return any(not _is_no_word(word) for word in words)


def _is_no_word(word: str) -> bool:
    if len(set(word.casefold())) == 1 and (len(word) > 2 or word.isascii()):
        return True  # aaaa, 啊啊啊
    return (
        _EMOTES.fullmatch(word) is not None
        or _EMOTE.fullmatch(word) is not None
        or _LAUGH.fullmatch(word) is not None
    )
