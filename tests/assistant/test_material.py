from __future__ import annotations

from grandstand.assistant import material as module
from grandstand.assistant.material import Material, RestedComment, condensed, covered, line


def said(name: str, text: str, at: int, count: int = 1) -> RestedComment:
    return RestedComment(name, text, at, count)


def test_what_says_the_same_is_one_with_a_count() -> None:
    found = condensed([said("a", "GOAL!!", 1, 2), said("b", "goal", 2), said("c", "no", 3)])
    assert found == [said("a", "GOAL!!", 1, 3), said("c", "no", 3)]
    assert Material(0, 9, comments=found).given == 4


def test_of_many_those_that_most_said_and_the_newest_are_left() -> None:
    many = [said(f"c{n}", f"comment {chr(97 + n % 26)}{chr(97 + n // 26)}", n) for n in range(300)]
    many.append(said("x", "everybody says it", 0, 50))
    found = condensed(many)
    assert len(found) == module.COMMENTS_MAX
    assert found[0].id == "x"
    assert found[-1].id == "c299"


def test_links_and_people_are_covered() -> None:
    assert covered("ask @ada at www.a.example about #final") == "ask … at … about #final"
    assert line(" a\n  b ") == "a b"
