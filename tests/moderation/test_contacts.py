from __future__ import annotations

import time

import pytest
from grandstand.moderation.contacts import find


def rules(text: str) -> set[str]:
    return {each.rule for each in find(text)}


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "+44 7700 900 123",
        "07700 900123",
        "415-555-0132",
        "(415) 555-0132",
        "090-1234-5678",
        "010-9876-5432",
        "010-62345678",
        "8 912 345 67 89",
        "call 5550132",
        "text me at 555 0132 0199",
        "手机 8864 2197",
        "电话13800138000",
        "WhatsApp 7700900123",
        "4157739284",
    ],
)
def test_what_looks_like_a_phone_number_is_one(text: str) -> None:
    assert "phone number" in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        *(digit * count for digit in "0123456789" for count in (8, 10, 11, 13, 16)),
        *(f"{digit * 4} {digit * 4} {digit * 4}" for digit in "056789"),
        *("2" + "3" * count for count in (7, 9, 11, 14)),
        "1314520 1314520",
        "5201314520",
        "13145201314520",
        "12121212121212",
        "1234567890",
        "9876543210",
        "call 88888888888",
        "手机 66666666666",
        "2026 2027 2028 2029",
        "20261129 2030",
        "2026-11-29 19:45",
        "29.11.2026 20:45",
        "1:32.608 1:32.711 1:33.014",
        "47.312 48.105 47.954",
        "103 98 110 95 101",
        "03 07 12 19 24 31",
        "1 234 567 890",
        "1,482,771 to 1,392,004",
        "3.14159265358979",
        "10000000000 likes",
        "race number 2026 1138",
    ],
)
def test_what_crowds_shout_dates_scores_and_times_are_none(text: str) -> None:
    assert rules(text) == set()


def test_a_cheer_beside_the_name_of_a_service_is_no_account() -> None:
    assert rules("企鹅 666666") == set()
    assert rules("企鹅 123456") == {"contact"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("he lives at 24 Maple Street, Leeds", "somebody's address"),
        ("his home address is 118 Oak Avenue apt 4", "somebody's address"),
        ("他家住在朝阳区建国路88号3单元502", "somebody's address"),
        ("主播住在幸福路22号5栋301", "somebody's address"),
        ("110101199003071234", "somebody's document"),
        ("她身份证号110101199003071234", "somebody's document"),
        ("social security number 078-05-1120", "somebody's document"),
        ("her phone number is 07700 900123", "somebody's phone number"),
        ("他手机13912345678", "somebody's phone number"),
    ],
)
def test_what_gives_a_person_away_is_found(text: str, rule: str) -> None:
    assert rule in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "this song lives in my head since 1999",
        "她家的歌都好听",
        "我家在3楼",
        "the show moves to 42nd Street next year",
        "Abbey Road was recorded in 1969",
    ],
)
def test_numbers_and_houses_alone_give_nobody_away(text: str) -> None:
    assert rules(text) == set()


@pytest.mark.parametrize(
    "unit",
    [
        "lives at 1 a ",
        "他家住在",
        "1 ",
        "1-",
        "12 34 ",
        "call 1",
        "his ",
        "家住路1",
        "ssn 1 ",
        "66",
        "+1 ",
    ],
)
def test_what_patterns_look_for_costs_no_more_the_more_there_is_of_it(unit: str) -> None:
    text = unit * 4000
    began = time.thread_time()
    find(text[:600])
    short_s = time.thread_time() - began
    began = time.thread_time()
    find(text[:4800])
    assert time.thread_time() - began < 60 * max(short_s, 0.001)
