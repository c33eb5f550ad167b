"""The page of a run in a real browser: no spike is lost, NaN is seen, and no mouse is needed to read it."""

import csv
import re
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from tests._awaiting import until
from tests.browser.looking import faults, groups, ink, plots

import descentry
from descentry.control.journal import write
from descentry.core.data import Decision, Remedy
from descentry.store.writing import RunWriter

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
POINTS = 20_000
SPIKES = [850 + 1600 * k for k in range(12)]


def curve():
    rng = np.random.default_rng(0)
    return np.exp(-np.arange(POINTS) / 5000) + 0.5 + 0.05 * rng.normal(size=POINTS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    spiked = curve()
    spiked[SPIKES] = 10.0
    rows = "\n".join(f"{i},{v:.6g}" for i, v in enumerate(spiked))
    (place / "spikes.csv").write_text(f"step,loss\n{rows}\n", encoding="utf-8")
    with descentry.record(place / "full", config={"batch_size": 64}) as run:
        for i, v in enumerate(curve()[:3000]):
            more = {"update_ratio": 1e-3, "sharpness": 15.0, "noise_scale": 200.0 + i} if i % 50 == 0 else {}
            lost = 1000 <= i < 1400
            run.log(i, loss=float("nan") if lost else float(v), lr=0.1, grad_norm=1.0 + v, **more)
    steered = RunWriter.open(place / "steered")
    for i in range(400):
        steered.add(i, {"loss": 2.0 / (1 + i / 50), "lr": 0.1 if i < 150 else 0.05}, 1e9 + i)
    remedy = Remedy("lower-lr", {"lr": 0.05}, "Set the learning rate to 0.05.", "", "automatic")
    write(steered, Decision(150, "rollback", "The loss rose to 9 times its level.", remedy))
    write(steered, Decision(300, "<b>rest</b>", "Nothing more was gained.", None, applied=False))
    steered.event("watching", {"seconds": 0.25, "elapsed": 40.0, "instruments": {"sharpness": 0.1}}, step=400)
    steered.close()
    accuracy = "\n".join(f"{i},{0.5 if i < 200 else 0.9}" for i in range(400))
    (place / "rising.csv").write_text(f"step,val_accuracy\n{accuracy}\n", encoding="utf-8")
    return place


@pytest.fixture
def open_run(folder, shared, page):
    """Opens the page of a run."""

    def go(name, hash_="", here=page):
        server = shared("board", folder)
        if not here.url.startswith(server.base):
            here.goto(server.address("/board"))
        link = here.locator("#runs th a", has_text=re.compile(f"^{name}$"))
        if urlsplit(here.url).path != "/board":
            here.goto(f"{server.base}/board")
        target = link.get_attribute("href")
        here.goto(f"{server.base}{target}{hash_}")
        expect(here.locator("#told section").first).to_be_visible()
        expect(here.locator("#main-chart .chart-plot")).to_have_attribute("aria-label", re.compile("points"))
        return here

    return go


def view(page):
    fragment = page.evaluate("location.hash.slice(1)")
    return [float(x) for x in parse_qs(fragment).get("view", [","])[0].split(",") if x]


def viewed(page, wanted):
    """What is in view, once it is what is wanted."""
    return until(lambda: len(seen := view(page)) == 2 and wanted(*seen) and seen, "the view")


# What the page is asked to show: all of it, halves, and so on down to a few points on both sides of a spike.
VIEWS = [
    (0, POINTS - 1),
    (0, 10_000),
    (10_000, 19_999),
    (4000, 9000),
    (5000, 6500),
    (5600, 5700),
    (5645, 5655),
]


@pytest.mark.parametrize(("low", "high"), VIEWS)
def test_every_spike_is_seen_at_every_zoom(open_run, low, high):
    page = open_run("spikes", f"#view={low},{high}&log=-")
    # The scale reaches to the spikes: what is drawn in the middle of the picture is spikes, and nothing else.
    # Close up a spike is a triangle: its two sides are one.
    spikes = sum(low <= s <= high for s in SPIKES)
    until(lambda: groups(ink(plots(page).first, 0.1, 0.2), apart=50) == spikes, "every spike")


def test_all_twelve_are_there(open_run):
    page = open_run("spikes", "#log=-")
    until(lambda: groups(ink(plots(page).first, 0.1, 0.45)) == 12, "twelve spikes")


DARK = """c => c.getContext("2d").getImageData(0, 0, c.width, c.height).data
  .filter((v, i) => i % 4 === 3 && v > 200).length"""


def test_there_is_ink_on_every_canvas_though_values_are_missing(open_run):
    page = open_run("full")
    expect(page.locator("#multiples > div")).to_have_count(5)
    page.get_by_text("Values in view as a table").click()
    expect(plots(page)).to_have_count(6)
    # The curve itself has to be there on both sides of the hole, and the hole has to be hatched.
    width = plots(page).first.evaluate("canvas => canvas.width")

    def is_drawn_at(place):
        return any(abs(x - place * width) < 30 for x in ink(plots(page).first))

    for place in (0.2, 0.45, 0.8):
        until(lambda place=place: is_drawn_at(place), f"ink at {place}")
    for canvas in plots(page).all():
        until(lambda canvas=canvas: canvas.evaluate(DARK) > 500, "ink on every canvas")
    expect(page.locator(".chart-caption").first).to_contain_text("400 values are not finite")
    expect(page.locator(".chart-table table")).to_contain_text("NaN")


def test_what_was_measured_stands_below_with_its_bounds(open_run):
    page = open_run("full")
    for name in ("learning rate", "gradient norm", "update ratio", "η·sharpness", "gradient noise scale"):
        expect(page.locator("#multiples")).to_contain_text(name)
    page.get_by_role("checkbox", name="grad_norm").uncheck()
    expect(page.locator("#multiples > div")).to_have_count(4)
    until(lambda: "grad_norm" not in page.evaluate("location.hash"), "the address")


def test_it_is_read_and_zoomed_by_keyboard_and_the_address_follows(open_run):
    page = open_run("spikes")
    page.locator("#main-chart .chart-plot").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#main-chart .readout")).to_contain_text("loss")
    page.keyboard.press("n")
    page.keyboard.press("+")
    page.keyboard.press("+")
    low, _ = viewed(page, lambda low, high: 4500 < high - low < 5500)
    page.keyboard.press("Shift+ArrowRight")
    viewed(page, lambda now, _: now > low)
    page.keyboard.press("0")
    until(lambda: view(page) == [], "all of it in view")


def test_a_drag_zooms_a_double_click_shows_all_and_a_link_leads_to_the_view(
    open_run, new_page, shared, folder
):
    page = open_run("spikes")
    box = page.locator("#main-chart .u-over").bounding_box()
    y = box["y"] + 100
    page.mouse.move(box["x"] + 0.25 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], y, steps=4)
    page.mouse.up()
    viewed(page, lambda low, high: abs(low - 5000) < 100 and abs(high - 10_000) < 100)
    page.get_by_role("radio", name="linear").check()
    link = page.evaluate("location.href")
    page.mouse.dblclick(box["x"] + 200, y)
    until(lambda: view(page) == [], "all of it in view")
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_role("radio", name="linear")).to_be_checked()
    expect(page.locator("#main-chart .chart-plot")).to_have_attribute(
        "aria-label", re.compile(r"^step (5,0|4,9)\d\d to (10,0|9,9)")
    )


