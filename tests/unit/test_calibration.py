"""The fit of the weights: its formulas held to counting by hand, and what it must make of made-up runs."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from benchmarks import _attention, _encoding, _fit, _shares, _surprise

from descentry.causes._entry import Cause, Clue, Sign
from descentry.causes._weights import parsed
from descentry.causes._worlds import probabilities

EXTRA = _surprise.Extra(two=-1.0, unlisted=-2.0)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(3)
    n, causes = 80, 5
    given, allowed = np.zeros((2, n, causes), dtype=bool)
    well, may_be_well = np.zeros((2, n), dtype=bool)
    for i in range(n):
        if rng.random() < 0.3:
            well[i] = may_be_well[i] = True
            continue
        given[i, rng.choice(causes, 1 + int(rng.random() < 0.4), replace=False)] = True
        allowed[i] = given[i] | (rng.random(causes) < 0.2)
        may_be_well[i] = rng.random() < 0.1
    truth = _surprise.Truth(given, allowed, well, may_be_well)
    return rng.normal(size=(n, causes)), rng.normal(size=n), truth


def by_hand(faults, healthy, truth, i):
    own, named = set(np.flatnonzero(truth.given[i])), set(np.flatnonzero(truth.allowed[i]))
    right = whole = 0.0
    causes = range(faults.shape[1])
    for some in [(), *((c,) for c in causes), *itertools.combinations(causes, 2)]:
        nats = sum(faults[i, c] for c in some) + EXTRA.two * (len(some) == 2) if some else healthy[i]
        fits = truth.well[i] if not some else not truth.well[i] and own <= set(some) <= named
        neutral = truth.may_be_well[i] if not some else set(some) <= named
        right += np.exp(nats) * fits
        whole += np.exp(nats) * (fits or not neutral)
    return np.log(whole + np.exp(EXTRA.unlisted)) - np.log(right)


def test_surprise_is_that_of_every_possibility_counted_by_hand(drawn):
    faults, healthy, truth = drawn
    value, *_ = _surprise.surprise(faults, healthy, truth, EXTRA)
    assert value == pytest.approx([by_hand(faults, healthy, truth, i) for i in range(len(value))])


def test_slopes_are_those_of_small_steps(drawn):
    faults, healthy, truth = drawn
    value, slopes, by_healthy, by_two = _surprise.surprise(faults, healthy, truth, EXTRA)
    step = 1e-6
    for c in range(faults.shape[1]):
        moved = faults.copy()
        moved[:, c] += step
        assert (_surprise.surprise(moved, healthy, truth, EXTRA)[0] - value) / step == pytest.approx(
            slopes[:, c], abs=1e-4
        )
    assert (_surprise.surprise(faults, healthy + step, truth, EXTRA)[0] - value) / step == pytest.approx(
        by_healthy, abs=1e-4
    )
    more = _surprise.Extra(EXTRA.two + step, EXTRA.unlisted)
    assert (_surprise.surprise(faults, healthy, truth, more)[0] - value) / step == pytest.approx(
        by_two, abs=1e-4
    )


def _cause(name, *clues, base=-1.0):
    return Cause(name, name, "attention", clues, (), (), (), (), base=base)


def _sign(name):
    return Sign(name, name, lambda facts: None, (0.5,), ("No.", "Yes."), "0", "by definition")


def test_the_fit_finds_what_tells_and_counts_the_same_evidence_once():
    bell, echo = _sign("bell"), _sign("echo")
    causes = [
        _cause("healthy", base=0.0),
        _cause("loud", Clue(bell, (0.0, 0.0)), Clue(echo, (0.0, 0.0))),
        _cause("quiet"),
    ]
    rng = np.random.default_rng(0)
    samples = []
    for i in range(900):
        truth = ("healthy", "loud", "quiet")[i % 3]
        rings = float(rng.random() < (0.9 if truth == "loud" else 0.1))
        told = frozenset({truth})
        samples.append(_encoding.Sample(f"task {i // 3 % 15}", {"bell": rings, "echo": rings}, told, told))
    table, z = _fit.fit(causes, samples)
    weights = parsed(table)
    jump = sum(w[1] - w[0] for w in weights.clues["loud"].values())
    assert jump == pytest.approx(2 * np.log(9), abs=0.5)  # once, though two signs say it
    assert 0.4 < _shares.first_right([c.id for c in causes], samples, z) < 0.75
    rung = {c: weights.base[c] + sum(w[1] for w in weights.clues[c].values()) for c in weights.base}
    found = probabilities(rung, weights.two, weights.unlisted)
    assert found["loud"] == pytest.approx(0.9 / 1.1, abs=0.08)


def _rung(n, share, truth, seed=0):
    """Runs of one truth, of which the bell rings in a share."""
    rng = np.random.default_rng(seed)
    told = frozenset({truth})
    return [
        _encoding.Sample(f"task {i % 15}", {"bell": float(rng.random() < share)}, told, told)
        for i in range(n)
    ]


@pytest.mark.parametrize("stated", [0.1, 1.0])
def test_what_is_stated_for_a_cause_never_comes_to_deny_it(stated):
    bell = _sign("bell")
    causes = [
        _cause("healthy", base=0.0),
        _cause("loud", Clue(bell, (0.0, stated))),
        _cause("quiet"),
    ]
    samples = [*_rung(200, 0.5, "healthy"), *_rung(200, 0.1, "loud", 1), *_rung(200, 0.9, "quiet", 2)]
    encoding = _encoding.Encoding.of(causes)
    truth = _surprise.Truth.of(encoding.causes, samples)
    weights, _ = _fit.solve(encoding, encoding.matrix(samples), truth, np.ones(600), (0.5, 4.0))
    rings = encoding.columns["bell"].stop - 1
    assert weights[rings, 1] >= 0
    assert weights[rings, 2] > 0.5  # which does not name the bell, and is told by it all the same


def test_healthy_runs_are_disturbed_as_seldom_as_asked():
    healthy = replace(_cause("healthy"), concern="none")
    causes = [healthy, *(_cause(f"cause {i}") for i in range(4))]  # none of them likely alone
    told = frozenset({"healthy"})
    samples = [_encoding.Sample("task", {}, told, told) for _ in range(200)]
    z = np.stack([np.zeros(200), *[np.linspace(-4.0, 1.0, 200)] * 4], 1)
    sure = _attention.threshold(causes, samples, z, _surprise.Extra(two=-80.0), watched=True)
    wrong = 1 - 1 / (1 + 4 * np.exp(z[:, 1]))
    assert (wrong >= sure).sum() == 4  # 2% of 200
