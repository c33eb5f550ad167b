"""Scripts under `descentry run`: real processes, beside what plain Python does with the same script."""

import re
import subprocess
import sys

import descentry

# Seconds for a process to end, however busy the machine is.
PATIENCE = 900

PLAIN = [sys.executable]
WATCHED = [sys.executable, "-m", "descentry.cli", "run"]
REPORT = re.compile(r"^[✓✗!?•·–-]* ?(HEALTHY|ATTENTION|FAILING|NOT EXAMINED)  ", re.MULTILINE)

TRAINING = """
import sys
import torch
torch.manual_seed(1)
from torch.nn import Dropout, Linear, Sequential, Tanh
model = Sequential(Linear(4, 8), Dropout(0.2), Tanh(), Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)
def train(steps, after=lambda step: None):
    for step in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        print(repr(loss.item()), flush=True)
        after(step)
"""

# What is measured is then a matter of the script alone, and not of how busy the machine is.
FREELY = "from descentry.live import _schedule\n_schedule.ADVANCE = 3600.0\n"


def call(*words, given=""):
    return subprocess.run(
        [str(w) for w in words],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def start(*words):
    return subprocess.Popen(
        [str(w) for w in words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def values(name="loss", folder="runs/train"):
    return descentry.read(folder)[name].value.tolist()


def stored():
    """The losses on the disk so far, whatever the script is at."""
    try:
        return values()
    except (descentry.DescentryError, KeyError):
        return []


def same(*words, given="", plain=PLAIN):
    bare, watched = call(*plain, *words, given=given), call(*WATCHED, *words, given=given)
    assert watched.returncode == bare.returncode
    assert watched.stderr.startswith(bare.stderr)
    return bare.stdout, watched.stdout, watched.stderr[len(bare.stderr) :]
