"""The demo goes the whole way: sick, explained, tried, repaired."""

import subprocess
import sys

import pytest
import torch

from descentry import cli
from descentry.trials.demo import Wines


@pytest.mark.slow
def test_the_demo_finds_the_cause_tries_the_remedies_and_repairs_the_training(capsys):
    torch.set_num_threads(1)
    assert cli.main(["demo"]) == 0
    shown = capsys.readouterr().out
    assert "The inputs are not scaled." in shown
    assert "✓ HELPS\nStandardising the inputs" in shown
    first, again = (shown.index(word) for word in ("! ATTENTION", "✓ HEALTHY"))
    assert first < again
    before, now = (int(part.split()[-1]) for part in shown.split(" of 44")[:2])
    assert before < 25
    assert now > 40


def test_the_task_is_the_same_to_the_bit_each_time():
    def losses():
        found = []
        Wines().train(20, lambda step, loss: found.append(float(loss)))
        return found

    torch.manual_seed(5)
    first = losses()
    torch.manual_seed(6)
    assert losses() == first


def test_where_torch_is_missing_the_demo_says_how_to_get_it():
    code = "import sys; sys.modules['torch'] = None; from descentry import cli; sys.exit(cli.main(['demo']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "descentry demo: PyTorch is needed" in done.stderr
