"""What of a chat is no language, and needs no translation: emotes, laughs, numbers, names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grandstand.text.contents import LINK
from grandstand.translation.glossary import without

_SHORTCODE = re.compile(r":\w{1,40}:")
_MARKS = "!?.,~…"
_WORD = re.compile(r"[^\W\d_][\w'’]*")
_LETTER = re.compile(r"[^\W\d_]")
_EMOTE = re.compile(
    r"[a-z0-9]{1,20}[A-Z][A-Za-z0-9]{0,30}|[A-Z][a-z]+(?:[A-Z][a-z0-9]*)+|[A-Za-z]{3,20}\d{1,4}"
)
"""A word with capitals inside or a number at its end, as emotes of Twitch have: ``PogChamp``,
``monkaS``, ``rosa7``."""

_LAUGHS = (
    r"[bm]?[wu]?[ae]?h+(?:[aeiou]+h+)+[aeiou]*|(?:j[aeio]+){2,}j?|(?:ks?)+|(?:rs)+|(?:хы?[аеио]*){2,}|(?:а?х)+а?"
    r"|lo+l+(?:ol)*|lm(?:f)?ao+|rofl|roflmao|xd+|mdr+|ptdr+|www*|[哈呵嘿嘻嘎吼]+|草+|笑+|[ㅋㅎㅠㅜㄷㅇ]+"
    r"|(?:ه)+|(?:خ){2,}|(?:हा)+|(?:हाहा)+|2?33+|555+|666+|888+|77+7"
)
_LAUGH = re.compile(_LAUGHS, re.IGNORECASE)
_KNOWN_EMOTES = (
    r"kek[wl]|lul[ew]?|(?:omega|mega)lul|pog(?:u|gers|champ|gies|ers|w)?|kappa|pepega|copium|hopium|hypers|ayaya"
    r"|(?:sad|smad|mad|sus|bed|okay|glad|pray|despair|woke|strong)ge|yep|nopers|nodders|letsgo+|catjam"
    r"|osfrog|fbcatch|prchase|kkonaw?|subprise|booba|icant|petthe\w+|waytoodank|\dhead|monka\w*"
    r"|pag(?:man|champ|chomp)|(?:pause|weird)(?:man|champ)|batchest|ripbozo|cop(?:ege|esen)"
    r"|pepe\w*|(?:wide)?peepo\w*|d:|uwu|owo|oof|aww+|h*m+h*m+|pf+t*"
)
_EMOTES = re.compile(_KNOWN_EMOTES, re.IGNORECASE)
_SHORT = re.compile(
    "ez|ggs?|g?gwp|wp|gl|hf|glhf|afk|brb|op|nt|ns|mvp|goat|vip|fps|tv|dj|vs|wc|var|ppv|bro|bruh+|fr|tf",
    re.IGNORECASE,
)
"""Words that chats of all languages use as they are."""

_CRIES = re.compile(
    r"[aeou]+h+|uh+m+|er+m+|um{2,}|a+w+h*|ow+|oo+p+s*|w+h?o+a+h+|y+o{2,}|a+y+o*|e+y+o{2,}|y+a+y+|y+e{2,}"
    r"|w+o{2,}h*|w+a{2,}h*|w+o+w+|h+e+h+|h+u+h+|h+m+|ew+|ugh+|yas+|woop|yippe+"
    r"|wtf+|wth|omf?g|smh|ngl|imo|istg|o7+|(?:cheer|bits?)\d+",
    re.IGNORECASE,
)
"""What voices make of surprise in all languages, and how chats of all languages write it."""

_MARKUP = re.compile(
    r"!\w{2,30}|/(?:s|j|hj|srs|neu|neutral|nm|lh|gen|pos|neg|th|ref|p|c|q)"
    r"|[:;=8xX]['^-]?[)(DPpOoSs3/|]+|<3+|[DdOo]:"
)
"""A command to a bot, a mark for the tone, a face of letters."""

_CHANNEL_EMOTE = re.compile(r"(?:[a-z]{3,20}[0-9]*|[a-z][a-z0-9]{2,20})[A-Z][A-Za-z0-9]{0,30}")
_NO_SENTENCE = re.compile(r"[^\w@#]+")
_COMMONEST = re.compile(
    "PogChamp|PauseChamp|LULW?|4Head|BibleThump|NotLikeThis|TriHard|WutFace|ResidentSleeper|SeemsGood"
    "|HeyGuys|KappaPride|FeelsBadMan|FeelsGoodMan|FeelsStrongMan|FailFish|DansGame|SwiftRage|PJSalt"
    "|BabyRage|CoolStoryBob|TwitchUnity|KonCha|VoHiYo|BloodTrail|Kreygasm|PunchTrees|YesYes|NoNo"
    "|Jebaited|SourPls|TooMuch|PoroSad|BrainSlug|GivePLZ|TakeNRG|RlyTho|TrollDespair|HolidaySanta"
    "|[A-Z][a-z]+Pride|Vote(?:Yea|Nay)|Sings(?:Mic|Note)|Twitch(?:Sings|Lit|Votes)|Pok[A-Z][a-z]+"
)
"""Of words with capitals inside those that are no name, as PlayStation is one."""

_APART = re.compile(rf"{_SHORTCODE.pattern}|(?<!\S)(?:{_MARKUP.pattern})(?!\S)")


def says_something(text: str, names: Sequence[str] = ()) -> bool:
    """Return whether a text has words that can be translated; 3 us for a comment."""
    bare = without(_APART.sub(" ", LINK.sub(" ", text)), names)
    words = _WORD.findall(bare)
    return any(not _is_no_word(word) for word in words)


def _is_no_word(word: str) -> bool:
    kinds = (_EMOTES, _SHORT, _EMOTE, _LAUGH, _CRIES)
    return _is_one_letter(word) or any(kind.fullmatch(word) is not None for kind in kinds)


def _is_one_letter(word: str) -> bool:
    """Return whether a word is one letter over and over: aaaa, 啊啊啊."""
    return len(set(word.casefold())) == 1 and (len(word) > 2 or word.isascii())


def stands_apart(token: str) -> bool:
    """Return whether something between two spaces is no part of a sentence, wherever it stands in
    it: an emote, a laugh, emoji, a link, a mention.

    ``tv`` or a name isn't, which ``says_something`` counts among what needs no translation.
    """
    word = token.strip(_MARKS)
    kinds = (_SHORTCODE, LINK, _NO_SENTENCE, _MARKUP)
    word_kinds = (_EMOTES, _COMMONEST, _CHANNEL_EMOTE, _LAUGH, _CRIES)
    return (
        any(kind.fullmatch(token) is not None for kind in kinds)
        or any(kind.fullmatch(word) is not None for kind in word_kinds)
        or (len(word) > 2 and _is_one_letter(word))
    )
