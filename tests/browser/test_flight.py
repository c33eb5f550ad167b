"""The flight simulator in a real browser: flown by the keyboard, crashed, looked back on."""

import json
import os
import re

import pytest
from tests._awaiting import until
from tests.browser.looking import faults, ink, plots

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
pytest.importorskip("torch")


@pytest.fixture(scope="module")
def address(shared, tmp_path_factory):
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("data"))
    server = shared("lab")
    del os.environ["XDG_DATA_HOME"]
    return server.address


def said(page, text):
    expect(page.locator("#events")).to_contain_text(text)


def phase(page, name):
    expect(page.locator("#phase")).to_have_text(name)


def airborne(page, address, level="bowl", seed=1, speed="1"):
    page.goto(address(f"/flight?level={level}&seed={seed}"))
    expect(page.locator("#takeoff")).to_be_enabled()
    page.locator("#takeoff").press("Enter")
    phase(page, "flying")
    page.get_by_label("speed").select_option(speed)
    page.locator("#rate").focus()


def test_a_flight_from_take_off_to_debrief_with_nothing_but_keys(page, address):
    page.goto(address("/flight"))
    expect(page.locator("#takeoff")).to_be_enabled()
    page.locator("input[name=level]:checked").focus()
    page.keyboard.press("ArrowRight")  # the ravine
    expect(page.locator("#brief")).to_contain_text("momentum 0.9")
    page.keyboard.press("ArrowLeft")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "takeoff":
            break
    page.keyboard.press("Enter")
    phase(page, "flying")
    expect(page.locator("#rate")).to_be_focused()
    page.keyboard.press(" ")
    phase(page, "paused")
    said(page, "Paused.")
    before = float(page.locator("#rate-now").inner_text())
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#rate-now")).to_have_text(f"{2 * before:g}")
    left = page.locator("#left").inner_text()
    page.keyboard.press(" ")
    phase(page, "flying")
    page.keyboard.press(".")
    expect(page.get_by_label("speed")).to_have_value("2")
    expect(page.locator("#left")).not_to_have_text(left)
    expect(page.locator("#left")).to_have_text(re.compile(r"^[1-4]?\d of 80"))
    page.keyboard.press("l")
    phase(page, "landed")
    expect(page.locator("#result")).to_contain_text("Regret")
    said(page, "The debrief is complete.")
    moments = page.locator("#moments > li").count()
    assert moments >= 3
    expect(page.locator("#moments > li").nth(moments - 1)).to_contain_text(f"{moments} Step")
    expect(page.locator("#versus")).to_contain_text("the oracle")
    expect(page.locator("#versus")).to_contain_text("descentry's pilot")
    expect(page.locator("#told")).to_contain_text("What happened")


def test_beyond_the_edge_is_a_crash_and_a_rollback_flies_on(page, address):
    airborne(page, address)
    page.keyboard.press(" ")  # a busy machine clicks so slowly that the flight would be over first
    phase(page, "paused")
    for _ in range(3):
        page.get_by_role("button", name="× 10", exact=True).click()
    page.get_by_label("speed").select_option("4")
    page.locator("#rate").focus()
    page.keyboard.press(" ")
    phase(page, "crashed")
    said(page, "Crash")
    expect(page.locator("#rollback")).to_be_focused()
    expect(page.locator("#gauges")).to_contain_text("beyond the edge at 2")
    expect(page.locator("#gauges")).to_contain_text("not a number")
    # A NaN in the curve, and the rest of it is still drawn.
    until(lambda: len(ink(plots(page).first)) > 30, "the curve")
    page.get_by_label("speed").select_option("1")
    for _ in range(3):  # before it flies on: it would have crashed again by the time of a slow click
        page.get_by_role("button", name="÷ 10", exact=True).click()
    page.keyboard.press("r")
    phase(page, "flying")
    page.get_by_role("button", name="Land").click()
    phase(page, "landed")


def test_the_leaderboard_takes_names_as_text_and_lets_one_race_them(page, address):
    airborne(page, address, seed=2, speed="16")
    page.keyboard.press("PageUp")
    phase(page, "landed")
    page.get_by_label("name").fill("<img src=x>")
    page.get_by_role("button", name="Put it on the leaderboard").click()
    said(page, "number 1 on the leaderboard")
    expect(page.locator("#ranks")).to_contain_text("<img src=x>")
    assert page.locator("#ranks img").count() == 0
    page.get_by_label("speed").select_option("1")
    page.get_by_role("button", name="Fly it again").click()
    phase(page, "flying")
    page.get_by_role("button", name="Race <img src=x>").click()
    expect(page.locator("#loss-chart .chart-tools")).to_contain_text("<img src=x>")


def test_a_flight_can_be_rewound_from_its_debrief(page, address):
    airborne(page, address, speed="16")
    phase(page, "landed")
    said(page, "The debrief is complete.")
    page.locator("#moments button").nth(2).click()
    phase(page, "paused")
    expect(page.locator("#where")).to_contain_text("practice")
    expect(page.locator("#left")).not_to_have_text("80 of 80 steps left")
    page.get_by_role("button", name="Land").click()
    phase(page, "landed")
    expect(page.locator("#result")).to_contain_text("practice")
    expect(page.locator("#sign")).to_be_hidden()


def test_a_saved_flight_can_be_raced(page, address, tmp_path):
    airborne(page, address, seed=5, speed="16")
    phase(page, "landed")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Save this flight").click()
    path = tmp_path / "mine.json"
    caught.value.save_as(path)
    assert json.loads(path.read_text())["format"] == "descentry.flight/1"
    page.locator("#file").set_input_files(path)
    expect(page.locator("#loss-chart .chart-tools")).to_contain_text("mine")
    path.write_text("{not json")
    page.locator("#file").set_input_files(path)
    expect(page.locator("#trouble")).to_contain_text("holds no flight")


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_the_page_can_be_used_by_everybody(new_page, address, width, dark):
    page = new_page(width=width, dark=dark)
    airborne(page, address, "noisy-digits")
    page.get_by_label("batch size").select_option("32")
    said(page, "The batch is 32 now.")
    page.get_by_role("button", name="Pause").click()
    phase(page, "paused")
    assert not faults(page)
    page.get_by_role("button", name="Land").click()
    said(page, "The debrief is complete.")
    assert not faults(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