FINGERS = """(over, moves) => {
  const { left, top } = over.getBoundingClientRect();
  for (const [type, id, x] of moves) {
    const at = { clientX: left + x, clientY: top + 40, pointerId: id, pointerType: "touch", bubbles: true };
    over.dispatchEvent(new PointerEvent(type, at));
  }
}"""


def test_a_finger_moves_it_and_two_zoom(open_run):
    page = open_run("spikes", "#view=5000,10000")
    over = page.locator("#main-chart .u-over")
    page.evaluate("Element.prototype.setPointerCapture = () => {}")  # there are no real fingers here
    over.evaluate(FINGERS, [("pointerdown", 1, 300), ("pointermove", 1, 200), ("pointerup", 1, 200)])
    viewed(page, lambda low, high: low > 5300 and abs(high - low - 5000) < 10)
    two = [("pointerdown", 1, 300), ("pointerdown", 2, 400), ("pointermove", 2, 500)]
    over.evaluate(FINGERS, [*two, ("pointerup", 1, 300), ("pointerup", 2, 500)])
    viewed(page, lambda low, high: abs(high - low - 2500) < 200)


def test_on_logarithmic_steps_the_first_step_keeps_a_place(open_run):
    page = open_run("full")
    page.get_by_role("checkbox", name="log steps").check()
    until(lambda: "log=x" in page.evaluate("location.hash"), "the address")
    canvas = plots(page).first
    width = canvas.evaluate("canvas => canvas.width")
    # Half of the picture is now what was a sixtieth of it.
    until(lambda: sum(x < width / 2 for x in ink(canvas)) > 150, "the first steps")


def test_evidence_opens_line_by_line(open_run):
    page = open_run("full")
    cause = page.locator(".cause").first
    line = cause.locator("details.line").first
    line.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(line.locator("dl")).to_contain_text("measured")
    expect(line.locator("dl")).to_contain_text("nats")
    page.get_by_text("other causes were weighed").click()
    expect(page.locator(".cause").nth(10)).to_be_attached()


def test_a_finding_leads_to_its_place_in_the_chart(open_run):
    page = open_run("full")
    page.locator(".story .letter", has_text=re.compile("^[A-Z]$")).last.click()
    viewed(page, lambda low, high: low < high)


