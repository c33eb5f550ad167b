"""Descent of many runs at once: the steps are those of torch.optim, and one row never disturbs another."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from descentry.web.lab import data, engine, problems, readings
from descentry.web.lab.optimizers import OPTIMIZERS, optimizer
from descentry.web.lab.surfaces import SURFACES

BANANA = SURFACES["rosenbrock"]


def on_surface(surface, start=None):
    return problems.OnSurface(
        surface.expression, torch.tensor(surface.start if start is None else start, dtype=torch.float64)
    )


def whole(*args, **options):
    *_, last = engine.descend(*args, **options)
    assert last.whole
    return last


def alone(problem, how, rate, steps):
    at = nn.Parameter(problem.start.clone())
    stepper = getattr(torch.optim, how.torch_name)([at], lr=rate, **how.options)
    losses = []
    for _ in range(steps):
        stepper.zero_grad()
        loss = problem.losses(at[None], None).sum()
        losses.append(loss.item())
        loss.backward()
        stepper.step()
    return losses


@pytest.mark.parametrize("how", OPTIMIZERS.values(), ids=lambda o: o.id)
def test_a_row_takes_the_steps_that_torch_takes_alone(how):
    rates = np.geomspace(1e-5, 1e-3, 5)
    descent = whole(on_surface(BANANA), how, rates, 80)
    for row in (0, 2, 4):
        np.testing.assert_allclose(
            descent.loss[:, row], alone(on_surface(BANANA), how, rates[row], 80), rtol=1e-9
        )


def test_a_row_that_explodes_disturbs_no_other():
    calm = whole(on_surface(BANANA), optimizer("gd"), [1e-3], 100)
    both = whole(on_surface(BANANA), optimizer("gd"), [1e-3, 1.0], 100)
    np.testing.assert_array_equal(both.loss[:, 0], calm.loss[:, 0])
    assert not np.isfinite(both.loss[-1, 1])


def test_pictures_come_on_the_way_and_agree_with_the_whole(monkeypatch):
    monkeypatch.setattr(engine, "FIRST", 0.0)
    monkeypatch.setattr(engine, "THEN", 0.0)
    *early, last = engine.descend(on_surface(BANANA), optimizer("gd"), np.array([1e-3, 2e-3]), 20)
    assert len(early) > 2
    assert last.whole
    assert not any(picture.whole for picture in early)
    for picture in early:
        n = len(picture.loss)
        np.testing.assert_array_equal(picture.loss, last.loss[:n])
        np.testing.assert_array_equal(picture.path, last.path[: n + 1])


def test_checking_stops_it_between_two_steps():
    asked = []

    def check():
        asked.append(1)
        if len(asked) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        whole(on_surface(BANANA), optimizer("gd"), [1e-3], 100, check=check)
    assert len(asked) == 5


def test_the_hessian_of_a_bowl_is_its_curvatures():
    bowl = on_surface(SURFACES["bowl"])
    np.testing.assert_allclose(engine.hessian(bowl, bowl.start).numpy(), [[0.1, 0.0], [0.0, 1.0]], atol=1e-12)
    assert engine.sharpness(bowl, bowl.start) == pytest.approx(1.0)


def test_the_hessian_of_a_network_is_that_of_autograd():
    x, y = data.wave(20, 0.1, 0)
    network = problems.Network(x, y, (1, 3, 1), problems.initial((1, 3, 1), 0))
    known = torch.autograd.functional.hessian(lambda p: network.losses(p[None], None).sum(), network.start)
    torch.testing.assert_close(engine.hessian(network, network.start), known)


def test_a_straight_loss_has_no_curvature():
    from descentry.web.lab.expression import parse

    flat = problems.OnSurface(parse("x + 2*y"), torch.zeros(2, dtype=torch.float64))
    assert engine.sharpness(flat, flat.start) == 0.0


@pytest.mark.parametrize(
    ("sizes", "loss", "activation"),
    [((2, 1), "mse", "tanh"), ((2, 5, 1), "bce", "relu"), ((2, 4, 3, 2), "cross-entropy", "sigmoid")],
)
def test_a_network_is_the_one_that_torch_builds(sizes, loss, activation):
    x, y = data.two_clouds(30, 2.0, 0)
    if loss == "mse":
        y = y.double()
    network = problems.Network(x, y, sizes, problems.initial(sizes, 3), loss, activation)
    torch.manual_seed(3)
    layers = []
    for before, after in itertools.pairwise(sizes):
        kinds = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}
        layers += [kinds[activation]()] if layers else []
        layers.append(nn.Linear(before, after, dtype=torch.float64))
    out = nn.Sequential(*layers)(x)
    known = {
        "mse": lambda: nn.functional.mse_loss(out.squeeze(1), y),
        "bce": lambda: nn.functional.binary_cross_entropy_with_logits(out.squeeze(1), y.double()),
        "cross-entropy": lambda: nn.functional.cross_entropy(out, y),
    }[loss]()
    torch.testing.assert_close(network.losses(network.start[None], None)[0], known)


def test_rows_with_batches_of_their_own_sizes_count_only_their_own_examples():
    x, y = data.two_clouds(10, 2.0, 0)
    network = problems.Network(x, y, (2, 1), problems.initial((2, 1), 0), "bce")
    rows = torch.tensor([[3, 0, 0], [1, 4, 7]])
    found = problems.Batched(network, (1, 3)).losses(network.start.expand(2, -1), rows)
    one = network.losses(network.start[None], torch.tensor([3]))[0]
    three = network.losses(network.start[None], torch.tensor([1, 4, 7]))[0]
    torch.testing.assert_close(found, torch.stack([one, three]))


def test_tilts_cancel_over_all_examples():
    surface = SURFACES["two-valleys"]
    tilted = problems.Tilted(surface.expression, data.tilts(64, 3.0, 0), torch.tensor([0.3, 0.2]).double())
    plain = on_surface(surface, (0.3, 0.2))
    each = engine.example_gradients(tilted, tilted.start)
    assert each.std() > 1
    np.testing.assert_allclose(
        each.mean(axis=0), engine.gradients(plain, plain.start[None].numpy())[0], atol=1e-6
    )


@pytest.mark.parametrize(("beta", "nesterov"), [(0.0, False), (0.5, False), (0.9, False), (0.9, True)])
def test_the_edge_is_where_a_bowl_turns_unstable(beta, nesterov):
    from descentry.web.lab._shared import momentum

    how = momentum(beta, nesterov=nesterov)
    edge = readings.edge(how)
    descent = whole(on_surface(SURFACES["bowl"]), how, np.array([0.97, 1.03]) * edge, 1500)
    assert descent.loss[-1, 0] < 1e-3
    assert not descent.loss[-1, 1] < 1e3


def test_readings_along_a_path_are_those_of_the_instruments_by_name_and_value():
    bowl, how = on_surface(SURFACES["bowl"]), optimizer("gd")
    descent = whole(bowl, how, [0.5], 50)
    run = readings.measured(bowl, how, 0.5, descent.loss[:, 0], descent.path[:, 0])
    found = {series.name: series for series in run.series}
    assert set(readings.UNITS) >= {name.partition("/")[0] for name in found} - {"loss"}
    np.testing.assert_allclose(found["sharpness/stability"].value, 0.5)
    gradient = engine.gradients(bowl, descent.path[:-1, 0])
    np.testing.assert_allclose(found["gradient-norm"].value, np.linalg.norm(gradient, axis=1))
    # On a quadratic, a step along the slope brings 1 − ηλ/2 of what it promises, λ between 0.1 and 1.
    ratio = found["after-step/ratio"].value[:-1]
    assert np.all((ratio > 0.74) & (ratio < 0.98))


def test_a_run_at_rest_is_read_until_it_came_to_rest():
    x, y = data.two_columns(30, 1.0, 0.1, 0)
    line, how = problems.Network(x, y, (2, 1), problems.initial((2, 1), 0)), optimizer("gd")
    descent = whole(line, how, [0.2], 400)
    run = readings.measured(line, how, 0.2, descent.loss[:, 0], descent.path[:, 0])
    ratio = run["update-ratio"].value
    assert 10 < len(ratio) < 200
    assert ratio.min() > readings.REST / 2


def test_a_run_that_left_all_bounds_is_read_as_far_as_it_can_be():
    descent = whole(on_surface(BANANA), optimizer("gd"), [1.0], 50)
    run = readings.measured(on_surface(BANANA), optimizer("gd"), 1.0, descent.loss[:, 0], descent.path[:, 0])
    assert all(len(s) < 50 for s in run.series if s.name != "loss")
