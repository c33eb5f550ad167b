"""Runs beside each other in a real browser: over steps, time, or what they count themselves."""

import re

import numpy as np
import pytest
from tests._awaiting import until
from tests.browser.looking import faults, ink, plots

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect


def write(path, level, start, pace, lines=600):
    rng = np.random.default_rng(level)
    rows = [
        f"{i},{start + i * pace},{i * 4096},{level / (1 + i / 50) + 0.02 * rng.random():.5f}"
        for i in range(lines)
    ]
    path.write_text("\n".join(["step,time,tokens,loss", *rows]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    write(place / "slow.csv", 3, 1_700_000_000.0, 2.0)
    write(place / "quick.csv", 2, 1_700_500_000.0, 0.5)
    (place / "untimed.csv").write_text(
        "step,loss\n" + "\n".join(f"{i},{1.5 / (1 + i / 50):.5f}" for i in range(600)) + "\n",
        encoding="utf-8",
    )
    for k in range(8):
        write(place / f"adam-seed{k}.csv", k + 4, 1_700_000_000.0, 1.0, 200)
    return place


@pytest.fixture
def compare(folder, shared, page):
    """Opens the page that compares runs."""

    def go(*names, here=page):
        server = shared("board", folder)
        here.goto(server.address("/board"))
        expect(here.locator("#runs tr")).to_have_count(11)
        for name in names:
            here.get_by_role("checkbox", name=f"Compare {name}", exact=True).check()
        here.locator("#compare").click()
        expect(here.locator("#headline")).to_contain_text("beside each other")
        expect(here.locator("#main-chart .chart-plot")).to_have_attribute("aria-label", re.compile("points"))
        return here

    return go


def reaches(page, x):
    """Waits until the chart says that it ends there."""
    plot = page.locator("#main-chart .chart-plot")
    expect(plot).to_have_attribute("aria-label", re.compile(f" 0 to {x}\\. "))


def test_runs_lie_over_each_other_with_their_names_and_numbers(compare):
    page = compare("slow", "quick")
    until(lambda: len(ink(plots(page).first)) > 500, "the curves")
    expect(page.locator("#runs tr")).to_have_count(2)
    page.get_by_label("baseline").select_option(label="slow")
    expect(page.locator("#runs")).to_contain_text("baseline")
    expect(page.locator("#runs tr", has_text="quick")).to_contain_text("−0.")


def test_over_time_each_run_begins_at_its_own_beginning(compare):
    page = compare("slow", "quick", "untimed")
    reaches(page, "599")
    page.get_by_label("over").select_option("time")
    expect(page.locator("#left")).to_contain_text("untimed (its log does not say the times)")
    reaches(page, "1,198")
    page.reload()
    reaches(page, "1,198")


def test_over_tokens_where_they_are_counted(compare):
    page = compare("slow", "quick")
    page.get_by_label("over").select_option("tokens")
    reaches(page, "2,453,504")


def test_more_runs_than_colours_are_grey_but_for_the_baseline(compare):
    page = compare("slow", *(f"adam-seed{k}" for k in range(8)))
    expect(page.locator(".chart-caption")).to_contain_text("more than colours can tell apart")
    grey = len(ink(plots(page).first))
    page.get_by_label("baseline").select_option(label="slow")
    until(lambda: len(ink(plots(page).first)) > grey + 300, "a curve in colour")


def test_seeds_are_one_curve_with_a_band(compare):
    page = compare("slow", *(f"adam-seed{k}" for k in range(8)))
    page.get_by_role("checkbox", name="seeds together").check()
    expect(page.locator(".curves label")).to_have_text(["slow", "adam (8 runs)"])
    expect(page.locator(".chart-caption")).to_contain_text("the band holds every point of all of them")
    until(lambda: "seeds=together" in page.evaluate("location.hash"), "the address")


@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it(compare, new_page, width):
    page = compare("slow", "quick", "untimed", here=new_page(width=width))
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
