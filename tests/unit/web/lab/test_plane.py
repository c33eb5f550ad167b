"""The loss on a plane through a path: what it holds, and what it says of what it does not hold."""

import numpy as np
import pytest
import torch

from descentry.web.lab import data, engine, plane, problems
from descentry.web.lab.optimizers import optimizer


def path_of(network, rate=0.3, steps=150):
    *_, last = engine.descend(network, optimizer("gd"), [rate], steps, keep=0)
    return last.path[:, 0]


@pytest.fixture
def network():
    x, y = data.wave(40, 0.1, 0)
    return problems.Network(x, y, (1, 6, 1), problems.initial((1, 6, 1), 0))


def test_two_parameters_lie_in_the_plane_whole():
    x, y = data.two_columns(30, 1.0, 0.1, 0)
    line = problems.Network(x, y, (2, 1), problems.initial((2, 1), 0))
    path = path_of(line)[:, :]
    path[:, 2] = path[-1, 2]  # the bias stays where it is: two parameters are left
    found = plane.plane(line, path)
    assert found.variance == pytest.approx(1.0)
    np.testing.assert_allclose(found.slice_loss, found.true_loss, rtol=1e-8)


def test_a_slice_says_how_much_of_the_path_it_holds(network):
    found = plane.plane(network, path_of(network))
    assert 0.8 < found.variance < 1.0
    assert found.slice_loss[-1] == pytest.approx(found.true_loss[-1])  # it goes through the end of the path
    assert np.abs(found.slice_loss - found.true_loss).max() > 0


def test_the_grid_is_the_loss_at_its_points(network):
    found = plane.plane(network, path_of(network))
    left, right, bottom, _ = found.window
    np.testing.assert_allclose(
        found.grid[0, [0, -1]],
        engine.losses_at(
            network, found.origin + np.array([[left, bottom], [right, bottom]]) @ found.directions
        ),
    )


def test_principal_directions_hold_more_than_any_two_others(network):
    path = path_of(network)
    moved = path - path[-1]
    best = plane.plane(network, path).variance
    rng = np.random.default_rng(0)
    for _ in range(20):
        basis, _ = np.linalg.qr(rng.standard_normal((path.shape[1], 2)))
        assert ((moved @ basis) ** 2).sum() / (moved**2).sum() <= best + 1e-12


def test_filter_normalised_directions_have_the_lengths_of_the_weights(network):
    found = plane.plane(network, path_of(network), filter_normalised=True)
    for direction in found.directions:
        for part in network.filters():
            assert np.linalg.norm(direction[part]) == pytest.approx(np.linalg.norm(found.origin[part]))


def test_filters_cover_every_parameter_once(network):
    seen = np.zeros(len(network.start), dtype=int)
    for part in network.filters():
        seen[part] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize("path", [np.zeros((5, 19)), np.full((5, 19), np.nan), np.full((5, 19), 1e200)])
def test_a_path_without_a_plane_gives_none(network, path):
    path = path.copy()
    path[0] += 0.0
    assert plane.plane(network, path) is None


def test_the_same_path_gives_the_same_picture(network):
    path = path_of(network)
    torch.manual_seed(1)
    one, two = plane.plane(network, path), plane.plane(network, path)
    np.testing.assert_array_equal(one.grid, two.grid)
