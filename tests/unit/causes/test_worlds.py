"""How likely causes are beside each other: held to adding up every possibility by hand."""

from __future__ import annotations

import itertools
import math

import pytest

from descentry.causes._worlds import probabilities

NATS = {"healthy": 0.7, "a": 1.3, "b": -0.4, "c": 2.1, "d": -3.0}


def by_hand(nats, two, unlisted, *, well=True):
    faults = [c for c in nats if c != "healthy"]
    worlds = {(): math.exp(nats["healthy"]) if well else 0.0, ("?",): math.exp(unlisted)}
    for size, more in ((1, 0.0), (2, two)):
        for some in itertools.combinations(faults, size):
            worlds[some] = math.exp(sum(nats[c] for c in some) + more)
    whole = sum(worlds.values())
    found = {c: sum(w for some, w in worlds.items() if c in some) / whole for c in faults}
    return found | {"healthy": worlds[()] / whole}


@pytest.mark.parametrize("well", [True, False])
def test_every_possibility_is_counted_once(well):
    found = probabilities(NATS, -1.5, -2.0, well=well)
    assert found == pytest.approx(by_hand(NATS, -1.5, -2.0, well=well))


def test_what_another_cause_explains_is_left_to_it():
    alone = probabilities({"healthy": 0.0, "a": 2.0, "b": -5.0}, -3.0, -3.0)
    beside = probabilities({"healthy": 0.0, "a": 2.0, "b": 6.0}, -3.0, -3.0)
    assert alone["a"] > 0.8
    assert beside["a"] < 0.3
    assert beside["b"] > 0.9


def test_a_run_that_fails_has_some_cause():
    nats = {"healthy": 4.0, "a": -1.0, "b": -2.0}
    assert probabilities(nats, -3.0, -4.0)["healthy"] > 0.98
    failing = probabilities(nats, -3.0, -4.0, well=False)
    assert failing["healthy"] == 0
    assert failing["a"] > 0.6 > 0.3 > failing["b"]


def test_no_evidence_is_too_large():
    found = probabilities({"healthy": -1e9, "a": 1e9, "b": 1e9}, 0.0, -math.inf)
    assert found["a"] == pytest.approx(1.0)
    assert found["b"] == pytest.approx(1.0)
    assert found["healthy"] == pytest.approx(0.0)
