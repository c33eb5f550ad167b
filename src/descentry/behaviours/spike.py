"""The loss shoots up and recovers.

## What it is

A short excursion far above the trend, after which the run goes on as if little had happened.

## How it shows

As needles on the curve, one point to a few hundredths of the run wide.

## How it is judged

At the full resolution of the log, whatever its length. A point belongs to a spike when it stands above its
neighbourhood by twelve robust standard deviations, by three times what the upper 2.5% of all points do (so
that batches which are often bad are called noise), and by a twentieth of the range of the curve. It has to
come back within a twentieth of the run: what stays a quarter as high is a jump to another level.

## When it is fine

Nearly always: large models show them throughout training, and recovery is the rule. Several in a row that
grow, or that get wider, announce a divergence.

## Sources

Chowdhery et al. 2022 (PaLM), §5.1; Zhang et al. 2022 (OPT), §2.5. Thresholds:
docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours._cases import bump, descend, explosion, noisy, white
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import confidence, metric, shown, steps
from descentry.core.data import Estimate, Finding, Floats
from descentry.core.ranks import median, quantile

SIGMAS = 12.0
TAIL = 3.0
SHARE = 0.05  # of the range
WIDEST = 0.05  # of the run
STAYS = 0.25  # of its height: what is still there within that time has not recovered


def find(curve: Curve) -> list[Finding]:
    """The spikes, the highest first mentioned; more than three are told together as one."""
    r = curve.reduced
    high = r.high
    cells = len(high)
    body_cells = cells if curve.body >= len(curve.level) else int(cells * curve.body / len(curve.level))
    trend, sigma = _surroundings(curve, cells)
    excess = (high - trend)[:body_cells]
    if body_cells < 8:
        return []
    tail = float(quantile(excess, 0.975)) if cells >= 80 else 0.0
    limit = np.maximum(SIGMAS * sigma[:body_cells], max(TAIL * tail, SHARE * curve.range, 1e-300))
    over = excess > limit
    if not over.any():
        return []
    groups = _groups(over, max(2, cells // 200))
    kept = [
        (a, b)
        for a, b in groups
        if b - a + 1 <= max(3, WIDEST * cells) and a > 0 and b < cells - 1 and _recovers(curve, a, b)
    ]
    if not kept:
        return []
    tops = [a + int(np.argmax(excess[a : b + 1])) for a, b in kept]
    order = sorted(range(len(kept)), key=lambda i: -excess[tops[i]])
    return _told(curve, kept, tops, order, excess, limit, trend)


def _told(
    curve: Curve,
    kept: list[tuple[int, int]],
    tops: list[int],
    order: list[int],
    excess: Floats,
    limit: Floats,
    trend: Floats,
) -> list[Finding]:
    r, step = curve.reduced, curve.series.step
    findings = []
    for i in sorted(order[:3]):
        a, b = int(step[r.cell_first[kept[i][0]]]), int(step[r.cell_last[kept[i][1]]])
        top = tops[i]
        back = "drops" if curve.rising else "jumps"
        sentence = (
            f"{metric(curve)} {back} from about {shown(curve, float(trend[top]))} "
            f"to {shown(curve, float(r.high[top]))} "
            f"at {steps(curve, a, b)} and recovers."
        )
        height = float(excess[top])
        size = Estimate(height, height - limit[top] / 6, height + limit[top] / 6, curve.series.name)
        findings.append(
            Finding(
                "spike", curve.series.name, a, b, size, confidence(float(height / limit[top]) + 0.5), sentence
            )
        )
    if len(kept) > 3:
        last = findings[-1]
        whole = steps(curve, int(step[r.cell_first[kept[0][0]]]), int(step[r.cell_last[kept[-1][1]]]))
        more = f" ({len(kept) - 3:,} smaller spikes more, {whole}.)"
        findings[-1] = Finding(
            last.behaviour,
            last.series,
            last.start,
            last.stop,
            last.size,
            last.confidence,
            last.sentence + more,
        )
    return findings


def _recovers(curve: Curve, a: int, b: int) -> bool:
    """Whether the level comes back after the cells a..b to what it was before them."""
    clean, cells = curve.clean, len(curve.reduced.high)
    first, last = a * len(clean) // cells, b * len(clean) // cells
    before = float(median(clean[max(0, first - 5) : max(1, first - 1)]))
    after = float(clean[last : last + max(4, round(WIDEST * len(clean))) + 1].min())
    return after - before <= STAYS * (float(curve.reduced.high[a : b + 1].max()) - before)


def _surroundings(curve: Curve, cells: int) -> tuple[Floats, Floats]:
    """For each cell the highest level of its bin and both neighbours, and the noise of a point."""
    clean = curve.clean
    around = np.maximum.reduce([clean, np.r_[clean[:1], clean[:-1]], np.r_[clean[1:], clean[-1:]]])
    bins = np.minimum(np.arange(cells) * len(clean) // cells, len(clean) - 1)
    return around[bins], np.maximum(curve.noise, curve.level_noise / np.sqrt(len(clean)))[bins]


def _groups(over: np.ndarray, gap: int) -> list[tuple[int, int]]:
    """Runs of true cells, joined across ``gap`` false ones."""
    at = np.flatnonzero(over)
    cuts = np.flatnonzero(np.diff(at) > gap)
    return [
        (int(a), int(b)) for a, b in zip(at[np.r_[0, cuts + 1]], at[np.r_[cuts, len(at) - 1]], strict=True)
    ]


BEHAVIOUR = Behaviour(
    id="spike",
    title="the loss shoots up and recovers",
    find=find,
    seen_in=(
        Case("one point", lambda: noisy(400) + bump(400, 250, 1, 8.0)),
        Case("five points of a long run", lambda: noisy(20_000) + bump(20_000, 9_000, 5, 8.0)),
    ),
    quiet_on=(
        Case("mini-batch noise", lambda: noisy(2_000, sigma=0.3)),
        Case(
            "noise with a heavy upper tail",
            lambda: descend(1_000) + np.abs(white(1_000, 0.3)) * (white(1_000, 1.0, 1) > 0.8),
        ),
        Case(
            "a step up that overshoots",
            lambda: noisy(500, sigma=0.03) + bump(500, 250, 250, 1.0) + bump(500, 250, 8, 2.0),
        ),
        Case("an explosion", lambda: [*descend(100), *explosion(20, start=0.2)]),
    ),
    exempt={"subsampling": "a spike between two logged points is not in the log"},
)
