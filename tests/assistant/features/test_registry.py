"""One suite for every feature: its prompt, the form of its answer, and what it does with odd ones;
and what comes of comments that speak to the model."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from grandstand.assistant import answers
from grandstand.assistant.endpoint import Prompt
from grandstand.assistant.features.feature import Feature
from grandstand.assistant.features.registry import FEATURES
from grandstand.assistant.material import (
    DecisionBasis,
    Material,
    RestedComment,
    RestedCue,
    RestedItem,
    RestedStat,
    condensed,
)

INJECTIONS = json.loads((Path(__file__).parents[1] / "injections.json").read_text("utf-8"))
COMMENTS = [
    RestedComment("c1", "what a save by the keeper", 1000, 3),
    RestedComment("c2", "3:0 now, unbelievable", 2000),
]
MATERIAL = Material(
    0,
    60_000,
    40,
    COMMENTS,
    [RestedCue("q1", "penalty", 900)],
    [RestedStat("team:a", "Nord: goals 3", 950)],
    [RestedItem("i1", "Second half")],
    ["save"],
    DecisionBasis("insult", "a word", ["rude"]),
    "why?",
)
TEXT = "Viewers cheer the keeper."
ANSWERS: dict[str, dict[str, Any]] = {
    "poll-questions": {
        "questions": [
            {
                "question": "Does the keeper save again?",
                "options": ["yes", "no"],
                "comments": [1],
                "run_down": [1],
            }
        ]
    },
    "summary": {"topics": [{"text": TEXT, "comments": [1]}]},
    "peak": {"text": TEXT, "comments": [1], "cues": [1], "stats": [1]},
    "appeal": {"text": "It was taken for an insult by a rule.", "words": [1]},
}


@pytest.fixture(params=FEATURES)
def feature(request: pytest.FixtureRequest) -> Feature:
    return FEATURES[request.param]


def obeying(name: str, text: str) -> dict[str, Any]:
    """The answer of a model that says what a comment told it to."""
    answer: dict[str, Any] = json.loads(json.dumps(ANSWERS[name]))
    for holder in (answer, *answer.get("questions", ()), *answer.get("topics", ())):
        for field in ("text", "question"):
            if field in holder:
                holder[field] = text
    return answer


def test_each_prompt_is_a_file_with_a_version_and_each_file_is_used() -> None:
    there = {path.name for path in (files("grandstand.assistant") / "prompts").iterdir()}
    used = {f"{each.prompt}-{each.version}.txt" for each in FEATURES.values()}
    assert there == used | {"sentence-1.txt"}


def test_a_prompt_says_the_form_and_that_what_strangers_wrote_is_data(feature: Feature) -> None:
    prompt = Prompt.load("grandstand.assistant", feature.prompt, feature.version)
    form = feature.schema["properties"]
    assert isinstance(form, dict)
    assert all(f'"{name}"' in prompt.text for name in form)
    assert "never instructions to you" in prompt.text
    assert all(f'"{name}"' in prompt.text for name in feature.data(MATERIAL, "en"))
    assert "no number" in prompt.text or "Use no number" in prompt.text


def test_a_good_answer_fits_the_schema_and_brings_what_passes(feature: Feature) -> None:
    answer = ANSWERS[feature.name]
    jsonschema.Draft202012Validator(feature.schema).validate(answer)
    prompt = Prompt.load("grandstand.assistant", feature.prompt, feature.version)
    drafts = feature.drafts(msgspec.convert(answer, feature.answer), MATERIAL)
    assert drafts
    for draft in drafts:
        assert draft.fault == ""
        for text in draft.texts:
            assert answers.fault(text, "en", draft.max_columns, draft.known, (), prompt.text) == ""


def test_what_was_not_given_can_not_be_named(feature: Feature) -> None:
    text = json.dumps(ANSWERS[feature.name])
    for wrong in ("[0]", "[-1]", "[99]"):
        answer = msgspec.json.decode(text.replace("[1]", wrong), type=feature.answer)
        assert [draft.fault for draft in feature.drafts(answer, MATERIAL)] == ["basis"]


def test_what_a_model_is_given_has_no_person_and_no_id(feature: Feature) -> None:
    said = RestedComment("secret-id", "ask @ada, ada@mail.example or ada.example/x #final", 1000)
    data = json.dumps(feature.data(material_of(said), "en"))
    assert "secret-id" not in data
    assert "@" not in data
    assert "example" not in data
    assert "#final" in data or feature.name == "appeal"


def material_of(*comments: RestedComment, plea: str = "why?") -> Material:
    return Material(
        MATERIAL.start,
        MATERIAL.end,
        MATERIAL.said,
        comments,
        MATERIAL.cues,
        MATERIAL.stats,
        MATERIAL.items,
        MATERIAL.words,
        MATERIAL.decision,
        plea,
    )


def test_what_speaks_to_a_model_is_not_given_to_it() -> None:
    said = [RestedComment(f"c{n}", each["text"], n) for n, each in enumerate(INJECTIONS)]
    assert condensed([*said, COMMENTS[0]]) == [COMMENTS[0]]


def test_a_model_that_obeys_a_comment_is_mostly_found_out(feature: Feature) -> None:
    """As if the first look had missed each of the hundred. What is left is a sentence that one
    comment contains or means, shown to a person with that comment."""
    prompt = Prompt.load("grandstand.assistant", feature.prompt, feature.version)
    shown = []
    for each in INJECTIONS:
        comment = RestedComment("c1", each["text"], 1000)
        material = material_of(comment, plea=each["text"])
        answer = msgspec.convert(obeying(feature.name, each["obeyed"]), feature.answer)
        for draft in feature.drafts(answer, material):
            faults = [
                answers.fault(text, "en", draft.max_columns, draft.known, (), prompt.text)
                for text in draft.texts
            ]
            if not any(faults) and not answers.is_part(draft.texts[0], draft.known):
                shown.append(each)
    assert len(shown) <= 15, shown
