"""Runs out of Python objects: what they become, what NaN means in them, and the errors for what is no run."""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pandas as pd
import polars as pl
import pytest

from descentry.core.errors import DescentryError, NoCurveError, UnknownNameError
from descentry.readers._objects import from_object

NAN = float("nan")
STEPPED = [(0, 1.5), (10, 1.25), (20, 1.125)]
ROWS = [(0, 1.5), (1, 1.25), (2, 1.125)]
COLUMNS = {"step": [0, 10, 20], "loss": [1.5, 1.25, 1.125]}


def points(series):
    return list(zip(series.step.tolist(), series.value.tolist(), strict=True))


class History:
    """What Keras' fit returns."""

    def __init__(self, history, epoch):
        self.history = history
        self.epoch = epoch


class Tensor:
    """As much of a torch tensor as is needed: it cannot be read before it is detached and on the CPU."""

    def __init__(self, value, place="gpu"):
        self._value, self._place = np.asarray(value), place

    def detach(self):
        return Tensor(self._value, "gpu, detached")

    def cpu(self):
        assert self._place == "gpu, detached"
        return Tensor(self._value, "cpu")

    def is_floating_point(self):
        return self._value.dtype.kind == "f"

    def double(self):
        return Tensor(self._value.astype(float), self._place)

    def numpy(self):
        assert self._place == "cpu"
        return self._value


