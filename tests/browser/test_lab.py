"""The lab in a real browser: every scene reaches what it promises, by hand and by keyboard."""

import re
from urllib.parse import urlencode

import pytest
from tests._awaiting import until
from tests.browser.looking import faults, ink, plots

pytest.importorskip("torch", reason="PyTorch is not installed")
expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect

from descentry.web.lab._entry import scenes  # noqa: E402 - what it imports may be missing

SCENES = list(scenes().values())
CASES = [pytest.param(s, c, id=f"{s.id}: {c.name}") for s in SCENES for c in s.cases if c.shows or c.cause]


@pytest.fixture
def lab(shared):
    """Opens a scene, as its settings in the address say."""
    server = shared("lab")

    def go(page, scene, **settings):
        page.goto(f"{server.address('/lab')}#{urlencode({'scene': scene, **settings})}")
        expect(page.locator("#run")).to_be_visible()
        return page

    return go


def run(page, answer="I cannot tell"):
    page.locator("#question").get_by_label(answer, exact=True).check()
    page.get_by_role("button", name="Run").click()
    done(page)


def done(page):
    expect(page.locator("body")).to_have_attribute("data-whole", "true")
    expect(page.locator("#outcome")).to_be_visible()


@pytest.mark.parametrize(("scene", "case"), CASES)
def test_a_scene_reaches_its_named_behaviour_when_its_controls_are_set_so(scene, case, lab, page):
    titles = dict(scene.question.answers)
    lab(page, scene.id, **case.settings)
    run(page, titles[case.answer] if case.answer else "I cannot tell")
    for behaviour in case.shows:
        expect(page.locator("#named")).to_contain_text(behaviour.replace("-", " "))
    for behaviour in case.not_shows:
        expect(page.locator("#outcome")).not_to_contain_text(f"{behaviour.replace('-', ' ')}, steps")
    if case.answer:
        expect(page.locator("#score")).to_have_text("✓ So it is.")
    until(lambda: ink(plots(page).first), "a curve")


def test_nothing_runs_before_something_is_expected_of_it(lab, page):
    lab(page, "overshooting")
    expect(page.get_by_role("button", name="Run")).to_be_disabled()
    expect(page.locator("#chart-box")).to_be_hidden()
    page.get_by_label("explode", exact=True).check()
    expect(page.get_by_role("button", name="Run")).to_be_enabled()


def test_what_was_changed_predicted_and_what_happened_stand_below(lab, page):
    lab(page, "overshooting")
    run(page, "explode")
    expect(page.locator("#score")).to_contain_text("It is: settle without bouncing")
    slider = page.get_by_label("Learning rate × sharpness")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    expect(page.locator("#happened")).to_contain_text("explodes")
    expect(page.locator("#changed")).to_contain_text("Learning rate × sharpness: 0.5 →")
    expect(page.locator("#score")).to_have_text("✓ So it is.")
    assert page.evaluate("document.body.dataset.latency")  # measured, and asserted nowhere


def test_all_rates_are_named_from_crawling_to_exploding(lab, page):
    lab(page, "learning-rate")
    run(page, "learn")
    others = page.locator("#others li")
    expect(others.last).to_contain_text(re.compile("divergence|non finite"))
    assert any("slow decrease" in g for g in others.all_inner_texts()[:3])


def test_a_curve_is_zoomed_by_buttons(lab, page):
    lab(page, "overshooting")
    run(page)
    box, plot = page.locator("#chart"), page.locator("#chart .chart-plot")
    expect(plot).to_have_attribute("aria-label", re.compile("Marked"))  # drawn to its last point
    whole = plot.get_attribute("aria-label")
    box.get_by_role("button", name="Zoom in").click()
    expect(plot).not_to_have_attribute("aria-label", whole)
    box.get_by_role("button", name="all of it").click()
    expect(plot).to_have_attribute("aria-label", whole)


