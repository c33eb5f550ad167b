"""A snapshot puts a training back bit for bit, into the same tensors, so that it goes on as it would have."""

import random

import numpy as np
import pytest
import torch
from tests.unit.trials._bits import bits, of, streams
from torch import nn
from torch.optim.swa_utils import AveragedModel

from descentry import DescentryError
from descentry.trials.snapshot import Snapshot

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1),
    "momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, 0.01, amsgrad=True),
    "adamw-foreach": lambda p: torch.optim.AdamW(p, 0.01, foreach=True),
    "adam-tensor-rate": lambda p: torch.optim.Adam(p, torch.tensor(0.01), foreach=False, capturable=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01, centered=True, momentum=0.5),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "adadelta": lambda p: torch.optim.Adadelta(p),
    "nadam": lambda p: torch.optim.NAdam(p, 0.01),
    "asgd": lambda p: torch.optim.ASGD(p, 0.1),
    "rprop": lambda p: torch.optim.Rprop(p, 0.01),
    "lbfgs": lambda p: torch.optim.LBFGS(p, 0.1, max_iter=3, line_search_fn="strong_wolfe"),
}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def network():
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 2))


def train(model, optimizer, steps, after=lambda: None):
    """Steps whose batches come from torch's own stream; returns the losses."""
    losses = []
    for _ in range(steps):
        x = torch.randn(16, 4)

        def closure(x=x):
            optimizer.zero_grad()
            loss = (model(x) - x[:, :2] * 3).square().mean()
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        after()
    return losses


@pytest.mark.parametrize("warm", [0, 1, 5])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_is_put_back_and_goes_on_as_it_would_have(name, warm):
    model = network()
    optimizer = OPTIMIZERS[name](model.parameters())
    train(model, optimizer, warm)
    snapshot = Snapshot.take(model, optimizer)
    before = bits(model, optimizer)
    onward = train(model, optimizer, 4)
    gone = bits(model, optimizer)
    assert gone != before
    snapshot.restore()
    assert bits(model, optimizer) == before
    assert train(model, optimizer, 4) == onward
    assert bits(model, optimizer) == gone
    snapshot.restore()  # as often as needed
    assert bits(model, optimizer) == before


def test_state_of_the_optimizer_that_was_not_there_is_not_there():
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    snapshot = Snapshot.take(model, optimizer)
    train(model, optimizer, 2)
    snapshot.restore()
    assert not optimizer.state
    assert all(p.grad is None for p in model.parameters())


def test_the_tensors_of_the_optimizer_stay_the_same_objects():
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    train(model, optimizer, 1)
    weight = model[0].weight
    own = optimizer.state[weight]
    moment, gradient = own["exp_avg"], weight.grad
    snapshot = Snapshot.take(model, optimizer)
    expected = of(moment)
    moment.zero_()
    gradient.zero_()
    snapshot.restore()
    assert optimizer.state[weight] is own
    assert own["exp_avg"] is moment
    assert weight.grad is gradient
    assert of(moment) == expected


def test_rates_modes_and_frozen_parameters_are_put_back():
    model = network()
    optimizer = torch.optim.SGD(
        [{"params": model[0].parameters(), "lr": 0.5}, {"params": model[4].parameters()}], 0.1, momentum=0.9
    )
    snapshot = Snapshot.take(model, optimizer)
    before = bits(model, optimizer)
    groups = list(optimizer.param_groups)
    optimizer.param_groups[0].update(lr=7, momentum=0, swing=1)
    optimizer.add_param_group({"params": model[1].parameters()})
    optimizer.param_groups[1]["params"].pop()
    model.eval()
    model[0].train()
    model[4].weight.requires_grad_(False)
    snapshot.restore()
    assert bits(model, optimizer) == before
    assert all(now is then for now, then in zip(optimizer.param_groups, groups, strict=True))


def test_a_rate_that_is_a_tensor_is_written_in_place():
    model, rate = network(), torch.tensor(0.1)
    optimizer = torch.optim.Adam(model.parameters(), rate, foreach=False)
    snapshot = Snapshot.take(model, optimizer)
    rate.fill_(3)
    snapshot.restore()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate == torch.tensor(0.1)


def test_what_load_state_dict_replaced_is_put_back():
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    train(model, optimizer, 2)
    snapshot, before = Snapshot.take(model, optimizer), bits(model, optimizer)
    other = network()
    theirs = torch.optim.Adam(other.parameters(), 0.5)
    train(other, theirs, 3)
    optimizer.load_state_dict(theirs.state_dict())
    model.load_state_dict(other.state_dict())
    snapshot.restore()
    assert bits(model, optimizer) == before


def test_shared_weights_are_kept_once():
    model = nn.ModuleDict({"a": nn.Linear(64, 64, bias=False), "b": nn.Linear(64, 64, bias=False)})
    model["b"].weight = model["a"].weight
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    snapshot = Snapshot.take(model, optimizer)
    assert snapshot.nbytes == 64 * 64 * 4
    expected = of(model["a"].weight)
    model["b"].weight.data.zero_()
    snapshot.restore()
    assert model["a"].weight is model["b"].weight
    assert of(model["a"].weight) == expected


