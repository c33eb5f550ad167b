"""Medians, quantiles and distinct values are numpy's, and load nothing that numpy loads for its own."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from descentry.core.ranks import distinct, median, quantile

RNG = np.random.default_rng(3)
SHARES = [0.0, 0.02, 0.25, 0.5, 0.975, 1.0]


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101])
def test_they_are_those_of_numpy(size):
    values = RNG.standard_normal(size)
    assert median(values) == np.median(values)
    assert median(list(values)) == np.median(values)
    for q in SHARES:
        assert quantile(values, q) == np.quantile(values, q)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shape", [(4, 5), (5, 4), (1, 1)])
def test_rows_and_columns(axis, shape):
    values = RNG.standard_normal(shape)
    for q in SHARES:
        np.testing.assert_array_equal(quantile(values, q, axis=axis), np.quantile(values, q, axis=axis))
    values[0, -1] = np.inf
    np.testing.assert_array_equal(median(values, axis=axis), np.median(values, axis=axis))


@pytest.mark.parametrize("of", [median, lambda v, **k: quantile(v, 0.25, **k)])
def test_what_holds_a_nan_or_nothing_has_none_and_warns_nobody(of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(of([1.0, np.nan, 3.0]))
        rows = np.array([[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]])
        np.testing.assert_array_equal(of(rows, axis=1), [np.nan, 1.0])
        assert np.isnan(of([]))
        np.testing.assert_array_equal(of(np.empty((2, 0)), axis=1), [np.nan, np.nan])


def test_distinct_values_come_once_and_in_order():
    assert distinct(np.array([3, 1, 3, 2, 1])).tolist() == [1, 2, 3]
    assert distinct(np.array([], dtype=np.int64)).tolist() == []


def test_infinities_are_values():
    assert median([1.0, np.inf, np.inf]) == np.inf


def test_masked_arrays_are_not_loaded():
    code = (
        "import sys, descentry.core.ranks as r; r.median([1]); r.quantile([1, 2], 0.3);"
        " r.distinct(r.np.ones(2)); sys.exit('numpy.ma' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
