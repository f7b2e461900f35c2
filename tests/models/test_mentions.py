from __future__ import annotations

from models.comment_scorer.mentions import mentions


def test_every_group_is_in_every_sentence_of_its_language() -> None:
    rows = mentions()
    assert len(rows) == len({text for text, _ in rows})
    assert not any("{" in text for text, _ in rows)
    for group in ("muslim", "blind", "黑人", "河南人"):
        of_it = [target for text, target in rows if group in text]
        assert {0.0, 1.0} == set(of_it)
        assert of_it.count(0.0) > of_it.count(1.0)