def test_bytes_count_weights_gradients_and_optimizer_state():
    model = nn.Linear(10, 10, bias=False)
    optimizer = torch.optim.Adam(model.parameters())
    assert Snapshot.take(model, optimizer).nbytes == 400
    model(torch.ones(1, 10)).sum().backward()
    optimizer.step()
    assert Snapshot.take(model, optimizer).nbytes == 400 * 4 + 4  # weight, gradient, two moments, a counter
    assert "MB" in repr(Snapshot.take(model, optimizer))


class Odd(nn.Module):
    """Integers, half precision, an expanded buffer, a replaced buffer, state in plain attributes."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.arange(6), requires_grad=False)
        self.small = nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("wide", torch.arange(3.0).expand(4, 3), persistent=False)
        self.register_buffer("later", None)
        self.calls, self.hidden = 0, None

    def forward(self, x):
        self.calls += 1
        self.mean = 0.9 * self.mean + x.detach().mean(0)  # replaces the buffer
        self.later = torch.ones(1)
        self.hidden = x * self.small.float()
        return self.hidden.sum()


def test_odd_modules_are_put_back():
    model = Odd()
    for warm in (False, True):
        if warm:
            model(torch.ones(2, 3))
        mean, hidden, later, calls = model.mean, model.hidden, model.later, model.calls
        kept = of([mean, model.table, model.wide, model.small])
        with Snapshot.take(model).kept():
            model(torch.randn(2, 3)).backward()
            with torch.no_grad():
                model.table += 1
                mean += 1
                model.small.mul_(2)
        assert (model.mean, model.hidden, model.later, model.calls) == (mean, hidden, later, calls)
        assert of([mean, model.table, model.wide, model.small]) == kept
        assert model.small.grad is None


def test_weights_that_changed_their_kind_are_brought_back():
    model = network()
    before = bits(model)
    with Snapshot.take(model).kept():
        model.half()
        model[0].weight.data = torch.zeros(3, 3)
    assert bits(model) == before


def test_sparse_gradients_and_not_a_number_are_kept_to_the_bit():
    model = nn.Embedding(5, 2, sparse=True)
    optimizer = torch.optim.SparseAdam(model.parameters())
    model(torch.tensor([1, 3])).sum().backward()
    optimizer.step()
    with torch.no_grad():
        model.weight[0, 0] = float("nan")
        model.weight[0, 1] = -0.0
    before = bits(model, optimizer)
    snapshot = Snapshot.take(model, optimizer)
    assert snapshot.nbytes > 0
    optimizer.zero_grad()
    model(torch.tensor([2])).sum().backward()
    optimizer.step()
    snapshot.restore()
    assert bits(model, optimizer) == before


def test_random_streams_are_put_back():
    model = network()
    snapshot, before = Snapshot.take(model), streams()
    torch.rand(3), random.random(), np.random.rand(3)  # noqa: NPY002
    assert streams() != before
    snapshot.restore()
    assert streams() == before


def test_generators_schedules_and_scalers_go_along():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=2),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10),
        ],
        [2],
    )
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(torch.ones(1))  # makes its state
    own = [torch.Generator().manual_seed(1), np.random.default_rng(1), random.Random(1)]
    shadow = AveragedModel(model)
    train(model, optimizer, 1, schedule.step)
    snapshot = Snapshot.take(model, optimizer, schedule, scaler, *own, shadow)

    def onward():
        losses = train(model, optimizer, 4, schedule.step)
        shadow.update_parameters(model)
        scaler.update(3.0)
        draws = [float(torch.rand(1, generator=own[0])), own[1].random(), own[2].random()]
        return losses, draws, schedule.get_last_lr(), of(list(shadow.parameters())), scaler.state_dict()

    first = onward()
    snapshot.restore()
    assert schedule.last_epoch == 1
    assert onward() == first


def test_copies_can_lie_on_another_device():
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), 0.1)
    train(model, optimizer, 2)
    snapshot, before = Snapshot.take(model, optimizer, device="cpu"), bits(model, optimizer)
    train(model, optimizer, 2)
    snapshot.restore()
    assert bits(model, optimizer) == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("device", [None, "cpu"])
@pytest.mark.parametrize("name", ["adam", "momentum", "lbfgs"])
def test_a_training_on_a_gpu_is_put_back(name, device):
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2)).cuda()
    optimizer = OPTIMIZERS[name](model.parameters())
    x = torch.randn(16, 4, device="cuda")

    def onward():
        def closure():
            optimizer.zero_grad()
            loss = (model(x) - x[:, :2]).square().mean()
            loss.backward()
            return loss

        return [optimizer.step(closure).item() for _ in range(3)]

    onward()
    snapshot, before = Snapshot.take(model, optimizer, device=device), bits(model, optimizer)
    first = onward()
    snapshot.restore()
    assert bits(model, optimizer) == before
    assert onward() == first


def test_what_cannot_be_kept_is_said():
    with pytest.raises(DescentryError, match="list cannot be kept"):
        Snapshot.take(network(), None, [])
    with pytest.raises(DescentryError, match="no size yet"):
        Snapshot.take(nn.LazyLinear(3))


def test_an_error_in_the_block_passes_through_and_all_is_put_back():
    model = network()
    before = bits(model)

    def fail():
        with Snapshot.take(model).kept():
            model[0].weight.data.zero_()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert bits(model) == before


def test_a_compiled_model_is_put_back():
    model = torch.compile(network(), backend="eager")
    before = bits(model)
    with Snapshot.take(model).kept():
        for parameter in model.parameters():
            parameter.data.zero_()
    assert bits(model) == before
