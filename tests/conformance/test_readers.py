"""What every reader of logs must do, tried on the sample that it writes itself.

A reader is exempt from a check by naming it, with the reason, in ``Reader.exempt``: ``steps``,
``non-finite``, ``truncated``, ``duplicate-steps``, ``second-launch``.
"""

from __future__ import annotations

import contextlib
import re

import numpy as np
import pytest

from descentry import readers
from descentry.core import catalog, metrics
from descentry.core.errors import DescentryError
from descentry.readers._source import Source

ENTRIES = catalog.entries("readers")
CHECKS = {"steps", "non-finite", "truncated", "duplicate-steps", "second-launch"}
HEADINGS = ["What it is", "How it is recognised", "What is read", "Limits", "Example"]
# Eighths below ten are exact in four digits, the fewest that any of these formats print.
ROWS = [(step, 2.0 + round(60 / (step + 4)) / 8 + (step % 3) / 8) for step in range(1, 25)]
BLOWN_UP = [*ROWS[:12], (13, float("inf")), *((step, float("nan")) for step in range(14, 19))]


@pytest.fixture(params=list(ENTRIES), ids=str)
def reader(request):
    return ENTRIES[request.param]


def wanted(reader, check):
    assert set(reader.exempt) <= CHECKS, f"no such check: {set(reader.exempt) - CHECKS}"
    if check in reader.exempt:
        reason = reader.exempt[check]
        assert len(reason) > 10, "an exemption says why"
        pytest.skip(reason)


def main_series(run):
    """The curve that would be explained, among all series, where its name is no known metric too."""
    return (metrics.candidates(run.series) or list(run.series))[0]


def read_one(path):
    (run,) = readers.read_all(path)
    return main_series(run)


def log_of(path):
    """The file that a crash would cut short: of a folder, the one that the points are in."""
    return (
        path
        if path.is_file()
        else max((p for p in path.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    )


def check_steps(reader, series, rows):
    if "steps" not in reader.exempt:
        assert series.step.tolist() == [step for step, _ in rows]


def test_sample_is_read_back(reader, tmp_path):
    series = read_one(reader.write_sample(tmp_path, ROWS))
    np.testing.assert_allclose(series.value, [value for _, value in ROWS], rtol=1e-6)
    check_steps(reader, series, ROWS)


def test_sample_is_recognised_before_all_rivals(reader, tmp_path):
    path = reader.write_sample(tmp_path, ROWS)
    assert readers.read_all(path)[0].reader == reader.id
    scores = {
        other.id: other.sniff(Source(path)) for other in ENTRIES.values() if other.folder == reader.folder
    }
    own = scores.pop(reader.id)
    assert 0 < own <= 1
    assert own <= reader.most, "Reader.most is a promise"
    assert own > max(scores.values(), default=0), f"{reader.id} {own}, rivals {scores}"


def test_nan_and_inf_are_kept(reader, tmp_path):
    wanted(reader, "non-finite")
    series = read_one(reader.write_sample(tmp_path, BLOWN_UP))
    np.testing.assert_allclose(series.value, [value for _, value in BLOWN_UP], rtol=1e-6, equal_nan=True)
    check_steps(reader, series, BLOWN_UP)


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 8, 13])
def test_truncated_last_bytes_leave_the_rest(reader, tmp_path, cut):
    wanted(reader, "truncated")
    path = reader.write_sample(tmp_path, ROWS)
    log = log_of(path)
    log.write_bytes(log.read_bytes()[:-cut])
    series = read_one(path)
    assert len(series) >= len(ROWS) - 3
    np.testing.assert_allclose(series.value, [value for _, value in ROWS[: len(series)]], rtol=1e-6)
    check_steps(reader, series, ROWS[: len(series)])


def test_no_truncation_makes_a_wrong_point(reader, tmp_path):
    wanted(reader, "truncated")
    path = reader.write_sample(tmp_path, ROWS)
    log = log_of(path)
    whole = log.read_bytes()
    name = read_one(path).name
    for end in {
        *range(len(whole) // 3, len(whole), len(whole) // 67 + 1),
        *range(max(1, len(whole) - 20), len(whole)),
    }:
        log.write_bytes(whole[:end])
        try:
            series = readers.read_all(path)[0][name]
        except DescentryError:
            continue
        np.testing.assert_allclose(
            series.value, [value for _, value in ROWS[: len(series)]], rtol=1e-6, err_msg=f"cut at byte {end}"
        )
        check_steps(reader, series, ROWS[: len(series)])


def test_damaged_logs_are_read_or_refused_in_words(reader, tmp_path):
    path = reader.write_sample(tmp_path, ROWS)
    log = log_of(path)
    whole = log.read_bytes()
    random = np.random.default_rng(0)
    junk = [
        b"\x00",
        b"\xff",
        b"9" * 30,
        b"e999",
        b"-",
        b"{",
        b"\n",
        b"nan",
        b",",
        b"1.#IND",
        "²".encode(),
        b"",
    ]
    for _ in range(40):
        damaged = whole
        for _ in range(int(random.integers(1, 6))):
            at = int(random.integers(0, len(damaged)))
            kept = at + int(random.integers(0, 4))
            damaged = damaged[:at] + junk[int(random.integers(len(junk)))] + damaged[kept:]
        log.write_bytes(damaged)
        assert 0 <= reader.sniff(Source(path)) <= 1
        with contextlib.suppress(DescentryError):
            reader.read(Source(path))
        with contextlib.suppress(DescentryError):
            readers.read_all(path)


def test_points_logged_twice_are_read_once(reader, tmp_path):
    wanted(reader, "duplicate-steps")
    twice = [row for row in ROWS for _ in range(2)]
    series = read_one(reader.write_sample(tmp_path, twice))
    np.testing.assert_allclose(series.value, [value for _, value in ROWS], rtol=1e-6)
    check_steps(reader, series, ROWS)


def test_second_launch_is_a_run_of_its_own(reader, tmp_path):
    wanted(reader, "second-launch")
    again = [(step, value + 0.5) for step, value in ROWS]
    runs = readers.read_all(reader.write_sample(tmp_path, [*ROWS, *again]))
    assert len(runs) == 2
    assert runs[0].name != runs[1].name
    for run, rows in zip(runs, [ROWS, again], strict=True):
        np.testing.assert_allclose(main_series(run).value, [value for _, value in rows], rtol=1e-6)
        check_steps(reader, main_series(run), rows)


@pytest.mark.parametrize("name", catalog.modules("readers"))
def test_docstring_is_a_page(name):
    page = catalog.modules("readers")[name].__doc__ or ""
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADINGS
    title = page.splitlines()[0]
    assert title.endswith("."), title
    assert re.search(r"^## Example\n\n(```| {4}\S)", page, re.MULTILINE), "the example is a code block"
    for heading, body in re.findall(r"^## (.+)\n\n((?:(?!^## )[\s\S])*)", page, re.MULTILINE):
        assert body.strip(), f"{heading} is empty"


def test_ids_are_spelled_alike():
    for reader_id in ENTRIES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", reader_id), reader_id
