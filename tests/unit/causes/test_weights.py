"""Fitted weights in the place of stated ones, and of signs that the file of a cause does not name."""

from __future__ import annotations

import pytest

from descentry.causes._cases import descend, run
from descentry.causes._weights import STATED, Weights
from descentry.core import catalog
from descentry.diagnosis import diagnose
from descentry.story import facts_of


@pytest.fixture(scope="module")
def facts():
    return facts_of(run(descend(200)))


def lines(facts, weights):
    return {d.cause: {e.source: e.weight for e in d.evidence} for d in diagnose(facts, weights)}


def test_a_sign_that_a_cause_does_not_name_may_speak_about_it(facts):
    assert "below-zero" not in {c.sign.id for c in catalog.entry("causes", "bad-batch").clues}
    more = Weights({}, {"bad-batch": {"below-zero": (-2.0, 3.0)}})
    assert lines(facts, more)["bad-batch"]["below-zero"] == -2.0
    assert "below-zero" not in lines(facts, STATED)["bad-batch"]


@pytest.mark.parametrize("clues", [{"unheard-of": (1.0, 2.0)}, {"below-zero": (1.0, 2.0, 3.0)}])
def test_weights_of_signs_that_are_gone_or_have_other_bins_say_nothing(facts, clues):
    assert lines(facts, Weights({}, {"bad-batch": clues}))["bad-batch"] == lines(facts, STATED)["bad-batch"]
