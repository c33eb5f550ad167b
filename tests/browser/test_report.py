"""The report as a file on a disk, in a real browser: drawn by the charts of the site, loading nothing."""

import re

import numpy as np
import pytest
from tests._awaiting import until
from tests.browser.looking import faults, groups, ink, plots

import descentry

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect


def losses(n):
    rng = np.random.default_rng(1)
    return 2 * np.exp(-np.arange(n) / (n / 5)) + 0.5 + 0.05 * rng.normal(size=n)


@pytest.fixture
def opened(page, tmp_path):
    """Writes a report and opens it from the disk."""

    def go(data, here=page):
        path = tmp_path / "report.html"
        descentry.explain(data).to_html(path)
        here.goto(path.as_uri())
        here.locator(".u-over").first.wait_for()
        assert all(url.startswith("file:") for url in here.witness.requests)
        return here

    return go


@pytest.mark.parametrize("n", [3000, 100_000])
def test_spikes_and_holes_are_seen_in_short_runs_and_in_long_ones(opened, n):
    values = losses(n)
    spikes = [int((k + 0.4) * n / 12) for k in range(12)]
    values[spikes] = 30.0
    values[n // 2 : n // 2 + n // 20] = np.nan
    page = opened({"loss": values})
    page.get_by_role("radio", name="linear").check()
    page.get_by_role("button", name="Switch to the dark page").click()

    def is_drawn():
        """What is hatched lies over the sixth twelfth, between two spikes."""
        columns = ink(plots(page).first, 0.2, 0.4)
        box, over = plots(page).first.bounding_box(), page.locator(".u-over").first.bounding_box()
        left, right = (over["x"] - box["x"] + over["width"] * place for place in (0.5, 0.55))
        outside = [x for x in columns if not left - 6 <= x <= right + 6]
        return 11 <= groups(outside, apart=8) <= 12 and len(columns) - len(outside) > 20

    until(is_drawn, "spikes and a hole")
    expect(page.locator("#plot .chart-caption")).to_contain_text("not finite")


def test_what_is_finite_between_two_holes_is_not_hatched(opened):
    values = losses(3000)
    values[1000:1200] = np.nan
    values[2000:2200] = np.nan
    page = opened({"loss": values})
    canvas, over = plots(page).first, page.locator(".u-over").first.bounding_box()
    begin = over["x"] - canvas.bounding_box()["x"]
    until(lambda: len(ink(canvas, 0.3, 0.5)) > 60, "two holes")
    inside = [x for x in ink(canvas, 0.3, 0.5) if 1230 < (x - begin) / over["width"] * 3000 < 1970]
    assert not inside


def test_other_series_stand_below_with_the_same_steps(opened):
    page = opened({"step": list(range(300)), "loss": losses(300).tolist(), "lr": [0.1] * 300})
    page.get_by_role("checkbox", name="lr").check()
    expect(plots(page)).to_have_count(2)
    page.locator("#plot .chart-plot").focus()
    page.keyboard.press("+")
    below = page.locator(".chart-plot").nth(1)
    expect(below).to_have_attribute("aria-label", re.compile(r"^step 7\d to 22\d"))


def test_it_prints_light(opened, page):
    page.emulate_media(color_scheme="dark")
    opened({"loss": losses(500)})
    assert page.pdf()[:4] == b"%PDF"


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_use_it(opened, new_page, dark):
    page = opened({"loss": losses(2000)}, here=new_page(dark=dark, width=390))
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
