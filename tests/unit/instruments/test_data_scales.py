"""Scales of inputs and targets against numpy, and what standardising them is worth in a real training."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tests.unit.instruments._steps import probe, read
from torch import nn
from torch.nn import functional as F

from descentry.instruments import _runs_of_values
from descentry.instruments.input_scale import INSTRUMENT as INPUT
from descentry.instruments.input_scale import ROWS
from descentry.instruments.target_scale import INSTRUMENT as TARGET


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def linear(x, model=None, memory=None):
    model = model or nn.Sequential(nn.Linear(x.shape[-1], 3))
    return read(INPUT, model, x, torch.randn(len(x), 3), nn.MSELoss(), memory=memory)


def mixed(rows=200):
    """Six features: correlated, of scales from 0.01 to 1000, off centre, and one constant."""
    x = torch.randn(rows, 6)
    x[:, 1] += 0.9 * x[:, 0]
    return x * torch.tensor([1.0, 0.01, 1000.0, 1.0, 1.0, 0.0]) + torch.tensor(
        [0.0, 0.0, 0.0, 30.0, 1.0, 7.0]
    )


def reference(x):
    x = x.double().numpy()
    std, mean = x.std(0), x.mean(0)
    varies = std > 1e-6
    covariance = np.cov(x[:, varies].T, bias=True)
    return {
        "spread": std[varies].max() / std[varies].min(),
        "offset": (np.abs(mean[varies]) / std[varies]).max(),
        "size": np.sqrt((x**2).mean()),
        "features": float(x.shape[1]),
        "rows": float(len(x)),
        "condition": np.linalg.cond(covariance),
        "condition-standardised": np.linalg.cond(np.corrcoef(x[:, varies].T)),
    }


def test_features_of_mixed_scales_against_numpy():
    x = mixed()
    assert linear(x) == pytest.approx(reference(x), rel=1e-5)
    found = linear(x)
    assert found["condition"] > 1e8
    assert found["condition-standardised"] < 30


def test_standardised_features_look_standardised():
    found = linear((x := torch.randn(400, 5)).sub(x.mean(0)) / x.std(0))
    assert found["spread"] == pytest.approx(1, abs=1e-3)
    assert found["offset"] < 1e-3
    assert found["condition"] < 2


def test_raw_pixels_are_large_and_alike():
    found = linear(torch.randint(256, (400, 5)).float())
    assert found["size"] == pytest.approx(math.sqrt(255 * 511 / 6), rel=0.05)  # of 0 … 255, all as likely
    assert found["spread"] < 1.2


def test_batches_add_up():
    x, memory = mixed(300), {}
    for rows in x.split(50):
        found = linear(rows, memory=memory)
    assert found["spread"] == pytest.approx(reference(x)["spread"], rel=1e-4)
    assert found["rows"] == 300
    assert linear(x, memory=memory)["condition"] > 1e8


def test_a_large_offset_does_not_cancel_the_spread():
    x = torch.randn(500, 3) * torch.tensor([1.0, 2.0, 4.0]) + 10_000
    assert linear(x)["spread"] == pytest.approx(4, rel=0.2)
    assert linear(x)["offset"] == pytest.approx(10_000, rel=0.2)


def test_features_that_repeat_each_other_are_left_out_of_the_condition_number():
    x = torch.randn(500, 3)
    assert linear(torch.cat([x, x[:, :1]], 1))["condition"] < 5


def test_few_rows_have_no_condition_number():
    found = linear(torch.randn(12, 6))
    assert "condition" not in found
    assert found["spread"] < 5


def test_an_image_has_its_channels_for_features():
    x = torch.randn(16, 3, 8, 8) * torch.tensor([1.0, 10.0, 100.0]).view(1, 3, 1, 1)
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 3))
    found = linear(x, model)
    assert found["features"] == 3
    assert found["spread"] == pytest.approx(100, rel=0.2)


def test_behind_a_normalisation_features_are_as_the_layer_gets_them():
    model = nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 3))
    assert linear(mixed()[:, [0, 1, 2, 3, 4, 4]], model)["spread"] < 1.1


def test_wide_inputs_and_long_runs_stay_bounded():
    memory = {}
    found = linear(torch.randn(5_000, 1_500), memory=memory)
    assert found["features"] == 500
    assert found["rows"] == 2_500
    assert "condition" in found
    memory["rows"] = ROWS
    assert linear(torch.randn(50, 1_500), memory=memory) == {}


def test_not_a_number_does_not_pass_for_a_constant():
    x = torch.randn(100, 3)
    x[5, 1] = math.nan
    found = linear(x)
    assert all(math.isnan(found[n]) for n in ("offset", "condition", "condition-standardised"))


def test_token_ids_have_no_scale():
    model = nn.Sequential(nn.Embedding(11, 4), nn.Flatten())
    assert read(INPUT, model, torch.randint(11, (8, 2)), torch.randn(8, 8), nn.MSELoss()) == {}


def test_the_condition_number_tells_what_standardising_is_worth():
    """Gradient descent on linear regression, at the rate that fits: the loss left after 100 steps."""
    x = torch.randn(256, 4) * torch.tensor([1.0, 3.0, 10.0, 30.0])
    y = (x / x.std(0)).sum(1, keepdim=True)
    left, conditions = [], []
    for features in (x, x / x.std(0)):
        features = features - features.mean(0)
        model = nn.Linear(4, 1)
        rate = 1 / float(torch.linalg.eigvalsh(features.T @ features / 128).max())
        optimizer = torch.optim.SGD(model.parameters(), rate)
        conditions.append(read(INPUT, model, features, y, nn.MSELoss())["condition"])
        for _ in range(100):
            optimizer.zero_grad()
            loss = F.mse_loss(model(features), y - y.mean())
            loss.backward()
            optimizer.step()
        left.append(float(loss.detach()))
    assert conditions[0] > 500 > 5 > conditions[1]
    assert left[0] > 1e-2 > 1e-4 > left[1]


def targets(y, width=1, loss_fn=None):
    loss_fn = loss_fn or nn.MSELoss()
    return read(TARGET, nn.Linear(4, width), torch.randn(len(y), 4), y, loss_fn)


def test_targets_against_numpy():
    y = 250 + 40 * torch.randn(100, 1)
    plain = y.numpy()
    assert targets(y) == pytest.approx(
        {
            "mean": plain.mean(),
            "std": plain.std(),
            "smallest": plain.min(),
            "largest": plain.max(),
            "integers": 0.0,
            "distinct": float(len(np.unique(plain))),
            "commonest": 0.01,
        },
        rel=1e-4,
    )


def test_class_indices_are_counted():
    y = torch.tensor([0] * 60 + [1] * 30 + [2] * 10)
    found = targets(y, 3, nn.CrossEntropyLoss())
    assert found["integers"] == 1
    assert found["distinct"] == 3
    assert found["commonest"] == pytest.approx(0.6)
    assert found["largest"] == 2


def test_columns_of_different_scales_are_told():
    y = torch.randn(200, 3) * torch.tensor([0.1, 1.0, 10.0])
    y[:, 1] = 5
    assert targets(y, 3)["spread"] == pytest.approx(100, rel=0.2)


def test_many_targets_are_counted_by_a_sample(monkeypatch):
    monkeypatch.setattr(_runs_of_values, "EXAMINED", 10)
    found = probe(nn.Linear(4, 1), torch.randn(100, 4), torch.arange(100.0).view(-1, 1), nn.MSELoss())
    (distinct,) = (r for r in TARGET.measure(found) if r.name == "distinct")
    assert (float(distinct.value), distinct.bound) == (10, "lower")


@pytest.mark.parametrize("y", [{}, (), {"a": torch.ones(4), "b": torch.ones(4)}, torch.ones(0)])
def test_targets_that_are_not_one_tensor_are_not_examined(y):
    found = probe(nn.Linear(4, 1), torch.randn(4, 4), torch.randn(4, 1), nn.MSELoss())
    found.targets = y
    assert TARGET.measure(found) == []
