"""Whether gradients were set to zero is seen, whatever the loss is made of."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from descentry.live._leftover import Leftover


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def net():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def backward(leftover, loss):
    leftover.begins()
    loss.backward()
    leftover.ended()


def after_a_step(model):
    """A training that has made one step: its gradients are in place."""
    model(torch.randn(5, 3)).square().mean().backward()
    return Leftover(model)


def loss_of(model):
    return model(torch.randn(5, 3)).square().mean()


@pytest.mark.parametrize("to_none", [True, False])
def test_gradients_that_were_set_to_zero(to_none):
    model = net()
    leftover = after_a_step(model)
    model.zero_grad(set_to_none=to_none)
    backward(leftover, loss_of(model))
    assert leftover.share() == 0


def test_gradients_that_were_not():
    model = net()
    leftover = after_a_step(model)
    backward(leftover, loss_of(model))
    assert leftover.share() == 1


def test_a_part_of_them():
    model = net()
    leftover = after_a_step(model)
    model[2].zero_grad()
    backward(leftover, loss_of(model))
    assert leftover.share() == pytest.approx(16 / 21)


@pytest.mark.parametrize("to_none", [True, False])
def test_accumulation_begins_from_nothing(to_none):
    model = net()
    leftover = after_a_step(model)
    model.zero_grad(set_to_none=to_none)
    for _ in range(3):
        backward(leftover, loss_of(model) / 3)
    assert leftover.share() == 0


def test_accumulation_on_top_of_the_last_step():
    model = net()
    leftover = after_a_step(model)
    for _ in range(3):
        backward(leftover, loss_of(model) / 3)
    assert leftover.share() == 1


@pytest.mark.parametrize("to_none", [True, False])
def test_the_loss_of_another_network_adds_to_what_is_set_to_zero_afterwards(to_none):
    critic = net()
    leftover = after_a_step(critic)
    backward(leftover, -critic(torch.randn(5, 3, requires_grad=True)).mean())  # the generator's
    critic.zero_grad(set_to_none=to_none)
    backward(leftover, loss_of(critic))
    assert leftover.share() == 0


def test_a_loss_of_others_alone_tells_nothing():
    critic, other = net(), net()
    leftover = after_a_step(critic)
    backward(leftover, loss_of(other))
    assert leftover.share() is None


def test_what_was_scaled_or_decayed_counts_as_new():
    model = net()
    leftover = after_a_step(model)
    for parameter in model.parameters():
        parameter.grad.mul_(0.9)
    backward(leftover, loss_of(model))
    assert leftover.share() == 0


def test_gradients_that_are_zero_in_every_entry_hold_nothing():
    model = net()
    nn.init.zeros_(model[2].weight)  # the first layer gets a gradient of zeros
    leftover = after_a_step(model)
    backward(leftover, loss_of(model))
    assert leftover.share() == pytest.approx(5 / 21)


def test_sparse_gradients_are_left_out():
    table = nn.Embedding(6, 2, sparse=True)
    table(torch.tensor([1, 2])).sum().backward()
    leftover = Leftover(table)
    backward(leftover, table(torch.tensor([1])).sum())
    assert leftover.share() == 0


def test_gradients_are_left_as_they_are():
    model = net()
    leftover = after_a_step(model)
    bare = copy.deepcopy(model)
    for one, other in zip(bare.parameters(), model.parameters(), strict=True):
        one.grad = other.grad.clone()
    x = torch.randn(5, 3)
    backward(leftover, model(x).square().mean())
    bare(x).square().mean().backward()
    for one, other in zip(bare.parameters(), model.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_a_model_that_is_gone():
    model = net()
    leftover = after_a_step(model)
    del model
    leftover.begins()
    leftover.ended()
    assert leftover.share() is None
