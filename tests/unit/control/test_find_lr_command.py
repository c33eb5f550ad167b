"""``descentry find-lr``: a function in a file, and what is said of it."""

from __future__ import annotations

import json
import sys

import pytest

from descentry import cli

SETUP = """
import torch


def setup():
    x = torch.randn(160, 4)
    y = (x[:, 0] > 0).long()
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
    batches = list(zip(x.split(16), y.split(16)))
    return model, optimizer, batches, lambda m, b: torch.nn.functional.cross_entropy(m(b[0]), b[1])


def named():
    return dict(zip(("model", "optimizer", "batches", "compute_loss"), setup()))


def wants(an_argument):
    pass


def fails():
    raise ValueError("not today")


def short():
    return setup()[:2]


def odd():
    return {**named(), "rate": 1}


if __name__ == "__main__":
    raise SystemExit("this is not to be run")
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "my_training.py"
    path.write_text(SETUP, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield str(path)
    sys.modules.pop("my_training", None)


def run(capsys, *words):
    code = cli.main(["find-lr", *words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_it_says_which_rate_to_use_and_why(file, capsys):
    code, out, _ = run(capsys, f"{file}:setup")
    assert code == 0
    assert out.startswith("Use a learning rate of ")
    assert "How it was judged" in out
    assert "→" in out


def test_json_holds_the_same_and_a_seed_repeats_it(file, capsys):
    first = json.loads(run(capsys, f"{file}:named", "--json", "--seed", "3")[1])
    again = json.loads(run(capsys, f"{file}:setup", "--json", "--seed", "3")[1])
    assert first == again
    assert first["schema"] == "descentry.learning-rate/1"
    assert first["low"] <= first["lr"] <= first["high"]
    assert first["cost"] <= 100
    assert first["terrain"] is None


def test_the_terrain_is_measured_when_it_is_asked_for(file, capsys):
    out = run(capsys, f"{file}:setup", "--terrain", "--budget", "130")[1]
    assert "The sharpness is " in out
    assert "noise" in out


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("setpu", "Did you mean 'setup'?"),
        ("wants", "the function wants arguments"),
        ("fails", "the function failed: ValueError: not today, in "),
        ("short", "the function returned tuple of 2"),
        ("odd", "the function returned a dict with rate"),
    ],
)
def test_a_mistake_is_told_with_the_way_to_mend_it(file, capsys, function, said):
    code, out, err = run(capsys, f"{file}:{function}")
    assert code == cli.USER_ERROR
    assert not out
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize("target", [None, "{}", "{}:", "nothing.py:setup"])
def test_what_names_no_function_is_told(file, capsys, target):
    words = [] if target is None else [target.format(file)]
    code, _, err = run(capsys, *words)
    assert code == cli.USER_ERROR
    assert "descentry find-lr train.py:setup" in err


def test_a_file_that_cannot_be_imported_is_told_with_the_line(tmp_path, capsys):
    path = tmp_path / "broken_training.py"
    path.write_text("x = 1\ny = x.nothing\n", encoding="utf-8")
    code, _, err = run(capsys, f"{path}:setup")
    sys.modules.pop("broken_training", None)
    assert code == cli.USER_ERROR
    assert "importing it failed: AttributeError" in err
    assert f"in {path}, line 2" in err
