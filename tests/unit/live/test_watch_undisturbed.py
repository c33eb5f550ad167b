"""A training that is watched is to the bit what it is without."""

from __future__ import annotations

import functools

import pytest
import torch
from tests._nets import NETS
from tests._probes import state
from torch import nn
from torch.nn import functional as F

from descentry.live._clock import VirtualClock
from descentry.live.watch import watch

STEPS = 6


def trained(make, watched, **options):
    """The losses and the state in which the training ends, and the run if it was watched."""
    training = make()
    losses = []
    gradients = training._gradients

    def noted():
        losses.append(gradients())
        return losses[-1]

    training._gradients = noted
    run = None
    if not watched:
        for _ in range(STEPS):
            training.step()
    else:
        with watch(training.model, training.optimizer, run_dir=None, _clock=VirtualClock(), **options) as one:
            for _ in range(STEPS):
                before = len(losses)
                training.step()
                one.step(losses[before])
            run = one.run()
            assert one.updates == STEPS
    return [loss.item() for loss in losses], state(training), run


@functools.cache
def bare(make):
    losses, end, _ = trained(make, False)
    return losses, end


@pytest.mark.parametrize("make", NETS.values(), ids=list(NETS))
def test_weights_losses_buffers_and_random_numbers_are_the_same_to_the_bit(make):
    torch.manual_seed(5)
    losses, end, run = trained(make, True)
    assert losses == bare(make)[0]
    assert end == bare(make)[1]
    assert len(run["loss"]) == STEPS
    assert len(run["gradient-norm"]) == STEPS
    assert not [g for g in run.gaps if "could not be read" in g.what or "was not measured" in g.what]


class Pair:
    """Two networks that train each other, with dropout and a history of losses in one."""

    def __init__(self):
        torch.manual_seed(0)
        self.one = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 6))
        self.other = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
        self.first = torch.optim.Adam(self.one.parameters())
        self.second = torch.optim.RMSprop(self.other.parameters())

    def step(self, tell):
        noise = torch.randn(8, 6)
        self.second.zero_grad()
        for part, target in ((self.one(noise).detach(), 0.0), (torch.randn(8, 6), 1.0)):
            loss = (self.other(part) - target).square().mean() / 2
            loss.backward()
        self.second.step()
        tell(1, loss)
        self.first.zero_grad()
        loss = (self.other(self.one(noise)) - 1).square().mean()
        loss.backward()
        self.first.step()
        tell(0, loss)

    def state(self):
        modules = self.one.state_dict(), self.other.state_dict()
        moments = [s for o in (self.first, self.second) for s in o.state.values()]
        found = [*(t for m in modules for t in m.values()), *(t for m in moments for t in m.values())]
        return [t.clone() for t in found if isinstance(t, torch.Tensor)] + [torch.get_rng_state()]


def same(one, other):
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_networks_that_train_each_other_and_gradients_that_add_up_stay_the_same():
    bare_pair = Pair()
    for _ in range(STEPS):
        bare_pair.step(lambda *_: None)
    end = bare_pair.state()
    pair = Pair()
    watches = [
        watch(model, optimizer, run_dir=None, _clock=VirtualClock())
        for model, optimizer in ((pair.one, pair.first), (pair.other, pair.second))
    ]
    for _ in range(STEPS):
        pair.step(lambda which, loss: watches[which].step(loss))
    for one in watches:
        assert len(one.run()["gradient-norm"]) == STEPS
        one.close()
    assert same(pair.state(), end)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.last(F.dropout(self.first(x), 0.5))


def compiled_step(model, optimizer):
    @torch.compile(backend="eager", fullgraph=True)
    def loss_of(x, y):
        return F.cross_entropy(model(x), y)

    return loss_of


def compiled_in_place(model, optimizer):
    model.compile(backend="eager", fullgraph=True)
    return lambda x, y: F.cross_entropy(model(x), y)


def compiled_part(model, optimizer):
    model.first = torch.compile(model.first, backend="eager")
    return lambda x, y: F.cross_entropy(model(x), y)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_layers_of_a_compiled_model_are_seen_as_those_of_a_plain_one_and_nothing_changes(backend):
    ends, seen, graphs = [], [], []
    for compiles, watched in ((False, True), (True, False), (True, True)):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        torch.manual_seed(0)
        model = Net()
        called = torch.compile(model, backend=backend) if compiles else model
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        one = watch(called, optimizer, run_dir=None, _clock=VirtualClock()) if watched else None
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.cross_entropy(called(torch.randn(12, 6)), torch.randint(3, (12,)))
            loss.backward()
            optimizer.step()
            if one is not None:
                one.step(loss)
        ends.append([*model.state_dict().values(), torch.get_rng_state()])
        graphs.append(dict(torch._dynamo.utils.counters["stats"]))
        if one is not None:
            run = one.run()
            seen.append({s.name: s.value for s in run.series if s.name.startswith(("activations", "input-"))})
            one.close()
    torch._dynamo.reset()
    assert same(ends[1], ends[2])
    assert graphs[1] == graphs[2]
    assert seen[0].keys() == seen[1].keys() != set()
    for name, values in seen[0].items():
        assert seen[1][name][:1] == pytest.approx(values[:1], rel=1e-5, nan_ok=True), name


@pytest.mark.parametrize("compiled", [compiled_step, compiled_in_place, compiled_part])
def test_what_is_compiled_stays_compiled_and_the_same(compiled):
    ends, graphs = [], []
    for watched in (False, True):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        torch.manual_seed(0)
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        loss_of = compiled(model, optimizer)
        one = watch(model, optimizer, run_dir=None, _clock=VirtualClock()) if watched else None
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = loss_of(torch.randn(12, 6), torch.randint(3, (12,)))
            loss.backward()
            optimizer.step()
            if one is not None:
                one.step(loss)
        ends.append([*model.state_dict().values(), torch.get_rng_state()])
        graphs.append(dict(torch._dynamo.utils.counters["stats"]))
        if one is not None:
            assert len(one.run()["gradient-norm"]) == STEPS
            assert not [g for g in one.run().gaps if "was not measured" in g.what]
            one.close()
    assert same(*ends)
    assert graphs[0] == graphs[1]
    torch._dynamo.reset()
