"""How sure it must be that something is wrong before a person is disturbed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchmarks._encoding import Floats, Sample
from benchmarks._surprise import Extra
from descentry.causes._entry import Cause
from descentry.causes._worlds import probabilities
from descentry.core.data import Diagnosis
from descentry.verdicts import calm, verdict

DISTURBED = 0.02  # of the healthy runs, at most
LEAST = 0.5  # however few are disturbed


def threshold(
    causes: Sequence[Cause], samples: Sequence[Sample], z: Floats, extra: Extra, *, watched: bool
) -> float:
    """The lowest probability of something being wrong that disturbs no more healthy runs than it may.

    Args:
        causes: That z is of.
        samples: The runs.
        z: Of each run and cause, by weights that have not seen its task [runs, causes].
        extra: What two causes, and one on no list, are worth.
        watched: Whether the runs were watched.
    """
    wrong, disturbed, count = [], 0, 0
    for sample, nats in zip(samples, z, strict=True):
        if "healthy" not in sample.given:
            continue
        said = _diagnosed(causes, sample, nats, extra)
        count += 1
        if verdict(sample.findings, True, said, watched=watched, sure=math.inf) != "healthy":
            disturbed += 1
        else:
            wrong.append(1 - calm(said))
    may = max(math.floor(DISTURBED * count) - disturbed, 0)
    # So many may be disturbed, the next one must not.
    least = np.sort(wrong)[::-1][may] if may < len(wrong) else LEAST
    return max(LEAST, math.floor(1000 * float(least) + 1) / 1000)


def _diagnosed(causes: Sequence[Cause], sample: Sample, nats: Floats, extra: Extra) -> list[Diagnosis]:
    """The diagnoses as a verdict looks at them: by cause, probability and concern."""
    by_cause = {cause.id: float(n) for cause, n in zip(causes, nats, strict=True)}
    well = all(finding.concern != "failing" for finding in sample.findings)
    likely = probabilities(by_cause, extra.two, extra.unlisted, well=well)
    return [Diagnosis(c.id, c.title, "undetermined", likely[c.id], concern=c.concern) for c in causes]
