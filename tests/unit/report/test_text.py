"""The page of text, as a person sees it in a terminal, a pipe or a CI log."""

import io
import re

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.unit.report.made import decay, finding, report, series

from descentry.core.data import Comparison, Series
from descentry.report import text
from descentry.report._lines import ascii_only

BRAILLE = re.compile("[\u2801-\u28ff]")


def plot_rows(page):
    """The rows of the first drawing, without their labels."""
    lines = page.splitlines()
    stop = next(i for i, line in enumerate(lines) if "└" in line)
    rows = [re.split("[│┤]", line, maxsplit=1)[1] for line in lines[:stop] if re.match(r"^[^├]*[│┤]", line)]
    width = max(map(len, rows))
    return [row.ljust(width) for row in rows]


def columns_with_dots(row):
    return [i for i, character in enumerate(row) if BRAILLE.match(character)]


@pytest.mark.parametrize(
    ("name", "first"), [("healthy", "✓ HEALTHY"), ("failing", "✗ FAILING"), ("unexamined", "? NOT EXAMINED")]
)
def test_the_verdict_comes_first_and_needs_no_colour(name, first, request):
    assert text.render(request.getfixturevalue(name)).startswith(first)


def test_the_page_tells_everything_that_was_found(failing):
    page = text.render(failing)
    assert failing.headline in page
    for said in [
        *(f.sentence for f in failing.findings),
        "Not converging: it ended in NaN.",
        *failing.next_steps,
    ]:
        assert said in page
    assert "12 points were logged twice" in page
    assert "10,000 points" in page
    assert "runs/exp2.csv" in page


def test_what_was_not_looked_at_is_said(healthy):
    page = text.render(healthy)
    assert "Overfitting: the log has no validation series." in page.split("Not looked at")[1]


def test_a_healthy_run_takes_one_screen(healthy):
    assert len(text.render(healthy).splitlines()) <= 40


def test_it_says_how_sure_it_is_and_never_that_it_is_certain(failing):
    page = text.render(failing)
    assert "(90% sure)" in page
    assert "100% sure" not in page


@pytest.mark.parametrize("spike_at", [0, 123_456, 999_999])
def test_a_spike_one_point_wide_is_drawn_among_a_million(spike_at):
    values = np.ones(1_000_000)
    values[::2] = 1.1
    values[spike_at] = 50.0
    rows = plot_rows(text.render(report(series(values))))
    width = max(len(row.rstrip()) for row in rows)
    (column,) = columns_with_dots(rows[0])
    assert column == pytest.approx(spike_at / 1e6 * (width - 1), abs=1)


def test_noise_is_drawn_from_its_lowest_to_its_highest_point():
    values = np.where(np.arange(100_000) % 2, 1.0, 3.0)
    rows = plot_rows(text.render(report(series(values))))
    assert all(len(columns_with_dots(row)) == len(row.rstrip()) for row in rows)


def test_columns_that_are_not_finite_are_marked_and_left_blank(failing):
    page = text.render(failing)
    marks = next(line for line in page.splitlines() if line.startswith("NaN/inf"))
    row = marks.split("│")[1]
    assert row.index("×") == pytest.approx(0.8 * len(row), abs=1)
    assert set(row[row.index("×") :]) == {"×"}
    *drawn, last = plot_rows(page)
    assert last == row
    assert max(max(columns_with_dots(r), default=0) for r in drawn) <= row.index("×")


def test_a_finite_curve_has_no_such_row(healthy):
    assert "NaN/inf" not in text.render(healthy)


def test_a_curve_is_not_joined_across_what_is_not_finite():
    values = np.ones(1000)
    values[300:700] = np.inf
    rows = plot_rows(text.render(report(series(values))))
    drawn = {c for row in rows[:-1] for c in columns_with_dots(row)}
    width = len(rows[-1])
    assert not drawn & set(range(int(0.33 * width), int(0.67 * width)))


