"""A suggestion for the learning rate as text, for a notebook, as plain data, and as a drawing."""

from __future__ import annotations

import math
import sys
from typing import Any

import descentry
from descentry.core.learning_rate import LRSuggestion, RateTrial
from descentry.report._lines import Line, Span, ascii_only, hanging, plain
from descentry.report._sections import e
from descentry.report._words import count, number
from descentry.report.json import strict

SCHEMA = "descentry.learning-rate/1"
WIDTH, MIN_WIDTH = 100, 80
BAR = 40


def rate(value: float) -> str:
    """A learning rate, to two digits.

    >>> rate(0.0316), rate(3.1e-5), rate(2.0)
    ('0.032', '3.1e-05', '2')
    """
    return f"{value:.2g}"


def headline(found: LRSuggestion) -> str:
    """The rate and the range, in a sentence."""
    low, high = rate(found.low), rate(found.high)
    return f"Use a learning rate of {rate(found.lr)}; training works from {low} to {high}."


def render(found: LRSuggestion, *, width: int = WIDTH) -> str:
    """The suggestion as plain text, at least 80 cells wide, without colour."""
    return plain(page(found, max(width, MIN_WIDTH)))


def page(found: LRSuggestion, width: int = WIDTH) -> list[Line]:
    """Lines of styled text: the suggestion, the trials by rate, how it was judged."""
    lines: list[Line] = hanging([], headline(found), width, "headline")
    if len(set(found.lrs)) > 1:
        lines += hanging([], f"By group: {', '.join(rate(r) for r in found.lrs)}.", width)
    lines += [[], *drawing(found, width), [], [Span("How it was judged", "heading")]]
    for text in (judged(found), ground(found), *found.notes):
        if text:
            lines += hanging([Span("  ")], text, width)
    return lines


def drawing(found: LRSuggestion, width: int = WIDTH) -> list[Line]:
    """The trials from the smallest rate to the largest, each with a bar as long as its loss is high."""
    levels = [t.loss for t in found.curve if not t.broke]
    low, high = (
        min([*levels, found.before]),
        max([found.before, *(x for x in levels if x <= 2 * _top(found))]),
    )
    room = max(10, min(BAR, width - 40))
    best = _best(found)
    lines: list[Line] = [[Span(f"  {'rate':>8}  {'steps':>5}  {'loss':>9}", "quiet")]]
    for trial in found.curve:
        chosen = trial is best
        lead = Span("→ " if chosen else "  ", "good" if chosen else "")
        text = f"{rate(trial.rate):>8}  {trial.steps:>5}  "
        if trial.broke:
            lines.append([lead, Span(f"{text}{'ran away':>9}  ", "quiet"), Span("×" * 3, "failing")])
            continue
        share = min(1.0, (trial.loss - low) / (high - low)) if high > low else 0.0
        style = "headline" if chosen else ""
        lines.append(
            [
                lead,
                Span(f"{text}{number(trial.loss):>9}  ", style),
                Span("█" * max(1, round(room * share)), "curve"),
            ]
        )
    return lines


def _best(found: LRSuggestion) -> RateTrial:
    """The trial whose rate is used, or was before it came down from a larger one that ran away."""
    return min(found.curve, key=lambda trial: (trial.broke, abs(math.log(trial.rate / found.lr))))


def _top(found: LRSuggestion) -> float:
    return found.before if found.before > 0 else math.inf


def judged(found: LRSuggestion) -> str:
    """What was compared, and what it cost."""
    trials, most = count(len(found.curve), "short training"), max(t.steps for t in found.curve)
    text = (
        f"{trials} from the same start on the same batches; the best went on to {most} steps, and of "
        f"about equals the larger rate is used{_margin(found)}. The loss is the mean of a trial's last "
        f"quarter; before training it was {number(found.before)}. A ramp of rates broke at "
        f"{rate(found.breaks)}. The rate is known to a factor of {10**found.uncertainty:.2g} either way; "
        f"short trials cannot see what happens late. {number(round(found.cost, 1))} gradients."
    )
    return f"{text} {found.kept} steps of them are kept." if found.kept else text


def _margin(found: LRSuggestion) -> str:
    part = 1 - found.lr / _best(found).rate
    return f", less {part:.0%}, as the next larger one ran away" if part > 0.005 else ""


def ground(found: LRSuggestion) -> str:
    """Sharpness and noise in words; empty where they were not measured."""
    if found.terrain is None:
        return ""
    parts = []
    terrain = found.terrain
    if math.isfinite(terrain.sharpness):
        text = f"The sharpness is {number(terrain.sharpness)} at least"
        if terrain.edge is not None:
            times = found.lr / terrain.edge
            text += (
                f", so that steps on a quadratic would be stable below {rate(terrain.edge)}; the rate is "
                f"{times:.2g} times that"
            )
        parts.append(f"{text}.")
    if not math.isnan(terrain.noise):
        parts.append(
            "The gradient of a batch is not told from its noise."
            if math.isinf(terrain.noise)
            else f"A batch's gradient holds {number(terrain.noise)} times as much noise as signal, squared."
        )
    return " ".join(parts)


def inline(found: LRSuggestion) -> str:
    """For a notebook: HTML without anything from elsewhere."""
    return f'<pre class="descentry-learning-rate" style="line-height:1.2">{e_lines(render(found))}</pre>'


def e_lines(text: str) -> str:
    """Text with its lines kept, safe for HTML."""
    return "\n".join(e(line) if line.strip() else "" for line in text.split("\n"))


def plot(found: LRSuggestion, ax: Any = None) -> Any:
    """Draws with matplotlib where it is installed, or else in the terminal; returns the axes, or None."""
    if ax is None:
        try:
            import matplotlib.pyplot as plt  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError:
            text = plain(drawing(found))
            encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
            print(text if encoding.startswith("utf") else ascii_only(text))
            return None
        ax = plt.figure().add_subplot()
    whole = [t for t in found.curve if not t.broke]
    ax.plot([t.rate for t in whole], [t.loss for t in whole], "o-", label="short trainings")
    for trial in found.curve:
        if trial.broke:
            ax.axvline(trial.rate, color="tab:red", alpha=0.3)
    ax.axvspan(found.low, found.high, alpha=0.1, label="training works")
    ax.axvline(found.lr, color="tab:green", label=f"use {rate(found.lr)}")
    ax.axhline(found.before, color="grey", linestyle=":", label="before training")
    ax.set_xscale("log")
    ax.set_xlabel("learning rate")
    ax.set_ylabel("loss at the end of a trial")
    ax.legend()
    return ax


def to_dict(found: LRSuggestion) -> dict[str, Any]:
    """Plain data; numbers that are not finite are None, and named in ``non_finite``."""
    terrain = found.terrain
    return strict(
        {
            "schema": SCHEMA,
            "descentry": descentry.__version__,
            "headline": headline(found),
            "lr": found.lr,
            "lrs": list(found.lrs),
            "low": found.low,
            "high": found.high,
            "uncertainty": found.uncertainty,
            "breaks": found.breaks,
            "curve": [_trial(t) for t in found.curve],
            "ramp": [{"rate": r, "loss": loss} for r, loss in found.ramp],
            "before": found.before,
            "cost": found.cost,
            "kept": found.kept,
            "scheduled": found.scheduled,
            "terrain": None
            if terrain is None
            else {"sharpness": terrain.sharpness, "edge": terrain.edge, "noise": terrain.noise},
            "notes": list(found.notes),
        }
    )


def _trial(trial: RateTrial) -> dict[str, Any]:
    return {"rate": trial.rate, "steps": trial.steps, "loss": trial.loss, "broke": trial.broke}
