"""Finds ``name: number`` pairs and counters in lines of any make.

A line is split at its numbers. The text between two numbers repeats from line to line, so what it means (the
name at its end, whether that is a metric or a counter) is worked out once and remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from descentry.core import metrics
from descentry.readers._pattern import Pattern
from descentry.readers._text import NUMBER, number

METRICS = ("loss", "error", "rising")
_THOUSANDS = r"[1-9]\d{0,2}(?:,\d{3})++(?!,)"
# No number starts inside a word ("Acc@1", "top-5") or goes on with a unit ("12ms"), a clock or a date.
_SPLIT = Pattern(rf"(?<![\w@.,])(?<!\w-)(?<![#|]#)({_THOUSANDS}|{NUMBER})(?![\w#]|[.,:\-]\d)")
_NAME = Pattern(
    r"(?P<name>[^\W\d][\w./@()-]{0,60}(?: (?:\(|[^\W\d])[\w./@()-]{0,60}){0,3})"
    r"[\"']?\s{0,4}(?P<mark>[:=：＝]|[-=]>)?\s{0,12}[\"'(\[{]{0,3}\s{0,8}"
    r"(?:tensor\(\[?|(?:np\.|numpy\.)?float\d\d\()?$"
)
_SCOPE = Pattern(
    r"(?<![\w./-])(train|valid|val|eval|dev|test)(?:ing|ation|idation|uation|uating|_inner)?(?![\w./-])", re.I
)
# "第 3 轮", "第50步": the count stands before its name.
_ORDINAL = Pattern(r"第\s?(\d+)\s?(轮次?|步|迭代|エポック|ステップ|(?:epoch|step|iter(?:ation)?)\b)")
_BAR = Pattern(r"%\|[^|]*\|\s*$")
_OPEN = Pattern(r"^[\s\[(]*$")
_AFTER_EPOCH = Pattern(r"^[\s\]:,|-]*\[?\s*$")
_DATE = Pattern(r"^(?:/|[ T]\d{1,2}:)")  # what follows a day and a month
_SOURCE_FILE = Pattern(r"\.(?:py|cc|cpp|c|h|cu|rs|go)$")
_EPOCHS = {
    "epoch", "episode", "ep", "epoche", "époque", "época", "epoca", "эпоха", "епоха", "轮", "轮次",
    "エポック", "에포크",
}  # fmt: skip
_COUNTS = {
    "step", "global_step", "iter", "iteration", "itr", "it", "n_iter", "num_updates", "update", "timestep",
    "total_timesteps", "batch", "round", "tree", "schritt", "étape", "itération", "paso", "passo",
    "iteración", "iteração", "iterazione", "шаг", "итерация", "крок", "步", "步数", "迭代",
    "ステップ", "스텝",
}  # fmt: skip
_RATES = {"lr", "gnorm", "norm"}  # worth reading without a mark too
_SPLITS = {"train", "training", "val", "valid", "validation", "eval", "evaluation", "test", "testing", "dev"}
# Words that logging puts before a name, and units that the number before it leaves behind.
_LEADING = {
    "info",
    "debug",
    "warning",
    "root",
    "the",
    "with",
    "s",
    "ms",
    "sec",
    "secs",
    "seconds",
    "samples",
    "batches",
    "iters",
}
_PER = ("/s", "/sec", "/step", "/it", "/iter", "/batch")
_TENSOR = "tensor"  # what a line prints that has a loss and no name for it: "0 tensor(2.3, grad_fn=…)"
_DEVICES = {"cuda", "mps", "xpu", "npu", "tpu", "hpu"}  # "device='cuda:0'" counts nothing
_MEMORY = 50_000  # texts remembered; a log whose texts never repeat must not fill the memory

Role = Literal["", "metric", "epoch", "count", "other", "place"]


@dataclass(slots=True, eq=False)
class Line:
    """What a line says.

    Attributes:
        values: Metrics and other numbers by name.
        counters: Named counts other than epochs (``Step``, ``num_updates`` …).
        epoch: The count of epochs, if the line has one.
        batch: The place within the epoch, or the count of steps.
        batches: How far that goes, where the line says it.
        inside: The place stands behind the epoch, and so within it.
        samples: The place counts samples and not batches.
        metric: The first metric on the line and its value.
        scope: The word by which the line says that it is about validation or test data.
    """

    values: dict[str, float] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    epoch: int | None = None
    batch: int | None = None
    batches: int | None = None
    inside: bool = False
    samples: bool = False
    metric: tuple[str, float] | None = None
    scope: str = ""

    @property
    def counted(self) -> bool:
        """Whether the line has a counter of any kind."""
        return bool(self.counters) or self.epoch is not None or self.batch is not None

    @property
    def trains(self) -> bool:
        """Whether a metric is on the line, and it is not about validation or test data."""
        return self.metric is not None and not self.scope

    def inherit(self, scope: str) -> None:
        """Makes it a line about ``scope``: one that belongs to the line before it."""
        self.scope = scope
        self.values = {n if metrics.split(n) else f"{scope} {n}": v for n, v in self.values.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Text:
    """What the text before a number means."""

    name: str
    role: Role
    scope: (
        str | None
    )  # what data the line is about from here on: empty for training, None where it is not said
    marked: bool
    split: str = ""
    rising: bool = False


class PairFinder:
    """Reads lines; remembers the texts it has met."""

    def __init__(self) -> None:
        self._texts: dict[str, _Text] = {}

    def __call__(self, line: str) -> Line | None:
        """What ``line`` says, or None where it has no named number and no counter."""
        if "第" in line:
            line = _ORDINAL.sub(r"\2: \1 ", line)
        parts = _SPLIT.split(line)
        if len(parts) < 3:
            return None
        found = Line()
        carried = scope = ""
        after_epoch = False
        for i in range(1, len(parts), 2):
            text, digits = parts[i - 1], parts[i]
            if carried:
                text, carried = carried + text, ""
            meaning = self._texts.get(text) or self._remember(text)
            role = meaning.role
            if digits[-1].isalpha() and role != "metric" and not meaning.marked:
                carried = text + digits  # "nan" and "inf" can be words of a text
                continue
            if meaning.scope is not None:
                scope = meaning.scope
            if role == "metric":
                _measure(found, meaning, scope, parts, i)
            elif role == "other":
                if (value := number(digits)) is not None:
                    found.values.setdefault(meaning.name, value)
            elif role in {"epoch", "count"}:
                _count(found, meaning, parts, i)
            elif _place(found, meaning, after_epoch, parts, i):
                role = "epoch"
            after_epoch = role == "epoch" or (after_epoch and text.strip() == "/")
        found.scope = scope
        return found if found.values or found.counted else None

    def _remember(self, text: str) -> _Text:
        if len(self._texts) >= _MEMORY:
            self._texts.clear()
        meaning = self._texts[text] = _meaning(text)
        return meaning


def _measure(found: Line, meaning: _Text, scope: str, parts: list[str], i: int) -> None:
    value = number(parts[i])
    if meaning.rising and (total := _total(parts, i)):
        value = (value or 0.0) / total  # "Accuracy: 9832/10000"
    if value is None:
        return
    name = f"{scope} {meaning.name}" if scope and not meaning.split else meaning.name
    found.values.setdefault(name, value)
    found.metric = found.metric or (name, value)


def _count(found: Line, meaning: _Text, parts: list[str], i: int) -> None:
    count = _whole(parts[i])
    if count is None:
        return
    if meaning.role == "count":
        found.counters.setdefault(meaning.name, count)
        if found.batch is None:
            found.batch, found.batches = count, _total(parts, i)
    elif found.epoch is None:
        found.epoch = count


def _place(found: Line, meaning: _Text, after_epoch: bool, parts: list[str], i: int) -> bool:
    """An unnamed place: ``Epoch: [0][  10/5005]``, ``[640/60000 (1%)]``, ``47/469 [00:01<00:12``.

    True where it is the epoch itself: ``Train: [0/300][10/1251]``.
    """
    total = _total(parts, i)
    place = _whole(parts[i])
    if total is None or place is None or found.batch is not None or _DATE.match(parts[i + 3]):
        return False
    before, rest = parts[i - 1], parts[i + 3]
    opens = i == 1 and _OPEN.match(before)
    if found.epoch is None and (opens or meaning.role == "place") and rest.startswith("]["):
        found.epoch = place
        return True
    if opens or meaning.role == "place" or (after_epoch and _AFTER_EPOCH.match(before)):
        found.batch, found.batches, found.inside = place, total, found.epoch is not None
        found.samples = rest == " (" and i + 5 < len(parts) and parts[i + 5].startswith("%)")
    return False


def _total(parts: list[str], i: int) -> int | None:
    """The number behind a slash, if one follows."""
    if i + 2 < len(parts) and parts[i + 1].strip() == "/":
        return _whole(parts[i + 2]) or None
    return None


def _whole(digits: str) -> int | None:
    """A count; None for a fraction, or for more digits than a step has."""
    if "," in digits:
        digits = digits.replace(",", "")
    return int(digits) if digits.isdecimal() and len(digits) <= 18 else None


def _meaning(text: str) -> _Text:
    tail = text[-160:]
    if _BAR.search(tail):
        return _Text("", "place", _scope(tail), False)
    found = _NAME.search(tail)
    scope = _scope(tail[: found.start()] if found else tail)
    if found is None:
        return _Text("", "", scope, False)
    words = found["name"].split(" ")
    while len(words) > 1 and (words[0].lower() in _LEADING or words[0].lower().endswith(_PER)):
        del words[0]
    name = " ".join(words).rstrip("([-.")
    marked = found["mark"] is not None
    if name == _TENSOR and not marked and tail.endswith("("):
        return _Text(name, "metric", scope, marked=True)
    plain = [w for w in metrics.words(name) if w not in _SPLITS]
    if not plain:
        # "Test: [ 10/196]", "Val: loss 0.5": a word that says which data this is about.
        return _Text(name, "place" if tail.rstrip().endswith("[") else "", _scope(name), False)
    counter = "_".join(plain)
    last = plain[-1]
    if counter in _EPOCHS or (last in _EPOCHS and not marked):
        return _Text(name if counter in _EPOCHS else last, "epoch", scope, marked)
    if counter in _COUNTS or (last in _COUNTS and not marked):
        return _Text(name if counter in _COUNTS else last, "count", scope, marked)
    kind = metrics.kind(name)
    if kind in METRICS and last != "code" and (marked or metrics.kind(words[-1]) in METRICS):
        return _Text(name, "metric", scope, marked, metrics.split(name), kind == "rising")
    if last in _DEVICES:
        return _Text("", "", scope, False)
    if (marked and not _SOURCE_FILE.search(name)) or last in _RATES:
        return _Text(name, "other", scope, marked)
    return _Text("", "", scope, False)


def _scope(text: str) -> str | None:
    """The last word of the text about whose data it speaks: empty for training, None if there is none."""
    words = _SCOPE.findall(text)
    if not words:
        return None
    return "" if words[-1].lower() == "train" else str(words[-1])