def test_decisions_are_marked_in_the_chart_and_told_in_the_journal(open_run):
    page = open_run("steered")
    rows = page.locator(".journal tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("The loss rose to 9 times its level.")
    expect(rows.nth(2)).to_contain_text("Set the learning rate to 0.05.")
    expect(rows.nth(1)).to_contain_text("<b>rest</b>")
    expect(rows.first).to_contain_text("Watching has taken 0.25 s of 40 s.")
    expect(page.locator("#main-chart .chart-plot")).to_have_attribute(
        "aria-label", re.compile("rollback at 150")
    )
    rows.nth(2).get_by_role("button").focus()
    page.keyboard.press("Enter")
    viewed(page, lambda low, high: low < 150 < high)


def test_what_an_accuracy_did_is_told_the_right_way_up(open_run):
    page = open_run("rising")
    expect(page.locator(".lanes")).not_to_contain_text("drop")
    expect(page.locator(".story")).not_to_contain_text("drop")


def test_what_is_saved_is_what_is_seen(open_run):
    page = open_run("spikes", "#view=5600,5700")
    every = re.compile(
        "step 5,?600 to 5,?700.* 101 points"
    )  # coarser ones are seen, and saved, until they come
    expect(page.locator("#main-chart .chart-plot")).to_have_attribute("aria-label", every)
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV: save what is in view").click()
    rows = list(csv.DictReader(saved.value.path().read_text(encoding="utf-8").splitlines()))
    assert [int(r["first"]) for r in rows] == list(range(5600, 5701))
    assert max(float(r["highest"]) for r in rows) == 10
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG: save as a picture").click()
    assert saved.value.path().read_bytes()[:4] == b"\x89PNG"
    with page.expect_download() as saved:
        page.get_by_role("link", name="Report as a page").click()
    assert "<!doctype html>" in saved.value.path().read_text(encoding="utf-8")


def test_what_lies_off_the_scale_is_counted(open_run):
    page = open_run("spikes", "#log=-")
    page.get_by_role("checkbox", name="leave out extremes").check()
    expect(page.locator("#main-chart .chart-caption")).to_contain_text("above this scale")
    until(lambda: "fit=most" in page.evaluate("location.hash"), "the address")
    until(lambda: len(ink(plots(page).first, 0.3, 0.7)) > 300, "the rest of the curve")


def test_a_trend_is_drawn_over_the_points_and_hides_none(open_run):
    page = open_run("spikes", "#log=-")
    page.get_by_label("trend").select_option("1000")
    expect(page.locator("#main-chart .chart-caption")).to_contain_text("The trend knows only the past")
    until(lambda: groups(ink(plots(page).first, 0.3, 0.45)) == 12, "twelve spikes")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it(open_run, new_page, width, dark):
    page = open_run("full", here=new_page(width=width, dark=dark))
    page.get_by_text("Values in view as a table").click()
    page.get_by_text("other causes were weighed").click()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_follows_a_run_that_is_being_written(serve, page, tmp_path):
    place = tmp_path / "runs"
    with descentry.record(place / "live") as run:
        for i in range(300):
            run.log(i, loss=2 / (1 + i / 50), lr=0.1)
        run.flush()
        page.goto(serve("board", place).address("/board"))
        page.locator("#runs th a").click()
        plot = page.locator("#main-chart .chart-plot")
        expect(plot).to_have_attribute("aria-label", re.compile("300 points"))
        for i in range(300, 340):
            run.log(i, loss=2 / (1 + i / 50), lr=0.1)
            time.sleep(0.02)
        run.flush()
        expect(plot).to_have_attribute("aria-label", re.compile("340 points"))
        run.log(340, loss=float("nan"), lr=0.1)
        run.flush()
        expect(page.locator("#verdict")).to_contain_text("Failing")
        expect(plot).to_have_attribute("aria-label", re.compile("341 points, 1 not finite"))


def test_a_view_of_the_end_moves_on_with_it_and_so_does_what_stands_below(serve, page, tmp_path):
    place = tmp_path / "runs"
    with descentry.record(place / "live") as run:
        for i in range(300):
            run.log(i, loss=2 / (1 + i / 50), lr=0.1)
        run.flush()
        page.goto(serve("board", place).address("/board"))
        page.locator("#runs th a").click()
        plot, below = page.locator("#main-chart .chart-plot"), page.locator("#multiples .chart-plot")
        expect(plot).to_have_attribute("aria-label", re.compile("300 points"))
        page.goto(page.url.split("#")[0] + "#view=200,299")
        page.reload()
        for chart in (plot, below):
            expect(chart).to_have_attribute("aria-label", re.compile("step 200 to 299"))
        for i in range(300, 350):
            run.log(i, loss=2 / (1 + i / 50), lr=0.1)
        run.flush()
        for chart in (plot, below):
            expect(chart).to_have_attribute("aria-label", re.compile("step 250 to 349"))


def test_a_run_that_is_not_there_is_said(serve, page, folder, shared):
    page.goto(shared("board", folder).address("/run?id=nothing"))
    expect(page.locator("#trouble")).to_be_visible()
    page.witness.wrong = [w for w in page.witness.wrong if "404" not in w]