def test_a_wide_range_is_drawn_on_a_log_scale_and_says_so():
    page = text.render(report(series(np.geomspace(1000.0, 0.001, 500))))
    assert "log scale" in page
    assert re.search(r"^ *100 ┤", page, re.MULTILINE)
    assert re.search(r"^ *0\.01 ┤", page, re.MULTILINE)
    # A straight line there: half of the range in half of the width.
    rows = plot_rows(page)
    middle = columns_with_dots(rows[len(rows) // 2])
    assert np.mean(middle) == pytest.approx(len(rows[0]) / 2, rel=0.2)


def test_a_narrow_range_or_one_with_zero_is_drawn_linearly(healthy):
    assert "linear scale" in text.render(healthy)
    assert "linear scale" in text.render(report(series(np.append(np.geomspace(1000, 0.001, 500), 0.0))))


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [2.0, 2.0, 2.0],
        [0.0, 0.0],
        [np.nan] * 5,
        [np.inf, 1.0],
        [1.7e308, -1.7e308],
        [5e-324, 1e-323],
        [],
    ],
    ids=str,
)
def test_any_values_can_be_drawn(values):
    page = text.render(report(series(np.array(values))))
    assert page.startswith("✓ HEALTHY")
    assert "nan" not in page.replace("NaN", "")


def test_steps_as_far_apart_as_integers_go():
    step = np.array([-(2**62), 0, 2**62], dtype=np.int64)
    assert "loss" in text.render(report(series(np.array([1.0, 2.0, 3.0]), step=step)))


def test_the_phases_under_the_curve_have_the_letters_of_the_story(failing):
    page = text.render(failing)
    bands = [line for line in page.splitlines() if re.match(r"^ *├?─*[A-C]", line) and "│" not in line]
    under = "".join(bands)
    for mark, sentence in [
        ("A", "loss fell by 80%"),
        ("B", "loss jumps to 40"),
        ("C", "loss becomes NaN at step"),
    ]:
        assert mark in under
        assert re.search(rf"^  {mark} +[!✗]? *{sentence}", page, re.MULTILINE)


def test_a_phase_is_marked_where_it_was(failing):
    lines = text.render(failing).splitlines()
    axis = next(line for line in lines if "└" in line)
    left, width = axis.index("└") + 1, len(axis) - axis.index("└") - 1
    spike = next(line for line in lines if re.match("^ *├─*A─*┤ *B", line))
    assert spike.index("B") - left == pytest.approx(0.6 * width, abs=1.5)
    assert spike.index("┤") - left == pytest.approx(0.3 * width, abs=1.5)


def test_a_phase_after_the_last_point_of_the_curve_is_marked_too():
    gone = finding("non-finite", 120, 200, "loss becomes empty at step 120.", concern="failing")
    page = text.render(report(series(decay(100)), verdict="failing", findings=[gone]))
    lines = page.splitlines()
    axis = next(line for line in lines if "└" in line)
    mark = next(line for line in lines if re.match("^ *├─*A─*┤$", line))
    assert mark.index("├") / len(axis) == pytest.approx(0.6, abs=0.1)
    assert len(mark) == len(axis)
    assert max(max(columns_with_dots(row), default=0) for row in plot_rows(page)) < 0.6 * len(axis)


def test_concerns_can_be_told_without_colour(failing):
    page = text.render(failing)
    assert re.search(r"^  B ! ", page, re.MULTILINE)
    assert re.search(r"^  C ✗ ", page, re.MULTILINE)


def test_of_very_many_findings_those_that_matter_are_told_and_the_rest_counted():
    findings = [finding("spike", i, i, f"a harmless spike at {i}") for i in range(60)]
    findings[37] = finding("divergence", 37, 40, "it diverges", concern="failing")
    page = text.render(report(series(decay(100)), findings=findings, verdict="failing"))
    assert re.search(r"^  AL✗ it diverges", page, re.MULTILINE)
    assert "40 lesser findings" in page


