"""Counters that start over: the epochs of one run, or launches appended to one log."""

from __future__ import annotations

import numpy as np

import descentry


def table(pieces):
    steps = np.concatenate([np.arange(len(p)) for p in pieces])
    return {"step": steps, "loss": np.concatenate(pieces)}


def fall(n):
    return 0.2 + 2.0 * np.exp(-4.0 * np.arange(n) / n)


def test_a_batch_counter_that_starts_over_every_epoch_is_one_run():
    whole = fall(1_000)
    (report,) = descentry.explain_all(table(np.split(whole, 10)))
    np.testing.assert_array_equal(report.main.value, whole)
    np.testing.assert_array_equal(report.main.step, np.arange(1_000))
    assert any(gap.kind == "counter" and "9 times" in gap.what for gap in report.run.gaps)


def test_launches_appended_to_one_log_are_runs_of_their_own():
    reports = descentry.explain_all(table([fall(200)] * 5))
    assert len(reports) == 5
    assert all(len(report.main) == 200 for report in reports)


def test_many_restarts_take_no_quadratic_time():
    (report,) = descentry.explain_all(table(np.split(fall(200_000), 20_000)))
    assert len(report.main) == 200_000
