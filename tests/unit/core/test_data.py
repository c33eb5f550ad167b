import dataclasses

import numpy as np
import pytest

from descentry.core.data import Comparison, Finding, Run, Series


def series(name="loss", values=(3.0, 2.0, 1.0)):
    return Series(name, "", np.arange(len(values)), np.array(values))


@pytest.mark.parametrize("field", ["step", "value", "time"])
def test_the_arrays_of_a_series_cannot_be_written_to(field):
    s = Series("loss", "", np.arange(3), np.ones(3), time=np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        getattr(s, field)[0] = 7


def test_the_array_that_was_given_stays_writable():
    given = np.ones(3)
    Series("loss", "", np.arange(3), given)
    given[0] = 2.0


@pytest.mark.parametrize(
    ("noun", "field"),
    [
        (series(), "name"),
        (Run("a", "a.csv", (series(),)), "series"),
        (Finding("plateau", "loss", 0, 9, None, 0.9, "…"), "confidence"),
        (Comparison(()), "reports"),
    ],
    ids=lambda x: type(x).__name__ if not isinstance(x, str) else x,
)
def test_nouns_are_frozen(noun, field):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(noun, field, None)


def test_lists_and_integers_become_the_arrays_that_are_promised():
    s = Series("loss", "", [0, 1], [3, 2])
    assert (s.step.dtype, s.value.dtype) == (np.int64, np.float64)


def test_values_that_are_no_numbers_stay_as_they_were_logged():
    s = series(values=(1.0, np.nan, np.inf, -np.inf))
    np.testing.assert_array_equal(s.value, [1.0, np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("steps", [(2,), (3, 1)])
@pytest.mark.parametrize("values", [(3,), (3, 1)])
def test_anything_but_two_vectors_of_one_length_is_refused(steps, values):
    with pytest.raises(ValueError, match="two vectors of one length"):
        Series("loss", "", np.zeros(steps), np.zeros(values))


def test_a_series_is_found_by_its_name():
    run = Run("a", "a.csv", (series("loss"), series("lr")))
    assert run["lr"].name == "lr"
    with pytest.raises(KeyError):
        run["accuracy"]


def test_a_series_and_a_run_show_themselves_in_one_line():
    run = Run("a", "a.csv", (series(values=range(1000)),))
    assert repr(run["loss"]) == "Series('loss', 1,000 points, step 0–999)"
    assert repr(Series("loss", "", [], [])) == "Series('loss', 0 points)"
    assert repr(run) == "Run('a', 1 series: loss)"
    many = Run("b", "b.csv", tuple(series(f"m{i}") for i in range(9)))
    assert repr(many).endswith("m5 and 3 more)")
