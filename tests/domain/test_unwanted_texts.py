from __future__ import annotations

from grandstand.domain.unwanted_texts import MAX_UNWANTED, UNWANTED_MS, Unwanted, UnwantedTexts


def test_a_text_is_unwanted_for_its_time_or_until_the_mark_is_lifted() -> None:
    texts = UnwantedTexts({}, 1_000)
    texts.mark(7, "a1")
    assert (texts.comment_of(7), texts.comment_of(8)) == ("a1", "")
    known = {7: Unwanted("a1", 1_000 + UNWANTED_MS)}
    assert texts.changes == known
    assert UnwantedTexts(known, UNWANTED_MS + 999).comment_of(7) == "a1"
    assert UnwantedTexts(known, UNWANTED_MS + 1_000).comment_of(7) == ""
    later = UnwantedTexts(known, 2_000)
    later.lift(7)
    later.lift(8)
    assert (later.changes, later.comment_of(7)) == ({7: None}, "")
    later.mark(7, "a9")
    assert later.comment_of(7) == "a9"


def test_marks_are_pruned_and_bounded() -> None:
    known = {n: Unwanted(f"a{n}", 1_000 + n) for n in range(MAX_UNWANTED)}
    texts = UnwantedTexts(known, 1_001)
    texts.prune()
    assert texts.changes == {0: None, 1: None}
    texts = UnwantedTexts(known, 1_000)
    texts.mark(-1, "b1")
    assert texts.changes == {-1: Unwanted("b1", 1_000 + UNWANTED_MS), 0: None}
