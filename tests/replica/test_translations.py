from __future__ import annotations

from grandstand.domain.envelope import Commit
from grandstand.domain.state import PrivateChanges
from grandstand.replica.translations import KEPT, TranslationRing
from grandstand.wire.codec import encode
from grandstand.wire.messages import Frame, Overlay
from grandstand.wire.translations import TranslatedComment, TranslatedOverlay, Translations


def spanish(*names: str) -> Translations:
    return Translations("es", [TranslatedComment(each, f"hola {each}", "x") for each in names])


def commit(
    now: int, *found: Translations, retract: list[str] | None = None, offset: int | None = None
) -> Commit:
    frames = [encode(Frame(now, now, retract=retract), "msgpack")] if retract else []
    private = PrivateChanges(translations=list(found))
    return Commit("e", now, now if offset is None else offset, now, frames, private)


def ids(found: Translations) -> list[str]:
    return [each.id for each in found.comments]


def test_what_came_since_a_frame_or_in_a_time_is_told() -> None:
    ring = TranslationRing()
    for now in range(1, 5):
        ring.take(commit(now, spanish(f"c{now}")))
    assert ids(ring.after("es", 3)) == ["c3", "c4"]
    assert ids(ring.between("es", 2, 4, 3)) == ["c2", "c3"]
    assert ids(ring.after("zh", 0)) == []


def test_a_commit_brings_what_is_new_by_language() -> None:
    chinese = Translations("zh", [TranslatedComment("a", "你好", "x")])
    news = TranslationRing().take(commit(1, spanish("a"), chinese, spanish("b")))
    assert {lang: ids(each) for lang, each in news.items()} == {"es": ["a", "b"], "zh": ["a"]}


def test_what_was_taken_back_goes_and_does_not_come_any_more() -> None:
    ring = TranslationRing()
    ring.take(commit(1, spanish("a", "b")))
    assert ring.take(commit(2, spanish("b", "c"), retract=["b", "c"])) == {}
    assert ids(ring.after("es", 0)) == ["a"]
    assert ring.take(commit(3, spanish("c"))) == {}


def test_what_the_next_frame_says_differently_has_no_translation_of_before() -> None:
    def says(now: int, text: str, *found: str) -> Commit:
        card = Overlay("o", "sentence", 1, {"text": text})
        frames = [encode(Frame(now, now, overlays=[card]), "msgpack")] if text else []
        said = [TranslatedOverlay("o", 1, {"text": each}, "x") for each in found]
        private = PrivateChanges(translations=[Translations("es", overlays=said)])
        return Commit("e", now, now, now, frames, private)

    def words(found: Translations) -> list[str]:
        return [each.data["text"] for each in found.overlays]

    ring = TranslationRing()
    ring.take(says(1, "leads"))
    ring.take(says(2, "", "va primera"))
    assert words(ring.since("es", 2)) == words(ring.after("es", 0)) == ["va primera"]
    ring.take(says(4, "is last"))
    assert words(ring.since("es", 2)) == words(ring.after("es", 0)) == []
    ring.take(says(5, "", "va última"))
    assert words(ring.after("es", 0)) == ["va última"]
    # Of segments to 3 and 5: what their own frames say, though more comes in time for the first.
    assert words(ring.between("es", 0, 6, 3)) == ["va primera"]
    assert words(ring.between("es", 0, 6, 5)) == ["va última"]


def test_comments_are_kept_while_they_are_recent() -> None:
    ring = TranslationRing()
    for now in range(1, 4):
        ring.take(commit(now, spanish(f"c{now}")))
    ring.forget_before(4, ["c1", "c3"])
    assert (ids(ring.comments("es")), ids(ring.after("es", 0))) == (["c1", "c3"], [])
    ring.take(commit(5, spanish("c5"), retract=["c3"]))
    assert ids(ring.comments("es")) == ["c1", "c5"]
    ring.forget_before(6)
    assert not ring


def test_it_is_bounded_by_frames_and_where_there_are_few_by_itself() -> None:
    ring = TranslationRing()
    for now in range(KEPT + 10):
        ring.take(commit(now, spanish(f"c{now}")))
    assert len(ids(ring.after("es", 0))) == KEPT
    ring.forget_before(KEPT)
    assert ids(ring.after("es", 0))[0] == f"c{KEPT}"
    ring.forget()
    assert ids(ring.after("es", 0)) == []
