"""Weights that are put in and optimizers that begin anew are told; ordinary trainings are left in peace."""

from __future__ import annotations

import copy

import pytest
import torch
from tests._probes import Training
from torch import nn

from descentry.instruments.restarts import INSTRUMENT

KINDS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.01),
    "momentum and decay": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, weight_decay=0.1),
    "adam": lambda p: torch.optim.Adam(p, 0.01),
    "adamw, one by one": lambda p: torch.optim.AdamW(p, 0.01, foreach=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.01),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def training(kind):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    return Training(model, kind(model.parameters()), nn.MSELoss(), (torch.randn(8, 5),), torch.randn(8, 1))


def read(run, memory, steps):
    """After this many unseen steps."""
    for _ in range(steps):
        run.step()
    return {r.name: r.value for r in run.step(INSTRUMENT, memory)}


@every_kind
def test_an_ordinary_training(kind):
    run, memory = training(kind), {}
    first = read(run, memory, 0)
    assert first.keys() <= {"age"}
    assert first.get("age", 0) == 0
    for steps in (0, 4, 17):
        found = read(run, memory, steps)
        assert found["written"] == 0
        assert found.get("age", run.steps - 1) == run.steps - 1


@every_kind
def test_a_checkpoint_that_is_loaded_without_the_optimizer(kind):
    run, memory = training(kind), {}
    read(run, memory, 0)
    read(run, memory, 5)
    run.model.load_state_dict(copy.deepcopy(run.model.state_dict()))
    run.optimizer.state.clear()
    began = run.steps
    found = read(run, memory, 7)
    assert found["written"] == 1
    assert run.steps - 1 - found.get("age", run.steps - 1 - began) == began


def test_an_optimizer_that_comes_with_its_moments():
    run = training(KINDS["adam"])
    run.step()
    resumed = training(KINDS["adam"])
    resumed.optimizer.load_state_dict(run.optimizer.state_dict())
    assert read(resumed, {}, 0)["age"] == 1
