from __future__ import annotations

import pytest
from grandstand.moderation.moderator import Judgement
from grandstand.text.normalise import clean, dedupe_key

from models.comment_scorer import selection
from models.comment_scorer.selection import Figures, Shares, Shown, interval, plainly, selected
from models.comment_scorer.windows import Said, Window, alike, frequencies, mixed

REMOVED = ["go away", "nobody likes you"]


def said(at: int, user: str, text: str, *, toxic: bool = False, action: str = "show") -> Said:
    judged = Judgement(
        action,  # type: ignore[arg-type]  # three words
        None,
        "",
        5.0,
        0.0,
        0.5,
        dedupe_key(text),
        {},
        "und",
    )
    return Said(at, user, clean(text), toxic, judged, judged)


def window(*messages: Said) -> Window:
    texts = list(dict.fromkeys(one.text for one in messages))
    words = frequencies(((one.text, 1) for one in messages), ["goal", "save", "wow"])
    return Window("w", list(messages), alike(texts), words)


def test_a_text_is_alike_to_its_own_normal_form_and_to_most_of_its_trigrams() -> None:
    save, other = "what a brilliant save by him", "what a brilliant save by her"
    found = alike(["GOAL", "gooal", "goooooal!", "gaol", save, other])
    assert found["gooal"] == {"gooal", "goooooal!"}
    assert found["gaol"] == {"gaol"}
    assert found[save] == found[other] == {save, other}


def test_a_removed_message_is_mixed_into_every_fifty_by_an_author_of_its_own() -> None:
    plain = [(number, f"u{number}", f"text {number}", False) for number in range(120)]
    made = mixed(plain, REMOVED, "seed")
    assert [each for each in made if not each[3]] == plain
    places = [place for place, each in enumerate(made) if each[3]]
    assert [place // 51 for place in places] == [0, 1]
    assert {made[place][2] for place in places} == set(REMOVED)
    assert len({made[place][1] for place in places}) == 2
    assert mixed(plain, REMOVED, "seed") == made


def test_near_duplicates_are_counted_within_a_minute_and_repeats_in_the_whole_window() -> None:
    some = window(*(said(at, f"u{at}", "goal") for at in (0, 59_000, 180_000)))
    figures = Figures()
    figures.count(some, [Shown(one, one.at) for one in some.said])
    assert interval(figures.near)[0] == pytest.approx(1 / 3, abs=1e-3)
    assert interval(figures.repeats)[0] == pytest.approx(2 / 3, abs=1e-3)


def test_the_mirror_counts_a_comment_as_often_as_it_says() -> None:
    some = window(
        *(said(n, f"a{n}", "goal") for n in range(3)),
        *(said(n, f"b{n}", "save") for n in range(2)),
        said(0, "c", "wow"),
    )
    figures = Figures()
    shown = [(some.said[0], 3), (some.said[3], 2), (some.said[5], 1)]
    figures.count(some, [Shown(one, 0, count) for one, count in shown])
    figures.count(some, [Shown(one, 0, 4 - count) for one, count in shown])
    assert figures.mirror == pytest.approx([1, -1])


def test_authors_count_who_have_something_to_say_and_are_seen_in_that_minute() -> None:
    some = window(
        said(0, "ada", "what a save"),
        said(0, "bo", "what a lovely evening"),
        said(0, "cy", "goal"),
        said(0, "dan", "you are all bad", toxic=True),
        said(0, "eve", "this is held back", action="hold"),
    )
    figures = Figures()
    figures.count(some, [Shown(some.said[0], 0), Shown(some.said[1], 0, is_seen=False)])
    assert interval(figures.authors)[0] == 0.5
    assert interval(figures.heard)[0] == 1
    assert interval(figures.toxic_shown)[0] == 0


def test_an_interval_holds_its_value_and_a_ratio_of_nothing_is_nothing() -> None:
    some, none = Shares(), Shares()
    for minute in range(20):
        some.add("w", minute * 60_000, minute % 2)
        none.add("w", minute * 60_000, 0)
    value, low, high = interval(some)
    assert low < value == 0.5 < high
    assert interval(some, none) == [0, 0, 0]
    assert interval(some, some) == [1, 1, 1]


def test_what_is_rejected_or_held_is_no_candidate_for_anybody() -> None:
    some = [said(0, "ada", "one", action="reject"), said(1, "bo", "two", action="hold")]
    some.append(said(2, "cy", "three"))
    assert [each.said.user for each in selected(some, 5, 2)[0]] == ["cy"]
    assert [each.said.user for each in plainly(some, 5, 2, lambda few, n: few[:n])] == ["cy"]


def test_every_way_has_the_same_places() -> None:
    texts = [chr(97 + n % 26) * 2 + chr(97 + n // 26) * 2 for n in range(400)]
    some = [said(n * 10, f"u{n}", text) for n, text in enumerate(texts)]
    for choose in selection.ways(5, 0).values():
        seen = [each for each in choose(some) if each.is_seen]
        assert 15 <= len(seen) <= 25
