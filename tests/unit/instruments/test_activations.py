"""What layers give out, against plain arithmetic, in networks that learn and networks that do not."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from tests.unit.instruments._steps import probe, read
from torch import nn
from torch.nn import functional as F

from descentry.instruments import _layers
from descentry.instruments.activations import INSTRUMENT as ACTIVATIONS
from descentry.instruments.dead_units import BATCHES
from descentry.instruments.dead_units import INSTRUMENT as DEAD

N = 64


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


class Plain(nn.Module):
    """Layers with functions between them, as many people write networks."""

    def __init__(self, function=F.relu):
        super().__init__()
        self.first, self.second, self.function = nn.Linear(10, 32), nn.Linear(32, 3), function

    def forward(self, x):
        return self.second(self.function(self.first(x)))


class Pictures(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.out = (
            nn.Conv2d(1, 8, 3, padding=1),
            nn.Conv2d(8, 6, 3, padding=1),
            nn.Linear(24, 3),
        )

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.out(x.flatten(1))


def stacked(function):
    return nn.Sequential(nn.Linear(10, 32), function, nn.Linear(32, 3))


def deep():
    layers = (nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(32, 3))


def data(shape=(10,)):
    return torch.randn(N, *shape), torch.randint(3, (N,)), nn.CrossEntropyLoss()


def test_statistics_are_those_of_the_outputs():
    model, (x, y, loss_fn) = stacked(nn.ReLU()), data()
    found = read(ACTIVATIONS, model, x, y, loss_fn)
    hidden = model[0](x).detach()
    assert found["0/mean"] == pytest.approx(float(hidden.mean()), rel=1e-4)
    assert found["0/std"] == pytest.approx(float(hidden.std(correction=0)), rel=1e-5)
    assert found["1/zeros"] == pytest.approx(float((hidden <= 0).float().mean()))
    assert set(found) == {f"{n}/{s}" for n in range(3) for s in ("mean", "std")} | {"1/zeros"}


@pytest.mark.parametrize(
    ("module", "low", "high"),
    [(nn.Tanh(), -0.98, 0.98), (nn.Sigmoid(), 0.01, 0.99), (nn.Hardtanh(-2, 2), -1.96, 1.96)],
    ids=["tanh", "sigmoid", "hardtanh"],
)
def test_saturated_units_are_those_near_the_bounds(module, low, high):
    model, (x, y, loss_fn) = stacked(module), data()
    model[0].weight.data.mul_(8)
    out = model[:2](x).detach()
    share = float(((out < low) | (out > high)).float().mean())
    assert 0.1 < share < 0.9
    assert read(ACTIVATIONS, model, x, y, loss_fn)["1/saturated"] == pytest.approx(share)


@pytest.mark.parametrize(
    ("function", "module", "kind"),
    [
        (torch.tanh, nn.Tanh(), "saturated"),
        (torch.sigmoid, nn.Sigmoid(), "saturated"),
        (F.relu, nn.ReLU(), "zeros"),
    ],
    ids=["tanh", "sigmoid", "relu"],
)
def test_functions_are_seen_like_modules(function, module, kind):
    (x, y, loss_fn), plain = data(), Plain(function)
    plain.first.weight.data.mul_(8)
    same = nn.Sequential(plain.first, module, plain.second)
    found, expected = (read(ACTIVATIONS, m, x, y, loss_fn) for m in (plain, same))
    assert found[f"first/{kind}"] == pytest.approx(expected[f"1/{kind}"])
    (other,) = {"saturated", "zeros"} - {kind}
    assert math.isnan(found[f"first/{other}"])


@pytest.mark.parametrize("function", [F.gelu, F.silu, F.leaky_relu, torch.sin])
def test_other_functions_neither_saturate_nor_die(function):
    found = read(ACTIVATIONS, Plain(function), *data())
    assert math.isnan(found["first/saturated"])
    assert math.isnan(found["first/zeros"])
    assert math.isnan(read(DEAD, Plain(function), *data())["first"])


def test_large_outputs_are_sampled(monkeypatch):
    monkeypatch.setattr(_layers, "EXAMINED", 32 * 16)
    model, (x, y, loss_fn) = stacked(nn.Tanh()), data()
    found = read(ACTIVATIONS, model, x, y, loss_fn)
    assert found["0/mean"] == pytest.approx(float(model[0](x).detach()[::4].mean()), rel=1e-4)


def test_a_signal_that_shrinks_from_layer_to_layer_is_seen():
    model = nn.Sequential(*(m for _ in range(4) for m in (nn.Linear(20, 20), nn.Tanh())), nn.Linear(20, 3))
    for layer in model[::2]:
        layer.weight.data.mul_(0.7)
        layer.bias.data.zero_()
    found = read(ACTIVATIONS, model, *data((20,)))
    spreads = [found[f"{n}/std"] for n in (1, 3, 5, 7)]
    assert all(b < 0.8 * a for a, b in pairwise(spreads))


def kill(layer, units):
    with torch.no_grad():
        layer.bias[:units] = -1e4


@pytest.mark.parametrize("inplace", [False, True])
def test_dead_units_of_a_rectifier_are_counted(inplace):
    model = stacked(nn.ReLU(inplace))
    kill(model[0], 8)
    assert read(DEAD, model, *data()) == {"1": pytest.approx(8 / 32), "1/examples": 64.0}


def test_dead_units_of_a_function_are_counted():
    model = Plain()
    kill(model.first, 8)
    assert read(DEAD, model, *data()) == {"first": pytest.approx(8 / 32), "first/examples": 64.0}


def test_dead_channels_are_counted_through_pooling_and_flattening():
    model = Pictures()
    kill(model.conv1, 2)
    kill(model.conv2, 3)
    found = read(DEAD, model, *data((1, 8, 8)))
    assert found["conv1"] == pytest.approx(2 / 8)
    assert found["conv2"] == pytest.approx(3 / 6)


def test_a_unit_that_lives_on_one_example_is_alive_until_that_is_long_ago():
    model, memory = stacked(nn.ReLU()), {}
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias.fill_(-1)
        model[0].weight[3, 0] = 1
    quiet = torch.zeros(N, 10)
    alive = quiet.clone()
    alive[17, 0] = 5
    y, loss_fn = data()[1:]
    shares = [read(DEAD, model, x, y, loss_fn, memory=memory)["1"] for x in (alive, *[quiet] * BATCHES)]
    assert shares == pytest.approx([31 / 32] * BATCHES + [1.0])
    assert read(DEAD, model, quiet, y, loss_fn, memory=memory)["1/examples"] == BATCHES * N


def test_black_pixels_are_no_dead_units():
    x, y, loss_fn = data()
    x = x.clamp_min(0)
    x[:, :5] = 0
    assert read(DEAD, stacked(nn.Tanh()), x, y, loss_fn) == {}
    assert read(DEAD, Plain(), x, y, loss_fn)["first"] < 0.1


def test_what_is_not_a_number_is_not_dead():
    model = stacked(nn.ReLU())
    model[0].weight.data.fill_(math.nan)
    assert read(DEAD, model, *data())["1"] == 0


HEALTHY = {
    "relu": lambda: (stacked(nn.ReLU()), (10,)),
    "functional relu": lambda: (Plain(), (10,)),
    "pictures": lambda: (Pictures(), (1, 8, 8)),
    "tanh": lambda: (stacked(nn.Tanh()), (10,)),
    "sigmoid": lambda: (stacked(nn.Sigmoid()), (10,)),
    "batch norm": lambda: (
        nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3)),
        (10,),
    ),
    "dropout": lambda: (nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 3)), (10,)),
    "gelu": lambda: (Plain(F.gelu), (10,)),
    "deep": lambda: (deep(), (10,)),
    "linear": lambda: (nn.Sequential(nn.Flatten(), nn.Linear(10, 3)), (10,)),
}


def trained(model, shape, rate, steps=60):
    """Readings at the end of a real training on separable classes."""
    y = torch.arange(N) % 3
    x = torch.randn(N, *shape) + torch.stack([torch.full(shape, v) for v in (-1.0, 0.0, 1.0)])[y]
    optimizer, memory, seen = torch.optim.SGD(model.parameters(), rate), {}, {}
    for step in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 10 == 9:
            found = probe(model, x, y, nn.CrossEntropyLoss(), memory=memory)
            seen = {r.name: float(r.value) for r in DEAD.measure(found)}
            found.memory = {}
            seen |= {f"a/{r.name}": float(r.value) for r in ACTIVATIONS.measure(found)}
    return float(loss.detach()), seen


def shares(seen, ending):
    return [v for n, v in seen.items() if n.endswith(ending) and not math.isnan(v)]


@pytest.mark.parametrize("case", HEALTHY.values(), ids=list(HEALTHY))
def test_networks_that_learn_are_left_in_peace(case):
    loss, seen = trained(*case(), rate=0.1)
    assert loss < 0.95
    assert all(v <= 0.3 for n, v in seen.items() if not n.startswith("a/") and "examples" not in n and v == v)
    assert all(v < 0.2 for v in shares(seen, "/saturated"))
    assert all(v < 0.9 for v in shares(seen, "/zeros"))


@pytest.mark.parametrize(("rate", "learns"), [(0.01, True), (1.0, False)])
def test_a_rate_that_kills_the_units_is_seen(rate, learns):
    y, memory = torch.arange(N) % 3, {}
    x = torch.rand(N, 10) + y.unsqueeze(1) / 2
    model = deep()
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for step in range(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 3 == 2:
            dead = read(DEAD, model, x, y, nn.CrossEntropyLoss(), memory=memory)
    assert (float(loss.detach()) < 0.1) == learns
    assert (
        max(dead[n] for n in ("1", "3", "5")) < 0.5 if learns else min(dead[n] for n in ("1", "3", "5")) > 0.8
    )


def test_outsized_weights_saturate_a_network():
    model = stacked(nn.Tanh())
    model[0].weight.data.mul_(40)
    _, seen = trained(model, (10,), rate=0.1)
    assert seen["a/1/saturated"] > 0.7


def test_a_model_that_is_one_layer_and_sequences():
    assert set(read(ACTIVATIONS, nn.Linear(10, 3), *data())) == {"mean", "std"}
    x, y = torch.randn(N, 5, 10), torch.randint(3, (N, 5))
    model = stacked(nn.ReLU())
    kill(model[0], 8)
    found = read(DEAD, model, x, y, lambda o, t: F.cross_entropy(o.flatten(0, 1), t.flatten()))
    assert found == {"1": pytest.approx(8 / 32), "1/examples": 64.0}
