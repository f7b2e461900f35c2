from __future__ import annotations

from grandstand.domain.envelope import Commit
from grandstand.domain.state import PrivateChanges
from grandstand.leader.shown_texts import texts_of, translations
from grandstand.translation.interpreter import PHRASEBOOK, Sentence
from grandstand.translation.interpreter import Translated as Answer
from grandstand.wire.codec import encode
from grandstand.wire.messages import Comment, Frame, Option, Overlay, Poll
from grandstand.wire.settings import Settings

POLL = Poll("p", "single", "Who?", [Option("Bo"), Option("me")], "open", 1, 2, 0, True, False)


def commit() -> Commit:
    frame = Frame(
        1,
        1,
        comments=[Comment("a", 1, "u", "N", "hallo", 5.0), Comment("b", 1, "u", "N", "KEKW", 5.0)],
        polls=[POLL],
        overlays=[
            Overlay("o", "sentence", 7, {"text": "Bo führt", "lang": "de"}),
            Overlay("s", "stats", 7, {"text": 3}),
        ],
    )
    return Commit("e", 1, 1, 1, [encode(frame, "msgpack")], PrivateChanges(languages={"a": "de"}))


def test_each_text_has_the_language_that_is_known_of_it() -> None:
    found = [
        (each.kind, each.id, each.sentences) for each in texts_of(commit(), Settings(lang="en"))
    ]
    assert found == [
        ("comment", "a", (Sentence("hallo", "de", 100),)),
        ("comment", "b", (Sentence("KEKW", "", 100),)),
        ("poll", "p", (Sentence("Who?", "en"), Sentence("Bo", "en"), Sentence("me", "en"))),
        ("overlay", "o", (Sentence("Bo führt", "de"),)),
    ]


def test_what_has_no_answer_stays_and_a_machine_is_named_wherever_it_had_a_part() -> None:
    texts = list(texts_of(commit(), Settings(lang="en")))
    answers = [
        *(Answer("hola", "engine"), None),
        *(Answer("¿Quién?", PHRASEBOOK), None, Answer("yo", "engine")),
        None,
    ]
    found = translations("es", texts, answers)
    assert [(each.id, each.text, each.by) for each in found.comments] == [("a", "hola", "engine")]
    (poll,) = found.polls
    assert (poll.question, poll.by) == ("¿Quién?", "engine")
    assert [each.text for each in poll.options] == ["Bo", "yo"]
    assert found.overlays == []
