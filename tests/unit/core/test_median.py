"""The median is numpy's, to the bit, and loads nothing that numpy loads for its own."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from descentry.core.median import median

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101])
def test_it_is_that_of_numpy(size):
    values = RNG.standard_normal(size)
    assert median(values) == np.median(values)
    assert median(list(values)) == np.median(values)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shape", [(4, 5), (5, 4), (1, 1)])
def test_rows_and_columns(axis, shape):
    values = RNG.standard_normal(shape)
    values[0, -1] = np.inf
    np.testing.assert_array_equal(median(values, axis=axis), np.median(values, axis=axis))


def test_what_holds_a_nan_has_none():
    assert np.isnan(median([1.0, np.nan, 3.0]))
    values = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(median(values, axis=1), [np.nan, 2.0])


def test_nothing_has_none_and_warns_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(median([]))
        np.testing.assert_array_equal(median(np.empty((2, 0)), axis=1), [np.nan, np.nan])


def test_infinities_are_values():
    assert median([1.0, np.inf, np.inf]) == np.inf


def test_masked_arrays_are_not_loaded():
    code = "import sys, descentry.core.median as m; m.median([1]); sys.exit('numpy.ma' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
