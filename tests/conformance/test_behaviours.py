"""What every behaviour must do, tried on the cases that it carries itself.

A behaviour is exempt from a check by naming it, with the reason, in ``Behaviour.exempt``: ``subsampling``.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

import descentry
from descentry.core import catalog

ENTRIES = catalog.entries("behaviours")
MODULES = catalog.modules("behaviours")
CHECKS = {"subsampling"}
HEADINGS = ["What it is", "How it shows", "How it is judged", "When it is fine", "Sources"]
SEEN = [(b.id, case) for b in ENTRIES.values() for case in b.seen_in]
QUIET = [(b.id, case) for b in ENTRIES.values() for case in b.quiet_on]


def behaviours(case, transform=lambda values: values, metric="loss"):
    logged = {metric: transform(np.asarray(case.values(), dtype=float))}
    if case.validation is not None:
        logged[f"val_{metric}"] = transform(np.asarray(case.validation(), dtype=float))
    report = descentry.explain({"step": np.arange(len(logged[metric])), **logged}, metric=metric)
    return {finding.behaviour for finding in report.findings}


def name(pair):
    return f"{pair[0]}: {pair[1].name}"


@pytest.mark.parametrize("pair", SEEN, ids=name)
def test_is_seen_in_its_cases(pair):
    behaviour, case = pair
    assert behaviour in behaviours(case)


@pytest.mark.parametrize("pair", QUIET, ids=name)
def test_is_quiet_on_its_confusables(pair):
    behaviour, case = pair
    assert behaviour not in behaviours(case)


@pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0.0), (1e6, 0.0), (1.0, 100.0), (3.0, -50.0)])
@pytest.mark.parametrize("pair", SEEN + QUIET, ids=name)
def test_rescaling_or_shifting_the_loss_changes_nothing(pair, factor, shift):
    _, case = pair
    assert behaviours(case, lambda v: factor * v + shift) == behaviours(case)


@pytest.mark.parametrize("pair", SEEN, ids=name)
def test_a_metric_that_rises_is_judged_by_its_mirror_image(pair):
    behaviour, case = pair
    assert behaviour in behaviours(case, lambda v: -v, metric="accuracy")


@pytest.mark.parametrize("pair", SEEN, ids=name)
def test_logging_half_as_often_changes_nothing(pair):
    behaviour, case = pair
    if "subsampling" in ENTRIES[behaviour].exempt:
        pytest.skip(ENTRIES[behaviour].exempt["subsampling"])
    assert behaviour in behaviours(case, lambda v: v[::2])


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_page_and_entry_are_complete(module):
    entry = module.BEHAVIOUR
    assert entry.id == module.__name__.rsplit(".", 1)[-1].replace("_", "-")
    assert re.findall(r"^## (.+)$", module.__doc__, re.MULTILINE) == HEADINGS
    assert entry.seen_in
    assert entry.quiet_on
    assert set(entry.exempt) <= CHECKS
    assert module.__doc__.splitlines()[0].endswith(".")


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda e: e.id)
def test_findings_say_where_and_in_words(entry):
    case = entry.seen_in[0]
    logged = {"loss": np.asarray(case.values(), dtype=float)}
    if case.validation is not None:
        logged["val_loss"] = np.asarray(case.validation(), dtype=float)
    n = len(logged["loss"])
    report = descentry.explain({"step": np.arange(n) * 10, **logged})
    for finding in report.findings:
        assert 0 <= finding.start <= finding.stop <= 10 * (n - 1)
        assert 0.0 < finding.confidence <= 1.0
        assert re.search(r"\d", finding.sentence)
        if finding.size is not None:
            assert finding.size.low <= finding.size.value <= finding.size.high
    advised = [f for f in report.findings if ENTRIES[f.behaviour].advice]
    if any(f.concern != "none" for f in advised):
        cured = any(d.remedies for d in report.diagnoses if d.status == "supported")
        assert cured or ENTRIES[advised[0].behaviour].advice in report.next_steps
