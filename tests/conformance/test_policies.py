"""What every policy must do, tried on the states that it carries itself."""

from __future__ import annotations

import re

import pytest

from descentry.control import policies
from descentry.control.policies import Known
from descentry.core import catalog

ENTRIES = policies.entries()
CASES = [(p, case) for p in ENTRIES.values() for case in p.cases]
HEADINGS = ["What it does", "When it decides", "What it changes", "When it holds back", "Sources"]
CHANGES = {"restore", "lr", "lr_factor", "search", "skip", "stop_at", "hand_over"}
every_policy = pytest.mark.parametrize("policy", ENTRIES.values(), ids=lambda p: p.id)


def name(pair):
    return f"{pair[0].id}: {pair[1].name}"


@pytest.mark.parametrize("pair", CASES, ids=name)
def test_decides_in_its_cases_what_they_say(pair):
    policy, case = pair
    decision = policy.decide(case.known)
    change = None if decision is None or decision.remedy is None else dict(decision.remedy.change)
    assert change == case.change


@pytest.mark.parametrize("pair", CASES, ids=name)
def test_what_it_decides_can_be_read_written_down_and_carried_out(pair):
    policy, case = pair
    decision = policy.decide(case.known)
    if decision is None:
        return
    assert decision.policy == policy.id
    assert decision.step == case.known.step
    assert re.fullmatch(r"[A-Z\d].*\.", decision.because)
    assert all(isinstance(v, float | int) for v in decision.numbers.values())
    if decision.remedy is not None:
        assert decision.remedy.id in catalog.entries("remedies")
        assert set(decision.remedy.change) <= CHANGES or not decision.applied
        assert decision.applied == (decision.remedy.safety == "automatic")


@every_policy
def test_it_has_cases_for_and_against(policy):
    assert {case.change is None for case in policy.cases} == {True, False}


@every_policy
def test_it_leaves_a_quiet_training_alone(policy):
    assert policy.decide(Known(500, 1.0, kept=(400, 450))) is None


@pytest.mark.parametrize("module", policies.modules().values(), ids=lambda m: m.POLICY.id)
def test_page_and_entry_are_complete(module):
    assert module.POLICY.id == module.__name__.rsplit(".", 1)[-1].replace("_", "-")
    assert re.findall(r"^## (.+)$", module.__doc__, re.MULTILINE) == HEADINGS
    assert module.__doc__.splitlines()[0].endswith(".")


def test_giving_up_comes_before_everything_else():
    assert next(iter(ENTRIES)) == "hand-over"
