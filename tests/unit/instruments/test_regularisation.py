"""The pull of weight decay, against what it is on paper."""

from __future__ import annotations

import pytest
import torch
from tests._probes import Training, measured, values
from torch import nn
from torch.nn import functional as F

from descentry.instruments.regularisation import INSTRUMENT


def linear(weight, make):
    """One weight w whose loss is w², so its gradient is 2w."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, weight)
    x, y = torch.ones(1, 1), torch.zeros(1, 1)
    return Training(model, make(model.parameters()), F.mse_loss, (x,), y)


def read(training, steps=1):
    return values(measured(INSTRUMENT, training, steps))


@pytest.mark.parametrize("weight", [0.5, -3.0])
def test_decay_in_the_gradient_is_compared_with_the_gradient(weight):
    found = read(linear(weight, lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.3)))
    assert found["pull"] == pytest.approx(0.3 / 2)


def test_decay_apart_from_the_gradient_is_compared_with_the_rest_of_the_step():
    # Adam's first step is η in the direction of the sign, so the pull is ηλw over η.
    found = read(linear(0.5, lambda p: torch.optim.AdamW(p, 0.01, weight_decay=4.0)))
    assert found["pull"] == pytest.approx(2.0, rel=1e-4)


def test_without_decay_there_is_no_pull_and_without_an_optimizer_that_knows_it_none_is_told():
    assert read(linear(0.5, lambda p: torch.optim.SGD(p, 0.1)))["pull"] == 0
    assert "pull" not in read(linear(0.5, lambda p: torch.optim.Rprop(p, 0.1)))


def test_weights_shrink_beside_the_first_reading():
    # Each step multiplies w by 1 − η (2 + λ) = 0.5; the third reading is taken two steps after the first.
    found = read(linear(1.0, lambda p: torch.optim.SGD(p, 0.1, weight_decay=3.0)), steps=3)
    assert found["shrunk"] == pytest.approx(0.25)


def test_the_largest_dropout_counts_while_it_is_on():
    model = nn.Sequential(nn.Dropout(0.1), nn.Linear(4, 4), nn.Dropout(0.9), nn.Linear(4, 1))
    training = Training(
        model, torch.optim.SGD(model.parameters(), 0.1), F.mse_loss, (torch.ones(2, 4),), torch.ones(2, 1)
    )
    assert read(training)["dropout"] == pytest.approx(0.9)
    model.eval()
    assert "dropout" not in read(training)
