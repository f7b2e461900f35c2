"""Finds what leads elsewhere or to a person: links, adverts, phone numbers, addresses, documents.

A phone number is told from what crowds shout by its form: the format of a country, a plain run of
various digits, or any number beside a word such as "call". 6666666666, a date, a row of scores or
lap times and 1314520 don't count. All repeats are bounded, so that a search stays linear.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from itertools import pairwise

from grandstand.moderation.findings import HOLD, REJECT, Finding

_TABLES = tomllib.loads(
    files("grandstand.moderation").joinpath("contacts.toml").read_text(encoding="utf-8")
)
_CALL = re.compile(f"(?:{'|'.join(_TABLES['call'])})[^\\d\\n]{{0,24}}$", re.IGNORECASE)
_PERSONAL = re.compile(f"(?:{'|'.join(_TABLES['personal'])})$", re.IGNORECASE)
"""Both are looked for at the end of what stands before a number."""

_MAY_LEAD_ELSEWHERE = re.compile(r"[\d./点@+:：Dd](?:(?<![Dd])|[Oo][Tt])")
_MAY_BE_LINK = re.compile(
    r"//\S|www\.\S|(?:\.[)\]]?\s?|dot[)\]]?\s|点\s?)"
    r"(?:com|net|org|info|xyz|shop|club|site|vip|tv|cc|cn|ru|io)|"
    r"(?:bit\.ly|t\.me|youtu\.be|discord\.gg)/",
    re.IGNORECASE,
)
"""What every link has. Cheap: it tries nothing at a letter of another word."""

_MAY_OFFER = re.compile(r"[\d@/¥$€£₩%]|(?:\.|dot |点)(?:com|net|org|tv|gg|cn)", re.IGNORECASE)
_OFFER_CHARS = 40
_MAY_BE_ADVERT = re.compile(r"[0-9:：@+]")
_DIGIT = re.compile(r"\d")
_LINK = re.compile(
    r"(?:https?:?//|www\.)\S|"
    r"(?<![\w@.-])[\w-]{2,}(?:\.[\w-]{2,})*"
    r"(?:\.|\s?[(\[]?dot[)\]]?\s|\s?[([]\.[)\]]\s?)"
    r"(?:com|net|org|info|xyz|shop|club|site|vip|tv|cc|cn|ru|io)(?!\w|\.\w)|"
    r"(?<![\w.])(?:bit\.ly|t\.me|youtu\.be|discord\.gg)/|"
    r"点\s?(?:com|cn|net|cc)(?![a-z])",
    re.IGNORECASE,
)
_ADVERT = re.compile(
    r"(?:微信|威信|薇信|徽信|加\s?[vV微薇威]|[+＋]\s?[vV](?![a-z])|[vV]信|\bv\s?x\b|\bw(?:e)?chat\b|\bq{2}\b|扣扣|企鹅)"
    r"\s*(?:号|群|id|:|：|\+|加)*\s*(?=[\w-]*\d)([\w-]{5,20})|"
    r"(?:telegram|whats\s?app|\btg\b)\s*[:：@+][:：@+ ]{0,4}([\w+-]{4,})",
    re.IGNORECASE | re.ASCII,
)
_ID_KINDS_MIN = 3
"""Different characters of an account's name: 666666 is a cheer."""

_NUMBER = re.compile(
    r"(?<![\w.,:/?=+@#-])(?:\+|\+?\()?\d(?:(?:[ .-]|\) ?| ?\(| - )?\d){6,16}"
    r"(?![\w:]|[,.-]\d|[ .-]\d)",
    re.ASCII,
)
_GAPS = re.compile(r"[ .()+-]+")
_BEFORE_CHARS = 40
_FORMS = re.compile(
    r"\+\(?\d(?:[ .()-]{0,2}\d){8,14}|"  # international
    r"00[1-9]\d(?:[ .-]?\d){8,12}|"
    r"(?:86[ -]?)?1[3-9]\d[ .-]?\d{4}[ .-]?\d{4}|"  # Chinese mobile
    r"1[3-9]\d{2}[ .-]?\d{3}[ .-]?\d{4}|"
    r"(?:1[ .-]?)?\([2-9]\d\d\) ?[2-9]\d\d[ .-]?\d{4}|"  # North American
    r"(?:1[ .-])?[2-9]\d\d(?:-|\.| - )[2-9]\d\d(?:-|\.| - )\d{4}|"
    r"[2-9]\d\d [2-9]\d\d[ -]\d{4}|"
    r"0[1-9]\d{2,3}[ -]?\d{3}[ -]?\d{3,4}|"  # British, and landlines of many countries
    r"0\d{1,3}-\d{3,4}-\d{4}|0\d{2,3}[ -]\d{7,8}|"  # Japanese, Korean, Chinese landline
    r"0[1-9]{1,2} \d{4} \d{4}|01[016789][ .-]?\d{3,4}[ .-]?\d{4}|"
    r"8[ -]?\(?9\d\d\)?[ -]?\d{3}[ -]?\d\d[ -]?\d\d"  # Russian mobile
)
_PLAIN_MIN, _PLAIN_MAX = 10, 13
_SHOUT = re.compile(  # written to be read: 520 "I love you", 1314 "for ever", 233 laughter
    r"(?:5201314|1314520|1314|520|521|0?666+|777+|888+|999+|555+|000+|111+|333+|444+|222+|23{3,}|233|"
    r"886|996|1024|2333|777|123456789|1234567|12345|123|321|54321|987654321){1,12}\d{0,2}"
)
_PERIOD_MAX = 7
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d*")
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ .-]?){2,5}")
_THOUSANDS = re.compile(r"\d{1,3}(?: \d{3}){2,5}|\d{1,3}(?:\.\d{3}){2,5}")
_DECIMALS = re.compile(r"\d+\.\d+(?: \d+\.\d+)*|[\d ]*\d{1,3}\.\d{2,3} [\d. ]+")
_VARIED_MIN, _VARIED_IN_FORM_MIN = 5, 3