def test_a_whole_scene_can_be_done_by_keyboard(lab, page):
    lab(page, "plateaus")
    page.locator("#question input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    done(page)
    page.get_by_label("What to do").focus()
    page.keyboard.press("End")
    expect(page.locator("#changed")).to_contain_text("give it a push")
    done(page)
    page.get_by_label("Step of the path").focus()
    page.keyboard.press("Home")
    expect(page.locator("#ground .readout")).to_contain_text("Step 0:")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#ground .readout")).to_contain_text("Step 1:")


def test_the_address_leads_back_to_the_same_experiment(lab, page, new_page):
    lab(page, "learning-rate", rate="3")
    expect(page.locator(".control output").first).to_have_text("3")
    page.get_by_label("Optimizer").select_option("adam")
    until(lambda: "optimizer=adam" in page.url, "the address")
    other = new_page()
    lab(other, "learning-rate", rate="3", optimizer="adam")
    expect(other.get_by_label("Optimizer")).to_have_value("adam")


@pytest.mark.parametrize("rate", ["", "NaN", "-1", "1e99", "<script>boom()</script>"])
def test_an_address_that_says_nonsense_is_taken_for_what_it_can_be(rate, lab, page):
    lab(page, "learning-rate", rate=rate, model="no such", scene_="x")
    run(page)
    expect(page.locator("#happened")).not_to_be_empty()


def test_a_click_on_the_ground_sets_the_start(lab, page):
    lab(page, "iterative")
    run(page)
    before = page.locator(".ground-canvas").get_attribute("aria-label")
    page.locator(".ground-canvas").click(position={"x": 60, "y": 250})
    expect(page.get_by_label("Start")).to_have_value("chosen")
    expect(page.locator(".ground-canvas")).not_to_have_attribute("aria-label", before)


def test_the_fog_hides_the_ground_but_not_the_path(lab, page):
    lab(page, "iterative", ground="himmelblau", rate="0.01")
    run(page)
    canvas = page.locator(".ground-canvas")
    until(lambda: ink(canvas), "the ground")
    page.get_by_label("Only what it knows").check()
    until(lambda: ink(canvas), "the path")
    assert page.get_by_label("Only what it knows").is_checked()


def test_a_loss_of_ones_own_is_run_and_a_bad_one_is_explained(lab, page):
    lab(page, "iterative", ground="own", rate="0.05")
    run(page)
    field = page.get_by_label("Your loss of x and y")
    field.fill("x^2 + 3*y^2 + sqr(x)")
    expect(page.locator("#trouble")).to_contain_text("did you mean 'sqrt'?")
    field.fill("x^2 + 3*y^2")
    expect(page.locator("#trouble")).to_be_hidden()
    done(page)


def test_a_csv_of_ones_own_is_trained_on(lab, page):
    lab(page, "learning-rate", rate="0.1")
    run(page)
    text = "size,age,price\n" + "\n".join(f"{i},{i * 7 % 11},{2 * i - i * 7 % 11}" for i in range(60))
    page.locator("#own-file").set_input_files(
        {"name": "flats.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    expect(page.locator(".drop")).to_contain_text("flats.csv: 60 rows, size, age → price.")
    expect(page.get_by_label("Model")).to_have_value("own")
    done(page)
    page.locator("#own-file").set_input_files(
        {"name": "words.csv", "mimeType": "text/csv", "buffer": b"a,b\nx,y\n"}
    )
    expect(page.locator("#trouble")).to_contain_text("Wanted: at least 8 rows")
    page.witness.wrong = [
        w for w in page.witness.wrong if "400" not in w
    ]  # the browser logs what was refused


def test_an_experiment_opens_as_a_script(lab, page):
    lab(page, "failure")
    run(page)
    page.get_by_role("button", name="Open as a script").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("import torch")
    expect(dialog).to_contain_text("features(repaired=False)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_quiz_is_marked_and_goes_on(lab, page):
    lab(page, "reading")
    expect(page.locator(".quiz")).to_contain_text("1 of 8")
    page.locator(".quiz").get_by_role("button", name="a smooth decrease").click()
    expect(page.locator(".quiz")).to_contain_text("So it is.")
    page.get_by_role("button", name="Next curve").click()
    expect(page.locator(".quiz")).to_contain_text("2 of 8, 1 right so far")


def test_every_scene_can_be_gone_to_by_its_link(lab, page):
    lab(page, "iterative")
    for scene in SCENES:
        page.locator("#scenes").get_by_role("link", name=re.compile(re.escape(scene.title))).click()
        expect(page.locator("h1")).to_have_text(f"{scene.number}. {scene.title}")
        expect(page.locator("#question")).to_contain_text(scene.question.text)


@pytest.mark.parametrize(
    "look", [{"dark": True}, {"width": 390, "height": 800}, {}], ids=["dark", "phone", "wide"]
)
def test_nobody_is_kept_from_using_it(look, lab, new_page):
    page = new_page(**look)
    lab(page, "overshooting", multiple="2.5", ground="ravine")
    run(page)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lab(page, "reading")
    page.reload()
    run(page)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_worker_ends_with_the_server(serve, new_page):
    server = serve("lab")
    page = new_page()
    page.goto(f"{server.address('/lab')}#scene=overshooting")
    run(page)
    children = _children(server.process.pid)
    assert children
    page.goto("about:blank")
    server.stop()
    until(lambda: not [pid for pid in children if _alive(pid)], "no process is left")


def _children(pid):
    from pathlib import Path

    try:
        return [
            int(p) for t in Path(f"/proc/{pid}/task").iterdir() for p in (t / "children").read_text().split()
        ]
    except OSError:
        pytest.skip("this system does not list the children of a process")


def _alive(pid):
    from pathlib import Path

    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
