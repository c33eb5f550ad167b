"""`descentry run --pilot`."""

import re
import sys

import pytest
from tests.unit.live._scripts import PLAIN, REPORT, TRAINING, WATCHED, call

pytest.importorskip("torch")
pytestmark = pytest.mark.slow


def test_a_pilot_leaves_a_healthy_script_its_numbers_and_says_nothing(script):
    train = script(TRAINING + "train(60)\nprint(torch.rand(3).tolist())\n")
    bare, flown = call(*PLAIN, train), call(*WATCHED, "--pilot", train)
    assert (flown.returncode, flown.stdout) == (bare.returncode, bare.stdout)
    assert REPORT.search(flown.stderr)
    assert "descentry: step" not in flown.stderr


def test_a_pilot_leaves_a_bad_batch_of_a_script_out_and_finds_a_rate_for_it(script):
    bad = TRAINING.replace("lr=0.05", "lr=50.0").replace("model(x)", "model(x * bad(step))")
    bad += "bad = lambda step: float('nan') if step == 180 else 1.0\ntrain(200)\n"
    bad += "print(torch.nn.functional.mse_loss(model(x), y).item())\n"
    done = call(*WATCHED, "--pilot", "--quiet", script(bad))
    assert float(done.stdout.splitlines()[-1]) < 2.0
    assert "other rates are tried" in done.stderr
    assert "step 180: The loss of step 180 is nan" in done.stderr
    again = call(sys.executable, "-m", "descentry.cli", "replay", "runs/train")
    assert "the same as its pilot made" in again.stdout


def test_a_length_without_a_pilot_is_a_mistake(script):
    done = call(*WATCHED, "--total-steps", "100", script(TRAINING))
    assert done.returncode == 2
    assert "--pilot" in done.stderr


GAN = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
maker, judge = nn.Linear(4, 8), nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
made, judged = (torch.optim.SGD(m.parameters(), lr=0.5) for m in (maker, judge))
for step in range(60):
    fake = maker(torch.randn(16, 4))
    loss = F.softplus(-judge(torch.randn(16, 8) + 1)).mean() + F.softplus(judge(fake.detach())).mean()
    judged.zero_grad(); loss.backward(); judged.step()
    loss = F.softplus(-judge(fake)).mean()
    made.zero_grad(); loss.backward(); made.step()
print([p.double().sum().item().hex() for m in (maker, judge) for p in m.parameters()])
"""


def test_a_pilot_only_watches_a_contest_and_says_why(script):
    contest = script(GAN)
    bare, flown = call(*PLAIN, contest), call(*WATCHED, "--pilot", "--quiet", contest)
    assert flown.stdout == bare.stdout
    assert "the runs are watched only: its optimizers take turns" in flown.stderr
    assert not re.search(r"^descentry: .*\bstep \d", flown.stderr, re.MULTILINE)
