"""Real logs read to as many points as their manifest says.

The logs are not part of the project (they belong to the runs' authors): they are looked for in
``../shared/corpus`` beside the repository, or where the environment variable DESCENTRY_CORPUS says.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from descentry import readers
from descentry.core.errors import DescentryError

CORPUS = Path(
    os.environ.get("DESCENTRY_CORPUS") or Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
)
MANIFEST = CORPUS / "manifest.csv"

pytestmark = pytest.mark.skipif(
    not MANIFEST.is_file(), reason="the corpus of real logs is not here (DESCENTRY_CORPUS)"
)

# Where the manifest describes the metric rather than naming it.
NAMED = {
    "Train-accuracy (no loss)": "Train-accuracy",
    "col2 train acc; col3 test acc": "column 2",
    "r (reward)": "r",
}


def manifest():
    if not MANIFEST.is_file():
        return [pytest.param({}, id="absent")]
    with MANIFEST.open(newline="", encoding="utf-8") as stream:
        return [pytest.param(row, id=row["file"]) for row in csv.DictReader(stream)]


def points(runs, metric):
    """The points of a metric over all runs in the log; exports of several put the run's name before it."""
    series = [s for run in runs for s in run.series if metric in (s.name, f"{run.name} - {s.name}")]
    if not series and len(runs) == 1 and len(runs[0].series) == 1:
        series = list(runs[0].series)  # a file of one metric, named by the file
    assert series, f"no {metric!r}, but {[s.name for run in runs for s in run.series]}"
    return sum(len(s) for s in series)


@pytest.mark.parametrize("row", manifest())
def test_log_reads_to_its_points(row):
    path = CORPUS / row["file"]
    if int(row["n_points"]) == 0:
        with pytest.raises(DescentryError) as caught:
            readers.read_all(path)
        assert str(path) in str(caught.value)
        return
    runs = readers.read_all(path)
    assert points(runs, NAMED.get(row["metric"], row["metric"])) == int(row["n_points"])