def test_a_concern_about_another_series_shows_that_series():
    validation = series(np.linspace(1, 2, 100), "val_loss", "validation", np.arange(0, 10_000, 100))
    concern = finding(
        "overfitting", 100, 9900, "val_loss rises from 1 to 2.", concern="attention", of="val_loss"
    )
    page = text.render(report(series(decay()), others=[validation], findings=[concern], verdict="attention"))
    assert page.count("└") == 2
    assert re.search("^val_loss  linear scale", page, re.MULTILINE)


@pytest.mark.parametrize("width", [60, 80, 100, 132])
@pytest.mark.parametrize("name", ["healthy", "failing", "unexamined", "comparison"])
def test_no_line_is_wider_than_asked(name, width, request):
    page = text.render(request.getfixturevalue(name), width=width)
    assert max(cell_len(line) for line in page.splitlines()) <= width


def test_names_of_any_script_and_length_keep_the_page_in_shape():
    main = Series("損失" * 4, "", np.arange(50), decay(50), step_name="x" * 60)
    one = report(main, name="学習" * 60, headline="長い" * 200)
    for page in (text.render(one, width=80), text.render(Comparison((one, one), "runs"), width=80)):
        assert max(cell_len(line) for line in page.splitlines()) <= 80


def test_names_cannot_steer_the_terminal():
    evil = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202eoverride\r\n"
    main = Series(evil, "", np.arange(50), decay(50), step_name=evil)
    one = report(main, name=evil, headline=evil, findings=[finding(evil, 1, 2, evil)])
    for page in (text.render(one), text.render(Comparison((one,), evil)), text.render_line(one)):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", page)


def test_plain_text_holds_no_escape_codes(failing, comparison):
    assert "\x1b" not in text.render(failing) + text.render(comparison)


def test_a_terminal_gets_the_same_words_in_colour(failing):
    stream = io.StringIO()
    text.print_to(
        Console(file=stream, force_terminal=True, width=100, color_system="truecolor", _environ={}), failing
    )
    printed = stream.getvalue()
    assert "\x1b[1;31m✗ FAILING" in printed
    assert re.sub(r"\x1b\[[0-9;]*m", "", printed).rstrip("\n") == text.render(failing, width=100)


def test_a_comparison_says_first_how_many_are_in_trouble(comparison):
    page = text.render(comparison)
    assert page.startswith("✗ 3 runs: 1 failing, 1 not examined, 1 healthy.")
    for one in comparison:
        assert re.search(rf"{one.verdict} +{one.run.name}\b", page)
        assert one.headline in page
    assert "10,000" in page
    assert "3.5 → NaN" in page
    assert "descentry explain runs --run NAME" in page


def test_after_many_runs_the_count_is_said_again(healthy, failing):
    page = text.render(Comparison((*[healthy] * 20, failing), "runs"))
    assert page.count("✗ 21 runs: 1 failing, 20 healthy.") == 2


def test_each_run_of_a_comparison_shows_its_shape(comparison):
    row = next(line for line in text.render(comparison).splitlines() if "exp2" in line)
    assert BRAILLE.search(row)


def test_runs_of_one_name_are_told_apart(healthy):
    twin = report(healthy.main, name="exp1")
    other = type(healthy)(
        **{f: getattr(twin, f) for f in ("verdict", "headline", "main", "findings", "convergence")},
        run=type(twin.run)("exp1", "other/exp1.csv", twin.run.series),
    )
    page = text.render(Comparison((healthy, other), "all"), width=132)
    assert "exp1 (runs/exp1.csv)" in page
    assert "exp1 (other/exp1.csv)" in page


def test_an_empty_comparison_is_no_error():
    assert "nothing to examine" in text.render(Comparison((), "runs"))


def test_a_stream_without_unicode_still_shows_the_curve(failing):
    page = ascii_only(text.render(failing))
    assert page.isascii()
    assert page.startswith("x FAILING")
    assert re.search(r"[|'.]{5}", page)
