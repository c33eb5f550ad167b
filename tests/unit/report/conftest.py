"""A healthy run, a failing one, one that says nothing, and the three compared."""

import numpy as np
import pytest
from tests.unit.report.made import decay, finding, report, series

from descentry.core.data import Comparison, Convergence, Estimate, Gap

FALL = Estimate(0.8, 0.7, 0.9, "fraction")


@pytest.fixture
def healthy():
    return report(
        series(decay()),
        findings=[finding("smooth-decrease", 0, 9999, "loss fell by 85% over steps 0–9,999.")],
        next_steps=("Nothing is wrong.",),
        not_examined=("Overfitting: the log has no validation series.",),
    )


@pytest.fixture
def failing():
    values = decay()
    values[6000] = 40.0
    values[8000:] = np.nan
    return report(
        series(values),
        verdict="failing",
        name="exp2",
        headline="loss becomes NaN at step 8,000 and never recovers.",
        findings=[
            finding(
                "smooth-decrease",
                0,
                3000,
                "loss fell by 80% over steps 0–3,000.",
                size=Estimate(0.8, 0.7, 0.9, "fraction"),
            ),
            finding("spike", 6000, 6000, "loss jumps to 40 and recovers.", concern="attention"),
            finding(
                "non-finite",
                8000,
                9999,
                "loss becomes NaN at step 8,000.",
                concern="failing",
                sure=1.0,
            ),
        ],
        convergence=Convergence("not-converging", 0.99, "Not converging: it ended in NaN.", 8000),
        next_steps=("Lower the learning rate.", "Clip the gradients."),
        gaps=(Gap("duplicate-steps", "12 points were logged twice and are read once", 12, "loss"),),
    )


@pytest.fixture
def unexamined():
    return report(
        None,
        verdict="not examined",
        name="exp3",
        headline="There is no loss in it.",
        convergence=Convergence("undetermined", 0.0, "The end of the run was not judged."),
        not_examined=("No series could be a loss.",),
    )


@pytest.fixture
def comparison(healthy, failing, unexamined):
    return Comparison((healthy, failing, unexamined), "runs")
