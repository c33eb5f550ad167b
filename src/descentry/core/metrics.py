"""What metric names mean: which one is the loss, which split it belongs to, and which way is better.

The words are those of the logs that readers know; matching is on whole words, so that ``lossy`` is no loss.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from descentry.core._metric_words import (
    BOOKKEEPING,
    EITHER_WAY,
    ERROR,
    HOLDS,
    LOSS,
    NEGATED,
    PREFERENCES,
    REWARDS,
    RISING,
    SIDES,
    SIDES_OF_LOSSES,
    STEP_NAMES,
    TEST,
    TRAIN,
    VALIDATION,
)
from descentry.core.data import Series


@functools.cache
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a metric name in any script, camel case split.

    >>> words("train/box_loss"), words("valLoss")
    (('train', 'box', 'loss'), ('val', 'loss'))
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return tuple(w for w in re.split(r"[\W_]+", spaced.lower()) if w)


def _holds(what: str, name: str) -> bool:
    return not name.isascii() and any(term in name for term in HOLDS[what])


@functools.cache
def split(name: str) -> str:
    """``train``, ``validation``, ``test`` or empty, from the words of a metric name.

    >>> split("val_loss"), split("train/loss"), split("loss")
    ('validation', 'train', '')
    """
    found = set(words(name))
    if found & VALIDATION or _holds("validation", name):
        return "validation"
    if found & TEST or _holds("test", name):
        return "test"
    if found & TRAIN or _holds("train", name):
        return "train"
    return ""


@functools.cache
def base(name: str) -> tuple[str, ...]:
    """The words of a metric name without those that name its split.

    >>> base("val/box_loss") == base("train/box_loss") == ("box", "loss")
    True
    """
    if not name.isascii():
        for term in (term for what in ("train", "validation", "test") for term in HOLDS[what]):
            name = name.replace(term, " ")
    return tuple(w for w in words(name) if w not in TRAIN | VALIDATION | TEST | {"step", "epoch"})


@functools.cache
def kind(name: str) -> str:
    """``loss``, ``error``, ``rising``, ``bookkeeping`` or ``other``.

    >>> kind("lm loss"), kind("Train-accuracy"), kind("lr"), kind("foo")
    ('loss', 'rising', 'bookkeeping', 'other')
    >>> kind("log_likelihood"), kind("negative_log_likelihood"), kind("验证损失")
    ('rising', 'loss', 'loss')
    """
    found = words(name)
    joined = "".join(found)
    if found and found[-1] in {"time", "ms", "lr", "std", "scale", "norm", "weight", "count", "max", "min"}:
        return "bookkeeping"
    if (
        set(found) & LOSS
        or joined.endswith(("loss", "crossentropy"))
        or "bitsper" in joined
        or _holds("loss", name)
    ):
        return "loss"  # the entropy of a policy is none
    if set(found) & {"err", "error"}:
        return "error"  # "top1_err" falls, whatever it counts
    if set(found) & RISING or joined.endswith("accuracy") or name == "r" or _holds("rising", name):
        return "loss" if set(found) & NEGATED else "rising"  # "r" is the reward in monitor files
    if set(found) & ERROR or _holds("error", name):
        return "error"
    if set(found) & BOOKKEEPING or step_rank(name) is not None or re.fullmatch(r".*\blr\d+", name):
        return "bookkeeping"
    return "other"


def higher_is_better(name: str) -> bool:
    """Whether the metric is one that training makes rise (a reward, an accuracy)."""
    return kind(name) == "rising"


def either_way(name: str) -> bool:
    """Whether some maximise what others log under this name with its sign turned, and minimise.

    >>> either_way("train/elbo"), either_way("elbo_loss"), either_way("neg_elbo")
    (True, False, False)
    """
    return bool(set(words(name)) & EITHER_WAY) and not set(words(name)) & (NEGATED | {"loss"})


def contested(name: str) -> bool:
    """Whether a metric is one side of a contest, or chases a moving target: its level does not tell progress.

    Two networks play against each other (Goodfellow et al. 2014), or the data, and with them the loss, change
    with the policy.

    >>> contested("loss_D"), contested("train/policy_loss"), contested("loss"), contested("kl")
    (True, True, False, True)
    """
    found = set(words(name))
    if found <= {"kl", "div", "divergence", "approx"} and "kl" in found:
        return True
    if kind(name) not in {"loss", "error", "other"}:
        return False
    return bool(found & SIDES or (found & SIDES_OF_LOSSES and kind(name) == "loss"))


def rewards(name: str) -> bool:
    """Whether a metric is the reward of reinforcement learning, and not one of preferences.

    >>> rewards("rollout/ep_rew_mean"), rewards("rewards/chosen")
    (True, False)
    """
    found = set(words(name))
    return bool(found & REWARDS) and not found & PREFERENCES and not contested(name)


def step_rank(name: str) -> int | None:
    """How well ``name`` names the optimizer's step: 0 is best, None is not at all.

    >>> step_rank("global_step") < step_rank("epoch"), step_rank("loss")
    (True, None)
    """
    plain = "_".join(words(name))
    for rank, candidate in enumerate(STEP_NAMES):
        if plain in {
            candidate,
            f"_{candidate}",
            f"train_{candidate}",
            f"trainer_{candidate}",
            f"training_{candidate}",
            f"num_{candidate}",
        }:
            return rank
    return None


def _rank(series: Series) -> tuple[float, ...]:
    name_words = words(series.name)
    kinds = {"loss": 0.0, "error": 1.0, "rising": 2.0, "other": 3.0, "bookkeeping": 9.0}
    splits = {"train": 0.0, "": 0.0, "validation": 1.0, "test": 2.0}
    plain = [w for w in name_words if w not in TRAIN | VALIDATION | TEST]
    # Among training losses: the total or plain one first, then the one with more points.
    modest = {
        ("loss",),
        ("total", "loss"),
        ("lm", "loss"),
        ("trl",),
        ("loss", "step"),
        ("batch", "loss"),
        ("loss", "train"),
    }
    parts = 0.0 if tuple(plain) in modest or not plain else 1.0
    return (
        2.5 if contested(series.name) else kinds[kind(series.name)],
        splits[split(series.name)],
        parts,
        1.0 if len(series) < 3 else 0.0,
        -float(len(series)),
    )


def candidates(series: Iterable[Series]) -> list[Series]:
    """The series that could be explained, the likeliest to be *the* training loss first.

    Where there is a reward, that comes before every loss: it is what the losses are there for.
    """
    shown = sorted((s for s in series if len(s) and kind(s.name) != "bookkeeping"), key=_rank)
    return sorted(shown, key=lambda s: not rewards(s.name))