_DOCUMENT = re.compile("|".join(_TABLES["document"]), re.IGNORECASE | re.ASCII)
_ADDRESS = re.compile("|".join(_TABLES["address"]), re.IGNORECASE)

LINK = Finding("spam", HOLD, "link")
CONTACT = Finding("spam", REJECT, "contact")
PHONE_NUMBER = Finding("spam", HOLD, "phone number")
SOMEBODYS_NUMBER = Finding("threat", HOLD, "somebody's phone number")
SOMEBODYS_DOCUMENT = Finding("threat", HOLD, "somebody's document")
SOMEBODYS_ADDRESS = Finding("threat", HOLD, "somebody's address")
FINDINGS = (
    LINK,
    CONTACT,
    PHONE_NUMBER,
    SOMEBODYS_NUMBER,
    SOMEBODYS_DOCUMENT,
    SOMEBODYS_ADDRESS,
)
"""Everything that can be found here."""


def may_offer(text: str) -> bool:
    """Return whether a text has any of what spam needs: a number, an address, a sum, or many
    words."""
    return len(text) >= _OFFER_CHARS or _MAY_OFFER.search(text) is not None


def find(text: str) -> list[Finding]:
    """Return the contacts in a text, as it would be shown."""
    if not _MAY_LEAD_ELSEWHERE.search(text):
        return []
    found: list[Finding] = []
    if _MAY_BE_LINK.search(text) and _LINK.search(text):
        found.append(LINK)
    if _MAY_BE_ADVERT.search(text):
        for advert in _ADVERT.finditer(text):
            if len(set((advert[1] or advert[2]).lower())) >= _ID_KINDS_MIN:
                found.append(CONTACT)
                break
    if not _DIGIT.search(text):
        return found
    for number in _NUMBER.finditer(text):
        before = text[max(0, number.start() - _BEFORE_CHARS) : number.start()]
        if _is_phone(number[0], before):
            found.append(PHONE_NUMBER)
            if _PERSONAL.search(before):
                found.append(SOMEBODYS_NUMBER)
    if _DOCUMENT.search(text):
        found.append(SOMEBODYS_DOCUMENT)
    if _ADDRESS.search(text):
        found.append(SOMEBODYS_ADDRESS)
    return found


def _is_phone(number: str, before: str) -> bool:
    """Return whether seven digits or more are a phone number; ``before`` is what precedes them."""
    digits = _GAPS.sub("", number)
    variety = len(set(digits))
    if variety < _VARIED_IN_FORM_MIN or _SHOUT.fullmatch(digits) or _is_periodic(digits):
        return False
    if _CALL.search(before):
        return True
    if number[0] != "+" and any(
        other.fullmatch(number) for other in (_YEARS, _THOUSANDS, _DECIMALS, _DATE)
    ):
        return False
    if _FORMS.fullmatch(number):
        return variety > _VARIED_IN_FORM_MIN or number[0] == "+"
    return (
        number.isdigit()
        and _PLAIN_MIN <= len(digits) <= _PLAIN_MAX
        and variety >= _VARIED_MIN
        and not _is_in_order(digits)
    )


def _is_periodic(digits: str) -> bool:
    """Return whether a few digits are repeated over and over: 1314520131452013."""
    return any(
        digits == (digits[:size] * len(digits))[: len(digits)]
        for size in range(1, min(_PERIOD_MAX, len(digits) // 2) + 1)
    )


def _is_in_order(digits: str) -> bool:
    """Return whether most digits are one more, or one less, than those before: 1234567890."""
    steps = [(int(two) - int(one)) % 10 for one, two in pairwise(digits)]
    return max(steps.count(1), steps.count(9)) * 4 >= len(steps) * 3
