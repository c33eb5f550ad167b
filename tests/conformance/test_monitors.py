"""What every monitor must do, tried on the streams that it carries itself."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from descentry.control import monitors
from descentry.core.errors import DescentryError

ENTRIES = monitors.entries()
MODULES = monitors.modules()
HEADINGS = [
    "What it is", "How it is judged", "What is promised", "What is only measured", "When it is fine",
    "Limits", "Sources",
]  # fmt: skip
LOUD = [(m, case) for m in ENTRIES.values() for case in m.alarms_on]
QUIET = [(m, case) for m in ENTRIES.values() for case in m.quiet_on]
every_monitor = pytest.mark.parametrize("monitor", ENTRIES.values(), ids=lambda m: m.id)


def alarms(watch, values, first=0):
    found = (watch.update(t, v) for t, v in enumerate(np.asarray(values, dtype=float).tolist(), first))
    return [alarm for alarm in found if alarm is not None]


def name(pair):
    return f"{pair[0].id}: {pair[1].name}"


@pytest.mark.parametrize("pair", LOUD, ids=name)
def test_alarms_in_its_cases_and_not_before(pair):
    monitor, case = pair
    first = alarms(monitor.start(), case.values())[0]
    assert first.monitor == monitor.id
    assert case.from_step <= first.step
    assert first.onset <= first.step
    assert first.evidence >= first.needed
    assert re.search(r"\d", first.sentence)
    assert first.sentence.endswith(".")


@pytest.mark.parametrize("pair", QUIET, ids=name)
def test_is_quiet_on_its_confusables(pair):
    monitor, case = pair
    assert alarms(monitor.start(), case.values()) == []


@every_monitor
def test_keeps_its_word_under_its_null(monitor):
    wrong = sum(bool(alarms(monitor.start(alpha=0.05), monitor.null(seed))) for seed in range(100))
    assert wrong <= 10  # more than that has probability below 0.012 at 5%


@pytest.mark.parametrize("factor", [1e-6, 1e6])
@pytest.mark.parametrize("pair", LOUD + QUIET, ids=name)
def test_rescaling_the_loss_changes_nothing(pair, factor):
    monitor, case = pair
    values = np.asarray(case.values(), dtype=float)
    plain, scaled = (alarms(monitor.start(), v) for v in (values, factor * values))
    assert [(a.step, a.onset) for a in plain] == [(a.step, a.onset) for a in scaled]


@pytest.mark.parametrize("pair", LOUD, ids=name)
def test_goes_on_from_its_state_as_if_nothing_had_happened(pair):
    monitor, case = pair
    values = np.asarray(case.values(), dtype=float).tolist()
    whole = alarms(monitor.start(), values)
    for cut in (0, 3, len(values) // 3, whole[0].step, whole[0].step + 1):
        watch = monitor.start()
        found = alarms(watch, values[:cut])
        state = json.loads(json.dumps(watch.to_dict(), allow_nan=False))
        resumed = monitor.restore(state)
        assert resumed.to_dict() == watch.to_dict()
        assert found + alarms(resumed, values[cut:], cut) == whole


@every_monitor
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_left_to_their_own_monitor(monitor, bad):
    watch = monitor.start()
    values = monitor.null(0).tolist()
    values[50] = values[200] = values[201] = bad
    found = [a.step for a in alarms(watch, values)]
    assert found == ([50, 200] if monitor.id == "non-finite" else [])


@every_monitor
def test_its_memory_does_not_grow(monitor):
    watch = monitor.start()
    values = 1.0 + 0.1 * np.random.default_rng(1).normal(size=12_000)
    sizes = []
    for part in np.split(values, 4):
        alarms(watch, part)
        sizes.append(len(json.dumps(watch.to_dict())))
    assert sizes[-1] < 1.5 * sizes[0] + 2000
    assert sizes[-1] < 20_000


@every_monitor
@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_alpha_has_to_be_a_probability(monitor, alpha):
    with pytest.raises(DescentryError, match="between 0 and 1"):
        monitor.start(alpha=alpha)


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_page_and_entry_are_complete(module):
    entry = module.MONITOR
    assert entry.id == module.__name__.rsplit(".", 1)[-1].replace("_", "-")
    assert re.findall(r"^## (.+)$", module.__doc__, re.MULTILINE) == HEADINGS
    assert module.__doc__.splitlines()[0].endswith(".")
    assert entry.alarms_on
    assert entry.quiet_on
