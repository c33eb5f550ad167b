"""The plain PyTorch scripts in examples/ train, and what is said of them under `descentry run` is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn", reason="the data come with scikit-learn")
pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ["char_transformer", "digits_mlp", "linear_regression", "logistic_regression", "small_cnn"]


def run(name, folder, *options):
    words = [sys.executable, "-m", "descentry.cli", "run", "-q", "--run-dir", folder, EXAMPLES / f"{name}.py"]
    return subprocess.run(
        [str(w) for w in [*words, *options]],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        timeout=900,
        check=True,
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_example_learns_and_is_not_called_failing(name, tmp_path):
    done = run(name, tmp_path)
    losses = [float(v) for v in re.findall(r"loss (\S+)", done.stdout)]
    assert losses[-1] < 0.7 * losses[0]
    assert re.search("HEALTHY|ATTENTION", done.stderr), done.stderr


@pytest.mark.parametrize(("name", "rate"), [("digits_mlp", "1e30"), ("linear_regression", "1e4")])
def test_an_absurd_learning_rate_is_called_failing(name, rate, tmp_path):
    assert "FAILING" in run(name, tmp_path, "--lr", rate).stderr
