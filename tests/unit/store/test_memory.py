"""What is kept where nothing can be written: bounded, evenly thinned, and said."""

import numpy as np
import pytest

from descentry.store._memory import Memory
from descentry.store._rows import Group


def rows(group, start, stop):
    return group.rows(group.pack(number, number, 0.0, number * 0.5) for number in range(start, stop))


@pytest.mark.parametrize("piece", [1, 3, 10, 64, 1000])
def test_thinning_is_even_and_bounded(piece):
    group = Group(("loss",))
    memory = Memory(limit=100 * group.dtype.itemsize)
    for start in range(0, 5000, piece):
        memory.add(group, rows(group, start, min(start + piece, 5000)))
        memory.thin()
        kept = np.concatenate(memory.rows[group])
        assert len(kept) <= 100
    steps = np.concatenate(memory.rows[group])["step"]
    assert len(set(np.diff(steps).tolist())) == 1, "one point in so many, from the first to the last"
    every = int(steps[1] - steps[0])
    assert steps[0] == 0
    assert steps[-1] > 5000 - 2 * every
    gap = memory.gap()
    assert gap["count"] == 5000 - len(steps)
    assert f"one point in {every} " in gap["what"]


def test_metrics_logged_in_turn_are_thinned_each_by_themselves():
    train, evaluation = Group(("loss",)), Group(("val/loss",))
    memory = Memory(limit=60 * train.dtype.itemsize)
    for number in range(0, 2000, 2):
        memory.add(train, rows(train, number, number + 1))
        memory.add(evaluation, rows(evaluation, number + 1, number + 2))
        memory.thin()
    for group, first in ((train, 0), (evaluation, 1)):
        steps = np.concatenate(memory.rows[group])["step"]
        assert steps[0] == first
        assert len(steps) > 10
        assert len(set(np.diff(steps).tolist())) == 1


def test_nothing_is_said_where_nothing_was_lost():
    group = Group(("loss",))
    memory = Memory(limit=100 * group.dtype.itemsize)
    memory.add(group, rows(group, 0, 100))
    memory.thin()
    assert memory.gap() is None
    memory.add(group, rows(group, 100, 200))
    memory.thin()
    assert memory.gap() is not None
    memory.clear()
    assert memory.gap() is None
    memory.add(group, rows(group, 200, 230))
    assert np.concatenate(memory.rows[group])["step"].tolist() == list(range(200, 230))
