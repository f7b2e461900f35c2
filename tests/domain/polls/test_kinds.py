"""Each kind of poll behaves alike: its fields are its own, and it keeps its answer to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, get_args

import msgspec
import pytest
from grandstand.domain.polls import steps
from grandstand.domain.polls.kinds.kind import Kind
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.registry import KINDS, flaws, plainest
from grandstand.domain.polls.steps import ImpossibleStepError
from grandstand.domain.polls.views import for_producers, for_viewers
from grandstand.domain.polls.votes import check_choices
from grandstand.wire.codes import RefusedError
from grandstand.wire.messages import Poll, PollKind, PollStatus
from msgspec import UNSET

from tests.domain.polls.examples import CASES, Case, poll

over_cases = pytest.mark.parametrize("case", CASES, ids=str)


def call(case: Case, **own: Any) -> dict[str, Any]:
    return {"kind": case.kind, "question": "?", **case.own, **own}


def record(case: Case, **changes: Any) -> PollRecord:
    terms = KINDS[case.kind].terms(call(case))
    kept = {"max_choices": terms.max_choices, "answer": terms.answer}
    return poll(**{"kind": case.kind, "options": case.options, **kept, **changes})


def parts(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every choice of fields of ``whole``."""
    for count in range(len(whole) + 1):
        yield from (dict(some) for some in combinations(whole.items(), count))


def test_every_kind_of_the_contract_is_there_and_has_a_case() -> None:
    assert tuple(KINDS) == get_args(PollKind)
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert {case.kind for case in CASES} == set(KINDS)


@over_cases
def test_a_right_call_has_no_flaw_and_gives_its_terms(case: Case) -> None:
    assert list(flaws(call(case))) == []
    assert KINDS[case.kind].terms(call(case)) == case.terms


@over_cases
def test_own_fields_that_are_wrong_are_named(case: Case) -> None:
    plain = call(case)
    for own in case.own:
        del plain[own]
    for wrong in case.wrong:
        found = dict(flaws(plain | wrong))
        assert found
        assert set(found) <= KINDS[case.kind].fields
        assert all(found.values())


@over_cases
def test_whichever_fields_are_missing_flaws_are_looked_for(case: Case) -> None:
    for some in parts(call(case)):
        assert {name for name, _ in flaws(some)} <= KINDS[case.kind].fields


@over_cases
@pytest.mark.parametrize("other", KINDS.values(), ids=list(KINDS))
def test_the_fields_of_another_kind_are_refused(case: Case, other: Kind) -> None:
    for name in other.fields - KINDS[case.kind].fields:
        ((path, words),) = flaws(call(case, **{name: 1}))
        assert path == name
        assert f"`{other.name}`" in words


@over_cases
def test_the_plainest_kind_that_takes_its_fields_takes_them(case: Case) -> None:
    kind = plainest(case.own)
    assert kind is not None
    assert KINDS[kind].fields >= case.own.keys()
    assert list(KINDS).index(kind) <= list(KINDS).index(case.kind)


def test_no_kind_takes_the_fields_of_all() -> None:
    assert plainest({name for kind in KINDS.values() for name in kind.fields}) is None


@over_cases
def test_a_vote_names_as_many_options_as_the_terms_allow(case: Case) -> None:
    asked = record(case)
    for count in range(1, len(case.options) + 1):
        if count <= case.terms.max_choices:
            check_choices(asked, [*range(count)])
        else:
            with pytest.raises(RefusedError):
                check_choices(asked, [*range(count)])
    assert KINDS[case.kind].takes_several or case.terms.max_choices == 1


@over_cases
@pytest.mark.parametrize("status", get_args(PollStatus))
def test_viewers_are_told_the_terms_and_the_answer_only_by_the_reveal(
    case: Case, status: PollStatus
) -> None:
    asked = record(case, status=status)
    for seen in (for_viewers(asked), for_producers(asked)):
        several = KINDS[case.kind].takes_several
        assert seen.max_choices == (case.terms.max_choices if several else UNSET)
        is_told = status == "revealed" and case.terms.answer is not None
        assert seen.answer == (case.terms.answer if is_told else UNSET)


@over_cases
def test_one_step_alone_shows_its_result_and_its_answer(case: Case) -> None:
    closed = record(case, status="closed", final=True, tally=[1, 2, 0], voters=3)
    answer = 0 if case.answer is None else case.answer
    ways: dict[str, Callable[[PollRecord], PollRecord]] = {
        "reveal": steps.reveal,
        "resolve": lambda poll: steps.resolve(poll, answer),
    }
    shown = ways.pop(case.revealed_by)(closed)
    assert for_viewers(shown).status == "revealed"
    assert for_viewers(shown).answer == (UNSET if case.answer is None else case.answer)
    for way in ways.values():
        with pytest.raises(ImpossibleStepError):
            way(closed)
    assert steps.awaits_answer(closed) == (case.revealed_by == "resolve")
    assert not steps.awaits_answer(shown)


@over_cases
def test_its_summary_is_of_the_votes_and_of_an_answer_that_is_known(case: Case) -> None:
    summary = KINDS[case.kind].summary
    known = case.answer if case.revealed_by == "resolve" else case.terms.answer
    assert summary([0, 0, 0], known) == ""
    says = {"rating": "mean 1.7 of 3", "prediction": "67% were right"}
    assert summary([1, 2, 0], known) == says.get(case.kind, "")
    assert summary([1, 2, 0], None) == ("mean 1.7 of 3" if case.terms.options else "")


def test_a_rating_goes_to_five_unless_the_call_says_how_far() -> None:
    assert KINDS["rating"].terms({"kind": "rating"}).options == ("1", "2", "3", "4", "5")


@over_cases
def test_it_comes_through_the_store_and_the_wire_as_it_is(case: Case) -> None:
    asked = record(case, status="revealed", final=True, tally=[1, 2, 0], voters=3)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=PollRecord) == asked
    seen = for_viewers(asked)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Poll) == seen
