"""What every exporter must do: our own readers read what it wrote, and find the same series.

Not parametrised by format names but by the catalog: a new file in ``export/`` is tested at once.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from descentry import readers
from descentry.core import catalog
from descentry.core.data import Run, Series
from descentry.export._table import table_of

ENTRIES = catalog.entries("export")
HEADINGS = ["What it is", "What is written", "Limits", "Example"]
INF, NAN = float("inf"), float("nan")


@pytest.fixture(params=list(ENTRIES), ids=str)
def exporter(request):
    if request.param == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    return ENTRIES[request.param]


def series(name, step, value, *, start=1.7e9, step_name="step"):
    time = None if start is None else start + np.arange(len(step)) * 0.37
    return Series(name, "", np.array(step), np.array(value, dtype=np.float64), time, step_name)


def decaying(name="loss", count=60, **options):
    return series(
        name, range(count), 2.5 / np.sqrt(1 + np.arange(count)) + 0.01 * np.sin(np.arange(count)), **options
    )


RUNS = {
    "one metric": [decaying()],
    "metrics logged at different steps": [
        decaying(),
        series("val/loss", range(0, 60, 10), [2.5, 1.2, 0.9, 0.8, 0.7, 0.72], start=1.7e9 + 5),
        series("lr", range(5, 65), np.geomspace(1e-1, 1e-4, 60)),
    ],
    "NaN and infinities": [
        series("loss", range(12), [2, 1.5, 1, INF, -INF, NAN, 3, 2, NAN, NAN, NAN, NAN]),
        series("grad_norm", range(12), [NAN] * 11 + [1.0]),
    ],
    "every digit": [
        series(
            "loss", range(10, 18), [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 2**53 + 1, 1e-7, np.pi]
        ),
        series("loss/f32", range(10, 18), np.float32([0.1, 0.2, 0.3, 1e-30, 1e30, 7, 8, 9])),
    ],
    "several points on one step": [
        series("loss", [0, 0, 0, 1, 1, 2, 3, 3], [3, 2.5, 2.8, 2, 2.2, 1.5, 1.25, 1]),
        series("accuracy", [1, 2, 3], [0.2, 0.4, 0.6]),
    ],
    "no times": [decaying(start=None), decaying("val_loss", start=None)],
    "times of one metric only": [decaying(), decaying("val_loss", start=None)],
    "epochs": [decaying(step_name="epoch"), decaying("val_loss", step_name="epoch")],
    "points numbered in their order": [decaying(start=None, step_name="row")],
    "a better counter among the metrics": [
        decaying(step_name="epoch"),
        series("global_step", range(60), np.arange(60) * 100, step_name="epoch"),
    ],
    "large steps": [series("loss", np.arange(20) * 10**12 + 2**40, np.linspace(2, 1, 20))],
    "odd names": [
        decaying("train/loss, total"),
        decaying('the "best" loss'),
        decaying("η·λ损失"),
        decaying("loss;1|2"),
    ],
}


def wanted_time(run):
    timed = all(s.time is not None for s in run.series)
    return {s.name: s.time if timed else None for s in run.series}


@pytest.mark.parametrize("kind", list(RUNS))
def test_what_is_written_reads_back_the_same(exporter, kind, tmp_path):
    run = Run("a run", "memory", tuple(RUNS[kind]), {"lr": 0.1, "model": {"width": 8}, "epochs": 10})
    path = tmp_path / f"out{exporter.suffix}"
    exporter.write(table_of(run), path)
    (back,) = readers.read_all(path)
    assert sorted(s.name for s in back.series) == sorted(s.name for s in run.series)
    times = wanted_time(run)
    for before in run.series:
        after = back[before.name]
        np.testing.assert_array_equal(after.step, before.step, err_msg=before.name)
        np.testing.assert_array_equal(after.value, before.value, err_msg=before.name)
        assert (
            np.signbit(after.value[np.isfinite(after.value)]).tolist()
            == np.signbit(before.value[np.isfinite(before.value)]).tolist()
        )
        if times[before.name] is None:
            assert after.time is None
        else:
            np.testing.assert_array_equal(after.time, before.time, err_msg=before.name)


@pytest.mark.parametrize("name", catalog.modules("export"))
def test_docstring_is_a_page(name):
    page = catalog.modules("export")[name].__doc__ or ""
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADINGS
    assert page.splitlines()[0].endswith(".")
    for heading, body in re.findall(r"^## (.+)\n\n((?:(?!^## )[\s\S])*)", page, re.MULTILINE):
        assert body.strip(), f"{heading} is empty"


def test_ids_and_endings_are_unique():
    assert len({e.suffix for e in ENTRIES.values()}) == len(ENTRIES)
    for exporter_id in ENTRIES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", exporter_id), exporter_id
