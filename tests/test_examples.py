"""The recorded examples are what their script trains."""

import csv
import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ["healthy", "lr-too-large", "plateau-and-drop"]


@pytest.fixture(scope="module")
def script():
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    return runpy.run_path(str(EXAMPLES / "record_digits.py"))


def recorded(name, column):
    with (EXAMPLES / f"digits-{name}.csv").open(encoding="utf-8") as file:
        return np.array([float(row[column] or "nan") for row in csv.DictReader(file)])


@pytest.mark.parametrize("name", NAMES)
def test_training_again_gives_the_recorded_loss(script, name):
    rate, steps = script["RUNS"][name]
    # Another processor sums in another order, and training magnifies that: only the start is exact.
    with np.errstate(all="ignore"):
        loss = np.array([row["loss"] for row in script["train"](rate, steps)])
    before = recorded(name, "loss")
    assert len(loss) == len(before)
    np.testing.assert_allclose(loss[:200], before[:200], rtol=1e-2)
    assert np.isfinite(loss[-1]) == np.isfinite(before[-1])
    if np.isfinite(loss[-1]):
        assert np.mean(loss[-200:]) == pytest.approx(np.mean(before[-200:]), rel=0.1)


def test_the_diverging_run_really_ends_in_nan():
    loss = recorded("lr-too-large", "loss")
    assert np.isfinite(loss[:500]).all()
    assert np.isnan(loss[-1])


def test_the_logs_are_small_enough_to_ship():
    assert all(log.stat().st_size < 150_000 for log in EXAMPLES.glob("*.csv"))
