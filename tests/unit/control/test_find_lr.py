"""``find_lr`` on live models: what it finds, what it leaves as it was, and what it refuses to look for."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch
from tests._nets import NETS
from tests.unit.trials._bits import bits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import descentry
from descentry import DescentryError

torch.set_num_threads(1)  # the models are tiny, and tests run beside each other

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1),
    "momentum": lambda p: torch.optim.SGD(p, 1e-7, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda p: torch.optim.Adam(p, 1e2, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, 1e-3, weight_decay=0.1),
    "tensor rate": lambda p: torch.optim.Adam(p, torch.tensor(0.01), foreach=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01, centered=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.0),
}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the stream that a model may draw from


def network():
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))


def data(count=320):
    x = torch.randn(count, 6, generator=torch.Generator().manual_seed(1))
    return TensorDataset(x, (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long())


def batches(count=10, size=32):
    x, y = data(count * size).tensors
    return list(zip(x.split(size), y.split(size), strict=True))


def compute_loss(model, batch):
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def final_loss(rate, make, steps=60):
    torch.manual_seed(0)
    model = network()
    optimizer = make(model.parameters())
    for group in optimizer.param_groups:
        group["lr"] = rate
    losses = []
    for i in range(steps):
        loss = compute_loss(model, batches()[i % 10])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-10:]) / 10


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_the_rate_trains_better_than_rates_far_away_from_it(name):
    model = network()
    found = descentry.find_lr(model, OPTIMIZERS[name](model.parameters()), batches(), compute_loss)
    good = final_loss(found.lr, OPTIMIZERS[name])
    assert good < final_loss(found.lr / 100, OPTIMIZERS[name]) - 0.1
    bad = final_loss(found.lr * 100, OPTIMIZERS[name])
    assert not bad < good + 0.1
    assert found.low <= found.lr <= found.high <= found.breaks
    assert found.cost <= 100


@pytest.mark.parametrize("warm", [0, 3])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_everything_is_as_it_was_to_the_bit(name, warm):
    model = network()
    optimizer = OPTIMIZERS[name](model.parameters())
    for batch in batches()[:warm]:
        optimizer.zero_grad()
        compute_loss(model, batch).backward()
        optimizer.step()
    before = bits(model, optimizer)
    found = descentry.find_lr(model, optimizer, batches(), compute_loss)
    assert bits(model, optimizer) == before
    assert found.kept == 0


@pytest.mark.parametrize("name", NETS)
def test_models_of_every_kind_are_left_as_they_were(name):
    training = NETS[name]()
    model, optimizer = training.model, training.optimizer
    pairs = [(training.args, training.targets)] * 6

    def loss(_, batch):
        return training.loss_fn(model(*batch[0]), batch[1])

    before = bits(model, optimizer)
    try:
        found = descentry.find_lr(model, optimizer, pairs, loss)
        assert math.isfinite(found.lr)
    except DescentryError as error:
        assert str(error).startswith(("find_lr: ", "compute_loss"))  # noqa: PT017 - a refusal is an answer too
    assert bits(model, optimizer) == before


def test_a_loader_that_shuffles_is_left_as_it_was():
    own = torch.Generator().manual_seed(7)
    loader = DataLoader(data(), 32, shuffle=True, generator=own)
    model = network()
    before, state = bits(model), own.get_state().clone()
    descentry.find_lr(model, torch.optim.SGD(model.parameters(), 0.1), loader, compute_loss)
    assert torch.equal(own.get_state(), state)
    assert bits(model) == before


def test_an_iterator_loses_batches_and_that_is_said():
    model = network()
    stream = iter(batches(50))
    found = descentry.find_lr(model, torch.optim.SGD(model.parameters(), 0.1), stream, compute_loss)
    assert "40 batches were taken from the iterator" in str(found)
    assert len(list(stream)) == 10


def test_the_rate_that_is_set_does_not_matter():
    found = []
    for rate in (1e-7, 1e-2, 1e2):
        torch.manual_seed(0)
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9)
        found.append(descentry.find_lr(model, optimizer, batches(), compute_loss).lr)
    assert found[0] == found[1] == found[2]


def test_groups_keep_the_ratio_of_their_rates_and_a_rate_of_zero():
    model = network()
    groups = [
        {"params": model[1].parameters(), "lr": 0.0},
        {"params": model[0].parameters(), "lr": 0.2},
        {"params": model[4].parameters(), "lr": 0.02},
    ]
    found = descentry.find_lr(model, torch.optim.SGD(groups, lr=1.0), batches(), compute_loss)
    assert found.lrs == pytest.approx((0.0, found.lr, found.lr / 10))
    assert "By group: 0, " in str(found)


def test_with_a_scheduler_it_is_the_highest_that_it_should_reach():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 0.01, total_iters=10)
    before = bits(model, optimizer), scheduler.state_dict()
    found = descentry.find_lr(model, optimizer, batches(), compute_loss)
    assert found.scheduled
    assert "scheduler" in str(found)
    assert (bits(model, optimizer), scheduler.state_dict()) == before


def test_what_is_kept_is_the_best_trial():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    shown = batches(40)
    before = sum(compute_loss(model, b).item() for b in shown)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    found = descentry.find_lr(model, optimizer, shown, compute_loss, keep=True)
    assert found.kept >= 20
    assert {g["lr"] for g in optimizer.param_groups} == {found.lr}
    assert sum(compute_loss(model, b).item() for b in shown) < 0.75 * before
    assert found.cost <= 140
    assert f"{found.kept} steps of them are kept" in str(found)


def test_clipping_before_each_step_is_part_of_what_is_tried():
    model = network()
    calls = []

    def clip():
        calls.append(float(nn.utils.clip_grad_norm_(model.parameters(), 0.1)))

    found = descentry.find_lr(
        model, torch.optim.SGD(model.parameters(), 0.1), batches(), compute_loss, before_step=clip
    )
    assert len(calls) > 50
    assert found.lr > 0.1


def test_sharpness_and_noise_are_measured_where_they_are_asked_for():
    weight = nn.Parameter(torch.tensor([3.0, 1.0]))
    model = nn.Module()
    model.register_parameter("weight", weight)
    optimizer = torch.optim.SGD([weight], 0.1, momentum=0.5)

    def loss(_, batch):
        return (torch.tensor([5.0, 1.0]) * (weight - batch).square()).sum() / 2

    given = [torch.tensor([0.0, b]) for b in (1.0, -1.0) * 5]
    before = bits(model, optimizer)
    found = descentry.find_lr(model, optimizer, given, loss, terrain=True)
    assert found.terrain.sharpness == pytest.approx(5.0)
    assert found.terrain.edge == pytest.approx(2 * 1.5 / 5.0)
    # The gradient is (15, 1 − b): over five batches from b = 1 its noise is 1.2 and its length² is 225.64.
    assert found.terrain.noise == pytest.approx(1.2 / (225 + 0.64 - 1.2 / 5))
    assert found.lr < found.terrain.edge * 1.01
    assert found.cost <= 100
    assert "The sharpness is 5 at least" in str(found)
    assert bits(model, optimizer) == before


def test_sharpness_is_left_out_where_there_is_no_second_derivative():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            if torch.is_grad_enabled():
                raise RuntimeError("there is no second derivative")
            return grad

    model = network()
    found = descentry.find_lr(
        model,
        torch.optim.SGD(model.parameters(), 0.1),
        batches(),
        lambda m, b: nn.functional.cross_entropy(Once.apply(m(b[0])), b[1]),
        terrain=True,
    )
    assert math.isnan(found.terrain.sharpness)
    assert found.to_dict()["terrain"]["sharpness"] is None


def test_with_few_batches_they_are_seen_again():
    model = network()
    found = descentry.find_lr(model, torch.optim.Adam(model.parameters()), batches()[:1], compute_loss)
    assert "one batch only" in str(found)


# What is refused, and why.


def refused(model, optimizer, given, loss, **more):
    before = bits(model)
    with pytest.raises(DescentryError) as caught:
        descentry.find_lr(model, optimizer, given, loss, **more)
    assert bits(model) == before
    return str(caught.value)


def sgd(model):
    return torch.optim.SGD(model.parameters(), 0.1)


def test_data_with_nan_is_named():
    model = network()
    given = [(x * math.nan, y) for x, y in batches()]
    said = refused(model, sgd(model), given, compute_loss)
    assert said.startswith("find_lr: the loss is nan before any step: there are numbers in the first batch")


def test_weights_with_nan_are_named():
    model = network()
    with torch.no_grad():
        model[0].bias[3] = math.inf
    assert "weights that are not finite, in 0.bias" in refused(model, sgd(model), batches(), compute_loss)


def test_a_loss_without_a_graph_is_refused():
    model = network()
    said = refused(model, sgd(model), batches(), lambda m, b: compute_loss(m, b).detach())
    assert "the loss has no graph" in said


def test_a_loss_of_another_model_is_refused():
    model, other = network(), network()
    said = refused(model, sgd(model), batches(), lambda _, b: compute_loss(other, b))
    assert "no gradient reaches the parameters" in said


def test_a_loss_that_does_not_depend_on_the_weights_is_refused():
    model = network()
    said = refused(model, sgd(model), batches(), lambda m, b: 0.0 * compute_loss(m, b))
    assert "every gradient is zero" in said


def test_a_gradient_that_is_not_finite_is_named():
    model = network()
    said = refused(
        model, sgd(model), batches(), lambda m, b: compute_loss(m, b) + (m[4].weight * 0).norm().sqrt()
    )
    assert "its gradient is not, in 4.weight" in said


def test_a_loss_that_no_rate_lowers_is_refused_with_what_was_tried():
    """Each step is reversed before the next one can see it."""
    model = network()

    class Backwards(torch.optim.SGD):
        def step(self, closure=None):
            loss = closure()
            for p in self.param_groups[0]["params"]:
                p.data.add_(p.grad, alpha=self.param_groups[0]["lr"])
            return loss

    said = refused(model, Backwards(model.parameters(), 0.1), batches(), compute_loss)
    assert said.startswith("find_lr: no rate that was tried lowers the loss, from ")
    assert "the rate is not what is wrong" in said


def test_an_optimizer_of_another_model_is_refused():
    assert "holds none of the model's parameters" in refused(
        network(), sgd(network()), batches(), compute_loss
    )


def test_frozen_parameters_are_refused():
    model = network().requires_grad_(False)
    said = refused(
        model, torch.optim.SGD([nn.Parameter(p) for p in model.parameters()], 0.1), [], compute_loss
    )
    assert "holds none" in said
    model = network()
    optimizer = sgd(model)
    model.requires_grad_(False)
    assert "frozen" in refused(model, optimizer, batches(), compute_loss)


def test_climbing_is_refused():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, maximize=True)
    assert "maximize" in refused(model, optimizer, batches(), compute_loss)


def test_what_is_no_optimizer_is_refused():
    assert "no learning rate to find" in refused(network(), object(), batches(), compute_loss)


def test_an_optimizer_whose_steps_cost_too_much_is_refused_with_the_budget_that_it_needs():
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters())
    said = refused(model, optimizer, batches(), compute_loss)
    assert "a step of LBFGS takes " in said
    assert "budget=" in said


def test_one_batch_in_place_of_several_and_none_at_all_are_refused():
    model = network()
    assert "is one batch" in refused(model, sgd(model), batches()[0], compute_loss)
    assert "no batches" in refused(model, sgd(model), [], compute_loss)


def test_an_error_in_computing_the_loss_is_told_as_one():
    model = network()
    said = refused(model, sgd(model), batches(), lambda m, b: m(b[0].T))
    assert said.startswith("compute_loss(model, batch): computing the loss failed: RuntimeError")


def test_a_loss_that_is_no_number_is_refused():
    model = network()
    assert "shape (32, 3)" in refused(model, sgd(model), batches(), lambda m, b: m(b[0]))
    assert "float" in refused(model, sgd(model), batches(), lambda m, b: 1.0)


@pytest.mark.parametrize("budget", [0, 39, 10.5])
def test_a_budget_that_is_too_small_is_refused(budget):
    model = network()
    assert "budget should be 40" in refused(model, sgd(model), batches(), compute_loss, budget=budget)


def test_an_open_watch_does_not_see_a_search():
    model = network()
    optimizer = OPTIMIZERS["momentum"](model.parameters())
    with descentry.watch(model, optimizer, run_dir=None, overhead=0.5) as watch:
        for batch in batches(8):
            optimizer.zero_grad()
            loss = compute_loss(model, batch)
            loss.backward()
            optimizer.step()
            watch.step(loss)
        before = {s.name: len(s) for s in watch.run().series}
        descentry.find_lr(model, optimizer, batches(), compute_loss)
        assert watch.updates == 8
        assert {s.name: len(s) for s in watch.run().series} == before
