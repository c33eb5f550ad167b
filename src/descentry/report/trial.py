"""A trial of remedies as text, for a notebook, and as plain data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from rich.cells import cell_len

import descentry
from descentry.core.data import Estimate, Floats, Series
from descentry.core.trial import Arm, Trial
from descentry.report._braille import curve
from descentry.report._lines import Line, Span, fitted, hanging, plain
from descentry.report._scale import Scale, scale_for
from descentry.report._sections import e
from descentry.report._words import count
from descentry.report.json import strict

SCHEMA = "descentry.trial/1"
WIDTH, MIN_WIDTH = 100, 80
SPARK = 12
MARKS = {
    "control": (" ", "", "as it is"),
    "better": ("✓", "good", "better"),
    "undetermined": ("?", "unknown", "not told"),
    "no gain": ("·", "quiet", "no gain"),
    "worse": ("✗", "failing", "worse"),
    "passed over": ("·", "quiet", "passed over"),
}


def render(trial: Trial, *, width: int = WIDTH) -> str:
    """The trial as plain text, at least 80 cells wide, without colour."""
    return plain(page(trial, max(width, MIN_WIDTH)))


def page(trial: Trial, width: int) -> list[Line]:
    """Lines of styled text."""
    helped = trial.best is not None
    mark = MARKS["better" if helped else "undetermined"]
    lines: list[Line] = [[Span(f"{mark[0]} {'HELPS' if helped else 'NO HELP'}", mark[1])]]
    lines += hanging([], trial.headline, width, "headline")
    lines += [[], *_table(trial, width), [], [Span("How it was judged", "heading")]]
    lines += hanging([Span("  ")], judged(trial), width)
    for note in trial.notes:
        lines += hanging([Span("  ")], note, width)
    if trial.untried:
        lines += [[], [Span("Not tried", "heading")]]
        for remedy, why in trial.untried:
            lines += hanging([Span("  • ")], f"{remedy}: {why}.", width)
    if trial.best is not None:
        lines += [[], [Span("To apply it", "heading"), Span(f'  trial.apply("{trial.best.id}")')]]
        if trial.best.by_hand:
            lines += hanging([Span("  ")], trial.best.by_hand, width, "quiet")
    return lines


def judged(trial: Trial) -> str:
    """What was compared, how often, and what it cost."""
    held = count(trial.held_back, "held back batch", "held back batches")
    mended = ""
    if any(arm.judged_by for arm in trial.arms):
        mended = (
            " In brackets: the control arm by the loss of the arm beside it, as the present one cannot tell."
        )
    on = held if trial.held_back else "the batch that all arms train on"
    return (
        f"Loss on {on}, the mean of looks over the last fifth of {trial.steps:,} steps. "
        f"{count(trial.seeds, 'seed')}: orders of "
        f"{count(trial.batches, 'batch', 'batches')}, the same for every arm. Before any step it was "
        f"{short(trial.start)}. ± is a 95% interval for all arms together, however often one looks; it "
        f"covers the order of the batches and random numbers, not other data. {trial.stopped} "
        f"{round(trial.gradients):,} gradients.{mended}"
    )


def _table(trial: Trial, width: int) -> list[Line]:
    """A row for each arm; the small curves give way where there is no room for titles beside them."""
    scale = scale_for(np.concatenate([arm.curve for arm in trial.arms]))
    longest = max(cell_len(arm.title) for arm in trial.arms)
    heads = ("loss", "difference", "", "training")
    rows = [(level(arm), change(arm), MARKS[arm.outcome][2], _sparked(arm, scale)) for arm in trial.arms]
    sizes = [max(cell_len(r[i]) for r in [heads, *rows]) for i in range(4)]
    if longest + 2 + sum(2 + s for s in sizes) > width:
        sizes = sizes[:3]
    room = max(20, min(width - 2 - sum(2 + s for s in sizes), longest))

    def cells(row: tuple[str, ...]) -> str:
        pairs = zip(row, sizes, strict=False)
        return "  ".join(fitted(c, s, right=i < 2) for i, (c, s) in enumerate(pairs))

    lines: list[Line] = [[Span(f"  {fitted('arm', room)}  {cells(heads)}", "quiet")]]
    for arm, row in zip(trial.arms, rows, strict=True):
        symbol, tone, _ = MARKS[arm.outcome]
        quiet = "quiet" if tone == "quiet" else ""
        lines.append([Span(f"{symbol} ", tone), Span(f"{fitted(arm.title, room)}  {cells(row)}", quiet)])
    return lines


def _sparked(arm: Arm, scale: Scale | None) -> str:
    length = len(arm.curve)
    series = Series("loss", "train", np.arange(length), arm.curve)
    return curve(series, scale, SPARK, 1, 0, max(1, length - 1))[0][0] if length else ""


def level(arm: Arm) -> str:
    """Where its seeds ended; in brackets the control arm, where both are judged by a loss that was mended."""
    text = _level(arm.loss)
    return f"{text} ({_level(arm.control)})" if arm.judged_by and text else text


def _level(losses: Floats) -> str:
    run = losses[~np.isnan(losses)]
    if not run.size:
        return ""
    return short(float(run.mean())) if np.isfinite(run).all() else "ran away"


def change(arm: Arm) -> str:
    """The paired difference with its interval, where it means something."""
    pairs = np.concatenate([arm.loss, arm.control])
    if arm.effect is None or np.isinf(pairs).any():
        return ""
    half = arm.effect.high - arm.effect.value
    told = arm.effect.low > 0 or arm.effect.high < 0
    if not told and arm.ratio is not None and (arm.ratio.low > 1 or arm.ratio.high < 1):
        return f"× {short(arm.ratio.value)}"
    if not math.isfinite(half):
        return signed(arm.effect.value)
    if half == 0:
        return f"{signed(arm.effect.value)} ± 0"
    places = max(0, min(8, 1 - math.floor(math.log10(half))))
    return f"{signed(arm.effect.value, places)} ± {half:,.{places}f}"


def signed(value: float, places: int | None = None) -> str:
    """A difference, with its sign."""
    text = short(value) if places is None else f"{round(value, places) + 0.0:,.{places}f}".replace("-", "−")
    return text if text.startswith("−") else f"+{text}"


def short(value: float) -> str:
    """Three digits, as a person writes them."""
    text = f"{value:,.0f}" if 999.5 <= abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", "−")


def inline(trial: Trial) -> str:
    """A table for a notebook: no scripts, and no style that could reach the rest of it."""
    head = "".join(f"<th>{h}</th>" for h in ("", "Arm", "Loss", "Difference", "", "Id"))
    rows = "".join(
        f"<tr><td>{MARKS[a.outcome][0]}</td><td style='text-align:left'>{e(a.title)}</td><td>{level(a)}</td>"
        f"<td>{change(a)}</td><td>{MARKS[a.outcome][2]}</td><td><code>{e(a.id)}</code></td></tr>"
        for a in trial.arms
    )
    left = "".join(f"<li>{e(remedy)}: {e(why)}</li>" for remedy, why in trial.untried)
    return (
        f'<div style="max-width:900px;line-height:1.5"><p><strong>{e(trial.headline)}</strong></p>'
        f"<table><tr>{head}</tr>{rows}</table><p>{e(judged(trial))}</p>"
        + "".join(f"<p>{e(note)}</p>" for note in trial.notes)
        + (f"<p>Not tried:</p><ul>{left}</ul>" if left else "")
        + "</div>"
    )


def to_dict(trial: Trial) -> dict[str, Any]:
    """Dicts, lists, strings, finite numbers and None; what was not finite is listed in ``non_finite``."""
    return strict(
        {
            "schema": SCHEMA,
            "descentry": descentry.__version__,
            "headline": trial.headline,
            "best": None if trial.best is None else trial.best.id,
            "arms": [_arm(arm) for arm in trial.arms],
            "steps": trial.steps,
            "seeds": trial.seeds,
            "batches": trial.batches,
            "held_back": trial.held_back,
            "start": trial.start,
            "gradients": trial.gradients,
            "stopped": trial.stopped,
            "untried": [{"remedy": remedy, "why": why} for remedy, why in trial.untried],
            "notes": list(trial.notes),
        }
    )


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "id": arm.id,
        "title": arm.title,
        "remedy": arm.remedy,
        "outcome": arm.outcome,
        "sentence": arm.sentence,
        "loss": arm.loss.tolist(),
        "control": arm.control.tolist(),
        "curve": arm.curve.tolist(),
        "effect": _estimate(arm.effect),
        "ratio": _estimate(arm.ratio),
        "gradients": arm.gradients,
        "judged_by": arm.judged_by,
        "by_hand": arm.by_hand,
    }


def _estimate(size: Estimate | None) -> dict[str, Any] | None:
    if size is None:
        return None
    return {"value": size.value, "low": size.low, "high": size.high, "unit": size.unit}
