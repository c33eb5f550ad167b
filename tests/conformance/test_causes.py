"""What every cause must do, tried on its own cases.

A cause is exempt from a check by naming it, with the reason, in ``Cause.exempt``: ``seen``, ``quiet``.
"""

from __future__ import annotations

import re

import pytest

from descentry.causes._entry import signs
from descentry.causes._weights import STATED
from descentry.core import catalog
from descentry.diagnosis import NEEDS, diagnose
from descentry.story import facts_of
from descentry.verdicts import ATTENTION

ENTRIES = catalog.entries("causes")
MODULES = catalog.modules("causes")
CHECKS = {"seen", "quiet"}
HEADINGS = [
    "What it is",
    "How it shows",
    "Why it happens",
    "How to tell it apart",
    "What to do",
    "When it is fine",
    "Limits",
    "Sources",
]

every_cause = pytest.mark.parametrize("cause", ENTRIES.values(), ids=lambda c: c.id)


def cases(kind):
    return [
        pytest.param(cause, case, id=f"{cause.id}: {case.name}")
        for cause in ENTRIES.values()
        for case in getattr(cause, kind)
    ]


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_page_and_entry_are_complete(module):
    cause = module.CAUSE
    assert cause.id == module.__name__.rsplit(".", 1)[-1].replace("_", "-")
    assert re.findall(r"^## (.+)$", module.__doc__, re.MULTILINE) == HEADINGS
    assert all(re.search(rf"^## {h}\n\n(?!## )\s*\S", module.__doc__, re.MULTILINE) for h in HEADINGS)
    assert set(cause.exempt) <= CHECKS
    assert cause.clues
    assert cause.seen_in
    assert cause.quiet_on


@every_cause
def test_every_id_it_names_is_known(cause):
    assert set(cause.neighbours) <= set(ENTRIES) - {cause.id}
    assert set(cause.remedies) <= set(catalog.entries("remedies"))
    if cause.concern != "none":
        assert cause.remedies


def test_signs_have_ids_of_their_own_and_say_what_they_need():
    for sign in signs(tuple(ENTRIES.values())).values():
        assert sign.needs in NEEDS
        assert sign.source
        assert sign.reference
        assert all(words[0].isupper() or words[0] in "{η" for words in sign.words)
        assert all(words.endswith(".") for words in sign.words)


@every_cause
def test_it_has_something_for_it_and_something_against_it(cause):
    weights = [w for clue in cause.clues for w in clue.weights]
    assert max(weights) > 0 > min(weights)


def told(case, cause, weights=None):
    found = diagnose(facts_of(case.run()), weights)
    (place,) = (i for i, d in enumerate(found) if d.cause == cause.id)
    return place, found[place], found


@pytest.mark.parametrize(("cause", "case"), cases("seen_in"))
def test_it_is_seen_in_its_own_cases(cause, case):
    """By what its file states, unless nobody can tell it from a neighbour; the fitted table has to agree."""
    if "seen" in cause.exempt:
        pytest.skip(cause.exempt["seen"])
    _, stated, ranked = told(case, cause, STATED)
    assert sum(e.weight for e in stated.evidence) >= -cause.base - 1e-9, stated.evidence
    causes = [d.cause for d in ranked if d.cause in (cause.id, "healthy") or d.cause not in cause.neighbours]
    assert cause.id in causes[:2], [(d.cause, round(d.probability, 2)) for d in ranked[:4]]
    _, fitted, _ = told(case, cause)
    assert sum(e.weight for e in fitted.evidence) > 0, f"{fitted.probability:.2f} {fitted.evidence}"


@pytest.mark.parametrize(("cause", "case"), cases("quiet_on"))
def test_it_is_quiet_on_what_it_is_taken_for(cause, case):
    if "quiet" in cause.exempt:
        pytest.skip(cause.exempt["quiet"])
    (_, stated, _), (_, fitted, _) = told(case, cause, STATED), told(case, cause)
    assert stated.status != "supported", f"{stated.probability:.2f} {stated.evidence}"
    assert fitted.probability < ATTENTION, f"{fitted.probability:.2f} {fitted.evidence}"
