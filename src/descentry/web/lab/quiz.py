"""The quiz: real recorded curves, and what the code that reads real runs says of them."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

import numpy as np

from descentry import story
from descentry.core.data import Run, Series
from descentry.web.lab import naming

ANSWERS = (
    ("smooth-decrease", "a smooth decrease"),
    ("noisy-decrease", "a noisy decrease: normal"),
    ("plateau", "a plateau"),
    ("sudden-drop", "a plateau, then a sudden drop"),
    ("spike", "a spike, and recovery"),
    ("jump-up", "a jump up"),
    ("divergence", "divergence"),
    ("oscillation", "oscillation"),
)


@functools.cache
def questions() -> list[dict[str, Any]]:
    """Every curve with its story; reading and explaining them takes a fraction of a second, once.

    The tests hold each right answer to what ``descentry.explain`` finds, so quiz and report never disagree.
    """
    folder = resources.files("descentry.web.lab") / "curves"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return [_question(json.loads(file.read_text(encoding="utf-8"))) for file in files]


def _question(recorded: dict[str, Any]) -> dict[str, Any]:
    step = np.array(recorded["step"], dtype=np.int64)
    loss = np.array([np.nan if v is None else v for v in recorded["loss"]], dtype=np.float64)
    report = story.explain(Run(recorded["title"], "lab", (Series("loss", "train", step, loss),)))
    seen = list(dict.fromkeys(f.behaviour for f in report.findings))
    return {
        "title": recorded["title"],
        "origin": recorded["origin"],
        "step": step.tolist(),
        "loss": [v if np.isfinite(v) else None for v in loss.tolist()],
        "shows": seen,
        "phases": naming.told(report)["phases"],
        "answer": recorded["answer"],
        "answers": [answer for answer in ANSWERS if answer[0] in {*recorded["decoys"], recorded["answer"]}],
        "headline": report.headline,
        "sentences": [f.sentence for f in report.findings],
        "verdict": report.verdict,
    }