@pytest.mark.parametrize(
    ("obj", "wanted"),
    [
        (pd.DataFrame(COLUMNS), STEPPED),
        (pd.DataFrame(COLUMNS).astype({"step": "Int64", "loss": "Float64"}), STEPPED),
        (pd.DataFrame(COLUMNS).set_index("step"), STEPPED),
        (pd.DataFrame({"loss": COLUMNS["loss"]}, index=[0, 10, 20]), STEPPED),
        (pd.DataFrame({"loss": COLUMNS["loss"]}), ROWS),
        (pd.Series(COLUMNS["loss"], name="loss"), ROWS),
        (pd.Series(COLUMNS["loss"], index=[0, 10, 20]), STEPPED),
        (pl.DataFrame(COLUMNS), STEPPED),
        (pl.Series("loss", COLUMNS["loss"]), ROWS),
        (COLUMNS, STEPPED),
        (OrderedDict(step=np.arange(3) * 10, loss=np.array(COLUMNS["loss"], dtype=np.float32)), STEPPED),
        ([{"step": s, "loss": v} for s, v in STEPPED], STEPPED),
        ([{"step": s, "loss": np.float32(v)} for s, v in STEPPED], STEPPED),
        (History({"loss": COLUMNS["loss"]}, [0, 1, 2]), ROWS),
        (COLUMNS["loss"], ROWS),
        (tuple(COLUMNS["loss"]), ROWS),
        (np.array(COLUMNS["loss"]), ROWS),
        (np.array(STEPPED), STEPPED),
        (STEPPED, STEPPED),
        (np.array(COLUMNS["loss"])[:, None], ROWS),
        (np.rec.fromarrays([[0, 10, 20], COLUMNS["loss"]], names="step,loss"), STEPPED),
        (Tensor(COLUMNS["loss"]), ROWS),
        ({"step": Tensor([0, 10, 20]), "loss": Tensor(COLUMNS["loss"])}, STEPPED),
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_becomes_a_run(obj, wanted):
    (run,) = from_object(obj)
    assert [s.name for s in run.series] == ["loss"]
    assert points(run["loss"]) == wanted


def test_a_run_does_not_change_with_the_array_it_was_made_of():
    losses = np.array(COLUMNS["loss"])
    table = {"step": np.arange(3), "loss": losses}
    (alone,), (column,) = from_object(losses), from_object(table)
    losses[:] = 0
    assert points(alone["loss"]) == points(column["loss"]) == ROWS


def test_names_steps_and_settings():
    table = {"it": [0, 5, 10], "epoch": [0, 0, 1], "loss": COLUMNS["loss"], "optimizer": "adam", "lr": 0.1}
    (run,) = from_object(table, name="exp1")
    assert (run.name, run.config) == ("exp1", {"optimizer": "adam", "lr": 0.1})
    assert run["loss"].step.tolist() == [0, 5, 10]
    (run,) = from_object(table, step="epoch")
    assert run["loss"].step.tolist() == [0, 0, 1]
    with pytest.raises(UnknownNameError, match="Did you mean 'epoch'"):
        from_object(table, step="epok")


def test_words_booleans_and_dates_are_no_metrics():
    frame = pd.DataFrame(
        {
            **COLUMNS,
            "ok": [True, False, True],
            "when": pd.to_datetime(["2024-01-01"] * 3),
            "note": ["a", "b", "c"],
        }
    )
    (run,) = from_object(frame)
    assert [s.name for s in run.series] == ["loss"]


def test_columns_of_one_name_and_of_several_levels():
    frame = pd.DataFrame(np.array([[0, 1.5, 2.5], [1, 1.25, 2.25]]), columns=["step", "loss", "loss"])
    (run,) = from_object(frame)
    assert [s.value.tolist() for s in run.series] == [[1.5, 1.25], [2.5, 2.25]]
    frame.columns = pd.MultiIndex.from_tuples([("all", "step"), ("train", "loss"), ("val", "loss")])
    (run,) = from_object(frame, step="all/step")
    assert [(s.name, s.split) for s in run.series] == [("train/loss", "train"), ("val/loss", "validation")]


def test_a_frame_with_a_split_and_a_run_column():
    rows = [
        (run, phase, epoch, epoch + 0.5)
        for run in ("a", "b")
        for epoch in range(4)
        for phase in ("train", "val")
    ]
    first, second = from_object(pd.DataFrame(rows, columns=["run", "phase", "epoch", "loss"]))
    assert (first.name, second.name) == ("a", "b")
    assert points(second["val/loss"]) == [(e, e + 0.5) for e in range(4)]


class TestNaN:
    @pytest.mark.parametrize("make", [dict, pd.DataFrame], ids=["dict", "DataFrame"])
    def test_a_loss_that_became_nan_holds_nan(self, make):
        loss = [1.5, 1.25, 30.5, NAN, NAN, NAN, NAN, NAN]
        (run,) = from_object(make({"step": range(8), "loss": loss, "acc": [0.5] * 3 + [NAN] * 5}))
        np.testing.assert_array_equal(run["loss"].value, loss)
        assert run["loss"].step.tolist() == list(range(8))

    def test_a_single_nan_is_a_value(self):
        (run,) = from_object(
            {"step": range(5), "loss": [1.5, 1.25, NAN, 1.125, 1.0], "val_loss": [NAN] * 4 + [1.5]}
        )
        assert np.isnan(run["loss"].value).tolist() == [False, False, True, False, False]

    def test_nan_where_the_other_kind_of_row_was_logged_is_none(self):
        rows = [(0, 1.5, NAN), (1, 1.25, NAN), (1, NAN, 1.75), (2, 1.125, NAN), (3, 1.0, NAN), (3, NAN, 1.5)]
        (run,) = from_object(pd.DataFrame(rows, columns=["step", "loss", "val_loss"]))
        assert points(run["loss"]) == [(0, 1.5), (1, 1.25), (2, 1.125), (3, 1.0)]
        assert points(run["val_loss"]) == [(1, 1.75), (3, 1.5)]

    def test_nan_between_points_of_a_metric_logged_now_and_then_is_none(self):
        acc = [0.5 if i % 4 == 0 else NAN for i in range(12)]
        (run,) = from_object({"step": range(12), "loss": np.linspace(2.5, 1.5, 12), "acc": acc})
        assert run["acc"].step.tolist() == [0, 4, 8]
        (run,) = from_object({"step": range(12), "f1": np.linspace(0.5, 0.9, 12), "acc": acc})
        assert run["acc"].step.tolist() == [0, 4, 8]
        assert [(g.kind, g.series, g.count) for g in run.gaps] == [("not-logged", "acc", 9)]

    def test_nothing_but_nan_stays_nan(self):
        (run,) = from_object({"step": range(4), "loss": [NAN] * 4})
        assert np.isnan(run["loss"].value).all()
        assert len(run["loss"]) == 4

    def test_none_and_null_are_never_values_and_polars_nan_always_is(self):
        (run,) = from_object({"step": [0, 1, 2], "loss": [1.5, None, NAN]})
        np.testing.assert_array_equal(run["loss"].value, [1.5, NAN])
        assert run["loss"].step.tolist() == [0, 2]
        frame = pl.DataFrame(
            {"step": [0, 1, 2, 3], "loss": [1.5, NAN, NAN, NAN], "val_loss": [None, 1.5, None, None]}
        )
        (run,) = from_object(frame)
        assert len(run["loss"]) == 4
        assert points(run["val_loss"]) == [(1, 1.5)]
        (run,) = from_object(
            pd.DataFrame({"step": [0, 1, 2], "loss": pd.array([1.5, None, 1.25], dtype="Float64")})
        )
        assert points(run["loss"]) == [(0, 1.5), (2, 1.25)]


@pytest.mark.parametrize(
    ("obj", "kind", "said"),
    [
        (
            {"loss": [1.5, 1.25], "acc": [0.1, 0.2, 0.3]},
            DescentryError,
            "differ in length: loss has 2, acc has 3",
        ),
        ({"step": [0, 1], "split": ["train"], "loss": [1.5, 1.25]}, DescentryError, "split has 1"),
        (None, DescentryError, "the NoneType is no run"),
        (7, DescentryError, "the int is no run"),
        ("runs/exp1", DescentryError, "the str is no run"),
        ({1.5, 1.25}, DescentryError, "the set is no run"),
        pytest.param(object(), DescentryError, "the object is no run", id="object"),
        (["a", "b"], DescentryError, "the list: it holds something else than numbers"),
        ([True, False], DescentryError, "something else than numbers"),
        (np.ones((2, 9)), DescentryError, r"shape \(2, 9\) is no run[\s\S]*array\.T"),
        (np.ones((2, 2, 2)), DescentryError, r"shape \(2, 2, 2\) is no run"),
        ([(0.5, 1.5), (1.5, 1.25)], DescentryError, "first column should count steps"),
        ([], NoCurveError, "it is empty"),
        ({}, NoCurveError, "no column of numbers"),
        ({"loss": []}, NoCurveError, "it is empty"),
        ({"names": ["a", "b"]}, NoCurveError, "no column of numbers is in it\n  It has: names"),
        (
            pd.DataFrame({"run_name": ["a", "b"], "loss": [1.5, 1.25]}),
            NoCurveError,
            "the DataFrame: this is a table of results",
        ),
    ],
    ids=str,
)
def test_what_is_no_run(obj, kind, said):
    with pytest.raises(kind, match=said):
        from_object(obj)


def test_nothing_is_imported_to_recognise_objects():
    script = (
        "import sys\nfrom descentry.readers._objects import from_object\nfrom_object({'loss': [1.5, 1.25]})\n"
        "assert not {'pandas', 'polars', 'torch', 'keras', 'pyarrow', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
