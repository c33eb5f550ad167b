"""The benchmark of control: what it compares with is what PyTorch comes to, and its regrets are right."""

from __future__ import annotations

import math

import pytest
import torch

pytest.importorskip("sklearn")

from benchmarks import _control_methods, _control_report, control
from benchmarks._control_stack import final_losses
from benchmarks._control_tasks import CHOOSING, REPORTING, TASKS

torch.set_num_threads(1)  # the models are tiny, and tests run beside each other


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("name", ["cancer-logistic", "moons-mlp", "quadratic"])
def test_stacked_copies_end_where_single_ones_do(name, optimizer):
    task, rates, seeds, steps = TASKS[name], (1e-4, 1e-2), (0, 1), 7
    train, held = final_losses(task, optimizer, rates, seeds, steps)
    for i, rate in enumerate(rates):
        for j, seed in enumerate(seeds):
            run = _control_methods.Run(task, optimizer, steps, seed, rate)
            run.scheduled(rate, _control_methods.constant)
            expected = _control_methods.evaluated(task, run.model)
            assert (train[i, j].item(), held[i, j].item()) == pytest.approx(expected, rel=1e-4)


def test_both_halves_hold_one_of_each_pair_and_every_task_trains():
    assert len(CHOOSING) == len(REPORTING) == 11
    assert len(TASKS) == 22
    for name in ("char-gru", "char-transformer", "digits-residual", "digits-cnn"):
        task = TASKS[name]
        model, data = task.model(0), task.data()
        row = task.rows(0, 1)[0]
        loss = task.loss(model(data.x[row]), data.y[row])
        loss.backward()
        assert torch.isfinite(loss)
        assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("name", [n for n in _control_methods.METHODS if not n.startswith("pilot")])
def test_every_method_spends_its_budget_and_no_more(name):
    pytest.importorskip("prodigyopt" if name.startswith("Prodigy") else "torch")
    pytest.importorskip({"MoMo": "momo", "Schedule-Free": "schedulefree"}.get(name, "torch"))
    pytest.importorskip("dadaptation" if name == "D-Adaptation" else "torch")
    with torch.random.fork_rng():
        found = _control_methods.train(name, TASKS["cancer-logistic"], "adam", 150, 0, 1e-3)
    assert found["over"] <= 0
    assert math.isfinite(found["train"])
    assert found["spent"] <= 100


def test_regret_is_in_decades_against_the_best_constant_rate():
    grid = {
        "method": "grid", "task": "t", "optimizer": "sgd", "steps": 10,
        "train": [[1.0], [0.1]], "held": [[1.0], [0.2]], "before": [[1000.0, 0.0]],
    }  # fmt: skip
    run = {
        "method": "ours", "task": "t", "optimizer": "sgd", "steps": 10, "seed": 0, "start": 0.0,
        "train": 1.9, "held": math.inf, "spent": 3,
    }  # fmt: skip
    found = _control_report.regrets([grid, run], control.RATES)
    assert found["ours", "sgd", "train"][0][3] == pytest.approx(1.0)
    assert found["ours", "sgd", "held"][0][3] == _control_report.WORST
