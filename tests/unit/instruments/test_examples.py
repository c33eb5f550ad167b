"""Errors and contradicted labels of single examples, against what was put in."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tests.unit.instruments._steps import probe
from torch import nn
from torch.nn import functional as F

from descentry.instruments.examples import INSTRUMENT

N = 1000


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def read(outputs, targets, loss_fn):
    """Of these outputs, whatever a model would have to be for them."""
    found = probe(nn.Linear(2, 1), torch.randn(4, 2), torch.randn(4, 1), nn.MSELoss())
    found.outputs, found.targets, found.loss_fn = outputs, targets, loss_fn
    return {r.name: float(r.value) for r in INSTRUMENT.measure(found)}


def sure(labels, kinds, probability):
    """Logits of a network that gives each label this probability, and shares out the rest."""
    other = math.log((1 - probability) / (kinds - 1))
    logits = torch.full((len(labels), kinds), other)
    return logits.scatter(1, labels.unsqueeze(1), math.log(probability))


@pytest.mark.parametrize("kinds", [2, 10])
def test_labels_that_were_swapped_are_contradicted(kinds):
    truth = torch.arange(N) % kinds
    given = truth.clone()
    given[:200] = (given[:200] + 1) % kinds
    found = read(sure(truth, kinds, 0.95), given, nn.CrossEntropyLoss())
    assert found["error"] == pytest.approx(0.2)
    assert found["contradicted"] == pytest.approx(0.2)
    assert found["confidence"] == pytest.approx(0.95)
    losses = np.sort(np.r_[np.full(200, -math.log(0.05 / (kinds - 1))), np.full(800, -math.log(0.95))])
    assert found["worst-tenth"] == pytest.approx(losses[-100:].sum() / losses.sum(), rel=1e-5)


def test_an_unsure_network_contradicts_nobody():
    truth = torch.arange(N) % 5
    found = read(sure(truth, 5, 0.6), truth.roll(1), F.cross_entropy)
    assert found["error"] == 1
    assert found["contradicted"] == pytest.approx(0, abs=1e-6)  # 0.1 is more than a tenth of 0.6


@pytest.mark.parametrize("at_random", [True, False])
def test_where_labels_are_wrong_at_random_it_errs_where_it_is_sure_as_well(at_random):
    truth = torch.arange(N) % 3
    logits = sure(truth, 3, 0.6) * torch.linspace(0.5, 2, N).unsqueeze(1)  # surer towards the end
    given = truth.clone()
    wrong = torch.arange(N) % 10 == 0 if at_random else torch.arange(N) < N // 10
    given[wrong] = (given[wrong] + 1) % 3
    found = read(logits, given, F.cross_entropy)
    assert found["error"] == pytest.approx(0.1)
    assert found["error-when-sure"] == pytest.approx(0.1 if at_random else 0)


def test_padding_is_left_out():
    truth = torch.arange(N) % 5
    given = truth.masked_fill(torch.arange(N) < 900, -100)
    given[950:] = (given[950:] + 1) % 5
    found = read(sure(truth, 5, 0.95), given, F.cross_entropy)
    assert found["error"] == pytest.approx(0.5)
    assert math.isnan(read(sure(truth, 5, 0.9), torch.full((N,), -100), F.cross_entropy)["error"])


def test_each_token_is_an_example():
    truth = torch.randint(7, (40, 25))
    logits = sure(truth.flatten(), 7, 0.9).view(40, 25, 7)
    given = truth.clone()
    given[:, :5] = (given[:, :5] + 1) % 7
    by_position = read(logits.transpose(1, 2), given, F.cross_entropy)
    flat = read(logits, given, lambda o, t: F.cross_entropy(o.reshape(-1, 7), t.reshape(-1)))
    assert by_position["error"] == flat["error"] == pytest.approx(0.2)


@pytest.mark.parametrize("squashed", [False, True])
def test_yes_or_no(squashed):
    truth = (torch.arange(N) % 2).float().view(-1, 1)
    logits = (truth * 2 - 1) * math.log(0.95 / 0.05)
    given = truth.clone()
    given[:300] = 1 - given[:300]
    if squashed:
        found = read(logits.sigmoid(), given, nn.BCELoss())
    else:
        found = read(logits, given, nn.BCEWithLogitsLoss())
    assert found["error"] == pytest.approx(0.3)
    assert found["contradicted"] == pytest.approx(0.3)
    assert found["confidence"] == pytest.approx(0.95, abs=1e-4)


@pytest.mark.parametrize("loss_fn", [F.mse_loss, F.smooth_l1_loss, lambda o, t: (o - t).square().mean()])
def test_values_far_from_the_rest_are_contradicted(loss_fn):
    outputs = torch.randn(N, 1)
    targets = outputs + 0.1 * torch.randn(N, 1)
    assert read(outputs, targets, loss_fn)["contradicted"] < 0.003
    assert read(outputs, targets, loss_fn)["worst-tenth"] == pytest.approx(0.44, abs=0.05)
    targets[:150] += 7
    assert read(outputs, targets, loss_fn)["contradicted"] == pytest.approx(0.15, abs=0.003)


def test_a_blind_network_gives_the_same_for_every_example():
    targets = torch.randn(N, 3)
    assert read(torch.ones(N, 1) @ torch.randn(1, 3), targets, F.mse_loss)["varying"] == pytest.approx(
        0, abs=1e-6
    )
    assert read(torch.zeros(N, 3), targets, F.mse_loss)["varying"] == 0
    assert read(torch.randn(N, 3), targets, F.mse_loss)["varying"] == pytest.approx(1, abs=0.02)
    assert read(torch.randn(N, 3) + 3, targets, F.mse_loss)["varying"] == pytest.approx(0.316, abs=0.02)


def test_what_is_not_understood_is_left_alone():
    few = read(torch.randn(8, 1), torch.randn(8, 1), F.mse_loss)
    soft = read(torch.randn(N, 3), torch.rand(N, 3).softmax(1), F.cross_entropy)
    two = read(torch.randn(N, 1), torch.randn(N, 1), lambda o, t: F.mse_loss(o, t) + F.l1_loss(o, t))
    assert few.keys() == soft.keys() == two.keys() == {"varying"}
    assert math.isnan(read(torch.zeros(N, 1), torch.zeros(N, 1), F.mse_loss)["contradicted"])
    assert math.isnan(read(torch.full((N, 1), math.nan), torch.zeros(N, 1), F.mse_loss)["contradicted"])
