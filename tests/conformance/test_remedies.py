"""What every remedy must do, tried on runs of many kinds."""

from __future__ import annotations

import json
import math
import re
import typing

import numpy as np
import pytest

from descentry.causes._cases import descend, noisy, run, white
from descentry.core import catalog, data
from descentry.story import facts_of

ENTRIES = catalog.entries("remedies")
MODULES = catalog.modules("remedies")
CAUSES = catalog.entries("causes")
HEADINGS = ["What it changes", "How it is sized", "When not", "What to look for", "Sources"]
NAN = float("nan")

RUNS = {
    "a loss alone": lambda: run(noisy(300)),
    "three points": lambda: run([3.0, 2.0, 1.0]),
    "one point": lambda: run([1.0]),
    "nothing but NaN": lambda: run([NAN] * 20),
    "a blow-up": lambda: run([2.3, 40.0, 9e3, 7e6, 1e12, *[NAN] * 30], lr=3.0, optimizer="SGD"),
    "a log with its settings": lambda: run(
        noisy(300),
        logged={"lr": [0.1] * 150 + [0.01] * 150, "grad_norm": 2.0},
        optimizer="AdamW",
        betas=(0.9, 0.99),
        weight_decay=0.1,
        batch_size=8,
        dropout=0.6,
        maximize=True,
    ),
    "a log whose rate ran out": lambda: run(noisy(300), logged={"lr": [0.1, *[1e-6] * 29]}),
    "a watched run": lambda: run(
        [*descend(200), *[NAN] * 20],
        {
            "learning-rate": 0.05,
            "learning-rate/weight-decay": 0.5,
            "learning-rate/momentum": 0.0,
            "gradient-norm": [*np.exp(white(18, 0.3)), NAN, NAN],
            "sharpness/stability": 0.01,
            "update-ratio": 1e-5,
            "noise-scale/signal": 0.01,
            "noise-scale/noise": 10.0,
            "batch-size": 32.0,
            "regularisation/pull": 2.0,
            "regularisation/dropout": 0.9,
            "weights/scale/a.weight": 9.0,
            "weights/scale/b.weight": 9.0,
            "dead-units/a": 0.9,
            "dead-units/a/examples": 500.0,
            "output-check/log-of-zero": 0.2,
        },
        optimizer="SGD",
    ),
    "a watched run in which everything was NaN or zero": lambda: run(
        noisy(100),
        {
            "learning-rate": 0.0,
            "gradient-norm": 0.0,
            "sharpness/stability": 0.0,
            "update-ratio": [NAN] * 5,
            "noise-scale/signal": 0.0,
            "noise-scale/noise": 0.0,
            "batch-size": 1.0,
            "weights/scale/a.weight": 0.0,
            "weights/scale/b.weight": 0.0,
            "dead-units/a": [NAN] * 5,
        },
    ),
}

every_remedy = pytest.mark.parametrize("remedy", ENTRIES.values(), ids=lambda r: r.id)


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_page_and_entry_are_complete(module):
    remedy = module.REMEDY
    assert remedy.id == module.__name__.rsplit(".", 1)[-1].replace("_", "-")
    assert re.findall(r"^## (.+)$", module.__doc__, re.MULTILINE) == HEADINGS
    assert module.__doc__.splitlines()[0].endswith(".")
    assert all(re.search(rf"^## {h}\n\n(?!## )\s*\S", module.__doc__, re.MULTILINE) for h in HEADINGS)


@every_remedy
def test_some_cause_asks_for_it(remedy):
    assert any(remedy.id in cause.remedies for cause in CAUSES.values())


@every_remedy
@pytest.mark.parametrize("make", RUNS.values(), ids=list(RUNS))
def test_it_is_sized_for_any_run(remedy, make):
    with np.errstate(all="raise"):
        found = remedy.size(facts_of(make(), metric="loss"))
    if found is None:
        return
    assert found.id == remedy.id
    assert found.safety in typing.get_args(data.Safety)
    for text in (found.sentence, found.look_for):
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"\b(nan|inf)\b", text)
    numbers = [v for v in found.change.values() if isinstance(v, float)]
    assert all(math.isfinite(n) for n in numbers)
    json.dumps(dict(found.change), allow_nan=False)


@every_remedy
def test_it_applies_somewhere(remedy):
    assert any(remedy.size(facts_of(make(), metric="loss")) is not None for make in RUNS.values())
