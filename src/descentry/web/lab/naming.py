"""Curves of the lab, named by the code that reads real runs: the same behaviours, verdicts and causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from descentry import story
from descentry.core.data import Floats, Report, Run, Series

MOST_CAUSES = 3


def run_of(loss: Floats, config: Mapping[str, Any] | None = None, validation: Floats | None = None) -> Run:
    """A run as a log of it would give it: the loss of every step, and the settings that are known."""
    series = [Series("loss", "train", np.arange(len(loss)), loss)]
    if validation is not None:
        series.append(Series("val_loss", "validation", np.arange(len(validation)), validation))
    return Run("lab", "lab", tuple(series), dict(config or {}))


def explained(loss: Floats, config: Mapping[str, Any] | None = None) -> Report:
    """The whole story; some 20 ms."""
    return story.explain(run_of(loss, config))


def behaviours(loss: Floats) -> tuple[str, ...]:
    """What a curve does, by the ids of its behaviours in their order; some 10 ms."""
    return tuple(dict.fromkeys(f.behaviour for f in story.facts_of(run_of(loss)).findings))


def told(report: Report) -> dict[str, Any]:
    """What the page shows of a report."""
    return {
        "verdict": report.verdict,
        "headline": report.headline,
        "phases": [
            {
                "behaviour": f.behaviour,
                "start": f.start,
                "stop": f.stop,
                "sentence": f.sentence,
                "concern": f.concern,
                "confidence": f.confidence,
            }
            for f in report.findings
        ],
        "convergence": {
            "status": report.convergence.status,
            "sentence": report.convergence.sentence,
            "since": report.convergence.since,
        },
        "causes": _causes(report),
        "not_examined": list(report.not_examined),
    }


def _causes(report: Report) -> list[dict[str, Any]]:
    shown: Sequence[Any] = [d for d in report.diagnoses if d.status == "supported"][:MOST_CAUSES]
    return [
        {
            "cause": d.cause,
            "title": d.title,
            "probability": d.probability,
            "evidence": [e.sentence for e in d.evidence if e.weight > 0][:3],
            "remedies": [r.sentence for r in d.remedies][:2],
        }
        for d in shown
    ]
