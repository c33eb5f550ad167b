"""Which curve is explained, which way is up, and what a report owns up to."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import numpy as np
import pytest

import descentry
from descentry.core import catalog
from descentry.core.errors import NoCurveError, SeveralRunsError, UnknownNameError

FALL = 0.2 + 2.0 * np.exp(-4.0 * np.arange(200) / 200)


def test_the_training_loss_is_explained_among_other_columns():
    table = {
        "step": np.arange(200),
        "lr": np.full(200, 0.1),
        "accuracy": 1 - FALL / 3,
        "val_loss": FALL + 0.1,
        "loss": FALL,
    }
    assert descentry.explain(table).main.name == "loss"
    assert descentry.explain(table, metric="Accuracy").main.name == "accuracy"


def test_a_misspelt_metric_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'loss'"):
        descentry.explain({"loss": FALL, "lr": FALL}, metric="los")


def test_a_log_without_any_metric_says_what_it_holds():
    columns = {name: np.arange(50.0) for name in ("alpha", "bravo", "charlie", "delta")}
    with pytest.raises(NoCurveError, match="Found: alpha, bravo, charlie, delta"):
        descentry.explain(columns)


def test_a_nameless_share_that_rises_is_judged_so_and_says_so():
    report = descentry.explain({"mystery": 1 - FALL / 3})
    assert report.verdict == "healthy"
    assert report.higher_is_better
    assert any("mystery should rise" in note and "--lower-is-better" in note for note in report.not_examined)


def test_what_the_user_says_of_the_direction_holds():
    report = descentry.explain({"loss": -FALL}, higher_is_better=True)
    assert report.verdict == "healthy"
    assert not any("should rise" in note for note in report.not_examined)


def test_several_runs_are_named_and_one_can_be_chosen():
    table = {"run": ["a"] * 100 + ["b"] * 100, "step": [*range(100)] * 2, "loss": [*FALL[:100], *FALL[100:]]}
    with pytest.raises(SeveralRunsError) as caught:
        descentry.explain(table)
    name = caught.value.runs[1]
    assert descentry.explain(table, run=name).run.name == name
    assert [report.run.name for report in descentry.explain_all(table)] == list(caught.value.runs)


def test_a_behaviour_that_breaks_is_noted_and_the_rest_is_told(monkeypatch):
    entries = dict(catalog.entries("behaviours"))

    def broken(curve):
        raise RuntimeError("boom")

    entries["spike"] = dataclasses.replace(entries["spike"], find=broken)
    real = catalog.entries
    monkeypatch.setattr(
        catalog, "entries", lambda room: MappingProxyType(entries) if room == "behaviours" else real(room)
    )
    report = descentry.explain({"loss": FALL})
    assert any(f.behaviour == "smooth-decrease" for f in report.findings)
    assert any("spike" in note and "boom" in note for note in report.not_examined)


def test_causes_name_the_verdict_before_their_consequences():
    values = np.r_[FALL, 0.3 * 3.0 ** np.arange(30), [np.nan] * 5]
    report = descentry.explain({"loss": values})
    assert report.headline == next(f for f in report.findings if f.behaviour == "divergence").sentence
