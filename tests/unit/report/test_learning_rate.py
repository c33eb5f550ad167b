"""How a suggested learning rate shows itself."""

from __future__ import annotations

import json
import math
import sys
import types

import pytest

from descentry.core.learning_rate import LRSuggestion, RateTrial, Terrain
from descentry.report import learning_rate

FOUND = LRSuggestion(
    lr=0.0316,
    lrs=(0.0316, 0.00316),
    low=0.01,
    high=0.1,
    uncertainty=0.25,
    breaks=3.0,
    curve=(
        RateTrial(0.01, 20, 1.2, broke=False),
        RateTrial(0.0316, 40, 0.4, broke=False),
        RateTrial(0.1, 20, 2.1, broke=False),
        RateTrial(0.316, 3, math.inf, broke=True),
    ),
    ramp=((0.001, 2.3), (3.0, math.inf)),
    before=2.3,
    cost=88.7,
    terrain=Terrain(12.5, 0.3, 1.5),
    notes=("There was one batch only, which every step saw again.",),
)


def test_the_text_says_the_rate_the_range_and_what_it_cost():
    text = str(FOUND)
    assert text.startswith("Use a learning rate of 0.032; training works from 0.01 to 0.1.\n")
    for said in (
        "By group: 0.032, 0.0032",
        "ran away",
        "88.7 gradients",
        "stable below 0.3",
        "one batch only",
    ):
        assert said in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 100


def test_the_chosen_rate_is_marked_and_bars_are_as_long_as_losses_are_high():
    rows = [line for line in str(FOUND).splitlines() if "█" in line or "×" in line]
    assert [row.startswith("→") for row in rows] == [False, True, False, False]
    bars = [row.count("█") for row in rows[:3]]
    assert bars[1] < bars[0] < bars[2] <= learning_rate.BAR


def test_a_rate_that_came_down_from_one_that_ran_away_says_so_and_marks_its_trial():
    text = str(LRSuggestion(**{**_fields(FOUND), "lr": 0.0231}))
    assert "the larger rate is used, less 27%, as the next larger one ran away." in " ".join(text.split())
    assert next(row for row in text.splitlines() if row.startswith("→")).split()[1] == "0.032"
    assert "as the next larger one" not in str(FOUND)


def test_plain_data_is_strict_json():
    data = json.loads(json.dumps(FOUND.to_dict(), allow_nan=False))
    assert data["lrs"] == [0.0316, 0.00316]
    assert data["curve"][3] == {"rate": 0.316, "steps": 3, "loss": None, "broke": True}
    assert data["terrain"] == {"sharpness": 12.5, "edge": 0.3, "noise": 1.5}
    assert data["non_finite"]


def test_a_notebook_gets_html_that_is_escaped():
    html = LRSuggestion(**{**_fields(FOUND), "notes": ("<script>",)})._repr_html_()
    assert "<script>" not in html
    assert "Use a learning rate of 0.032" in html


def test_without_matplotlib_it_is_drawn_in_the_terminal(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert FOUND.plot() is None
    assert "→    0.032" in capsys.readouterr().out


def test_with_axes_it_is_drawn_on_them():
    class Axes:
        def __init__(self):
            self.calls = []

        def __getattr__(self, name):
            return lambda *args, **kwargs: self.calls.append((name, args, kwargs))

    axes = Axes()
    assert FOUND.plot(ax=axes) is axes
    called = {name: args for name, args, _ in axes.calls}
    assert called["plot"][:2] == ([0.01, 0.0316, 0.1], [1.2, 0.4, 2.1])
    assert called["set_xscale"] == ("log",)


def test_with_matplotlib_installed_a_figure_is_made(monkeypatch):
    made = types.SimpleNamespace()
    axes = types.SimpleNamespace(
        **dict.fromkeys(
            ("plot", "axvline", "axvspan", "axhline", "set_xscale", "set_xlabel", "set_ylabel", "legend"),
            lambda *args, **kwargs: None,
        )
    )
    made.figure = lambda: types.SimpleNamespace(add_subplot=lambda: axes)
    monkeypatch.setitem(sys.modules, "matplotlib", types.SimpleNamespace(pyplot=made))
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", made)
    assert FOUND.plot() is axes


def test_levels_that_are_all_the_same_still_have_a_bar():
    flat = LRSuggestion(
        **{
            **_fields(FOUND),
            "curve": (RateTrial(0.0316, 5, 2.3, broke=False),),
            "before": 2.3,
            "terrain": None,
        }
    )
    assert "█" in str(flat)


@pytest.mark.parametrize("before", [-3.0, 0.0])
def test_losses_below_zero_are_drawn(before):
    low = LRSuggestion(
        **{**_fields(FOUND), "curve": (RateTrial(0.0316, 5, before - 1, broke=False),), "before": before}
    )
    assert "█" in str(low)


def _fields(found):
    return {name: getattr(found, name) for name in LRSuggestion.__slots__}
