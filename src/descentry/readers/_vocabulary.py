"""What the names of columns and keys say: the run, the split, the metric, the value, the time of day."""

from __future__ import annotations

from descentry.core import metrics

_RUN = frozenset({"run", "run_name", "run_id", "runid", "trial", "trial_id", "trial_name", "seed", "fold"})
# Columns of words that may tell runs apart, but may as well hold something else.
_VARIANT = frozenset(
    {"name", "experiment", "experiment_name", "exp", "exp_name", "model", "model_name", "optimizer", "optim"}
) | {"method", "algorithm", "algo", "config", "group", "variant", "arm", "job"}
_SPLIT = frozenset({"split", "phase", "mode", "stage", "subset", "partition", "dataset", "set", "loop"})
_METRIC = frozenset({"metric", "metric_name", "name", "tag", "key", "variable", "series"})
_VALUE = frozenset({"value", "val", "values", "metric_value", "scalar", "y"})
_CLOCK = frozenset(
    {"time", "timestamp", "time_stamp", "wall_time", "walltime", "unix_time", "stamp", "date", "created_at"}
)
_UNNAMED = frozenset({"unnamed_0", "index", "idx"})
_FIRST_SECOND, _LAST_SECOND = 1e8, 1e10  # from 1973 to 2286


def plain(name: str) -> str:
    """The words of a column name joined by underscores."""
    return "_".join(metrics.words(name))


def names_run(key: str) -> bool:
    """Whether a column or key names the run."""
    return plain(key) in _RUN


def names_variant(key: str) -> bool:
    """Whether a column of words may tell runs apart."""
    return plain(key) in _VARIANT


def names_split(key: str) -> bool:
    """Whether a column or key says train or validation."""
    return plain(key) in _SPLIT


def names_metric(key: str) -> bool:
    """Whether a column or key of a long table names the metric."""
    return plain(key) in _METRIC


def names_value(key: str) -> bool:
    """Whether a column or key of a long table holds the metric's value."""
    return plain(key) in _VALUE


def tells(key: str) -> bool:
    """Whether a column of words is worth reading: it may name the run, the split or the metric."""
    return plain(key) in _RUN | _VARIANT | _SPLIT | _METRIC


def is_unnamed(key: str) -> bool:
    """Whether a column is the index that pandas writes without a name."""
    return not key.strip() or plain(key) in _UNNAMED  # a name in Greek or Chinese has no plain words either


def is_clock(key: str) -> bool:
    """Whether a column or key may hold the time of day."""
    return plain(key) in _CLOCK


def seconds(stamp: float) -> float | None:
    """A time in seconds since the epoch, given in s, ms, µs or ns; None for what is no time since 1973.

    >>> seconds(1.6e12), seconds(12.5)
    (1600000000.0, None)
    """
    units = (1.0, 1e3, 1e6, 1e9)
    return next((stamp / unit for unit in units if _FIRST_SECOND < stamp / unit < _LAST_SECOND), None)
