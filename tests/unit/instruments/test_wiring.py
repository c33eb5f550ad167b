"""What cannot learn is counted, in trainings that are wired wrongly in the ways people wire them."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from tests._probes import Training
from torch import nn

from descentry.instruments._graph import parameters_behind
from descentry.instruments.wiring import INSTRUMENT

BODY, HEAD = 10 * 32 + 32, 32 * 2 + 2  # entries


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, between=lambda x: x, listed=False):
        super().__init__()
        body = nn.Linear(10, 32)
        self.body = [body] if listed else nn.ModuleList([body])
        self.head, self.between = nn.Linear(32, 2), between

    def forward(self, x):
        return self.head(self.between(torch.tanh(self.body[0](x))))


def read(model, learned=None, **options):
    """At the second step, as plain numbers."""
    optimizer = torch.optim.SGD(model.parameters() if learned is None else learned, 0.1)
    training = Training(model, optimizer, nn.MSELoss(), (torch.randn(16, 10),), torch.randn(16, 2), **options)
    memory = {}
    for _ in range(2):
        training._hooks()
        loss = training._gradients()
        probe = training.probe(loss, memory)
        readings = INSTRUMENT.measure(probe)
        optimizer.step()
        training.steps += 1
    return {r.name: float(r.value) for r in readings}


def test_a_training_that_is_wired_well():
    found = read(Net())
    assert found["can-learn"] == 1
    assert found["out-of-reach"] == 0
    assert {found[n] for n in ("frozen", "without-gradient", "not-in-optimizer", "not-in-model")} == {0}
    assert found["left-over"] == pytest.approx(0, abs=1e-4)


def test_what_can_learn_is_told_from_readings_that_are_far_apart():
    model, memory = Net(listed=True), {}
    run = Training(
        model,
        torch.optim.SGD(model.parameters(), 0.1),
        nn.MSELoss(),
        (torch.randn(16, 10),),
        torch.randn(16, 2),
    )
    for watched in (True, False, False, True):
        readings = run.step(INSTRUMENT if watched else None, memory)
    found = {r.name: float(r.value) for r in readings}
    assert found["out-of-reach"] == pytest.approx(BODY / (HEAD + BODY))
    assert "left-over" not in found


def test_gradients_that_are_left_over():
    assert read(Net(), zero=False)["left-over"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("zero", [True, False])
def test_where_gradients_are_parallel_their_length_tells(zero):
    line = nn.Linear(10, 1, bias=False)
    line.forward = lambda x: x.mean() * line.weight.sum().expand(16, 2)  # its gradient has one direction
    found = read(line, zero=zero)
    assert math.isnan(found["left-over"])
    assert found["multiple"] == pytest.approx(1) if zero else found["multiple"] > 1.5


def test_a_frozen_layer():
    model = Net()
    model.body.requires_grad_(False)
    found = read(model)
    assert found["frozen"] == 2
    assert found["can-learn"] == pytest.approx(HEAD / (HEAD + BODY))
    assert found["out-of-reach"] == 0


@pytest.mark.parametrize("between", [torch.detach, lambda x: x.data, lambda x: torch.tensor(x.tolist())])
def test_a_graph_that_is_cut(between):
    found = read(Net(between))
    assert found["without-gradient"] == 2
    assert found["can-learn"] == pytest.approx(HEAD / (HEAD + BODY))


def test_an_optimizer_with_a_part_of_the_parameters():
    model = Net()
    found = read(model, [*model.head.parameters()])
    assert found["not-in-optimizer"] == 2
    assert found["can-learn"] == pytest.approx(HEAD / (HEAD + BODY))
    assert found["out-of-reach"] == pytest.approx(BODY / (HEAD + BODY))


def test_layers_in_a_plain_list():
    found = read(Net(listed=True))
    assert found["not-in-optimizer"] == 0  # nobody but the graph knows of them
    assert found["out-of-reach"] == pytest.approx(BODY / (HEAD + BODY))


def test_an_optimizer_of_another_model():
    model = Net()
    found = read(model, [*copy.deepcopy(model).parameters()])
    assert found["can-learn"] == 0
    assert found["out-of-reach"] == 1
    assert found["not-in-model"] == 4


def test_gradients_set_to_zero_before_the_step():
    found = read(Net(), change=lambda model: model.zero_grad())
    assert found["without-gradient"] == 4
    assert found["can-learn"] == 0


def test_what_another_optimizer_changes_is_not_out_of_reach():
    model = Net()
    other = torch.optim.SGD(model.body.parameters(), 0.1)
    found = read(model, [*model.head.parameters()], change=lambda _: other.step())
    assert found["out-of-reach"] == 0
    assert found["can-learn"] == 1


def test_parameters_behind_outputs_of_any_nesting():
    model = Net()
    outputs = model(torch.randn(3, 10, requires_grad=True))
    assert {id(p) for p in parameters_behind({"a": [outputs, 1]})} == {id(p) for p in model.parameters()}
    assert parameters_behind(outputs.detach()) == parameters_behind(None) == ()
