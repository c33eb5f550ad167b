"""The board in a real browser: which runs there are, and how they are, as it changes."""

import pytest
from tests._awaiting import until
from tests.browser.looking import faults

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect


def csv(path, values, name="loss"):
    lines = [f"step,{name}", *(f"{i},{v}" for i, v in enumerate(values))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def falling(n=400):
    return [2.3 / (1 + i / 40) + 0.05 * ((i * 7919) % 13) / 13 for i in range(n)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    csv(place / "good.csv", falling())
    csv(place / "bad.csv", [*falling(200), *["nan"] * 200])
    csv(place / "<img src=x onerror=boom()>.csv", falling(), name="<script>boom()</script>")
    return place


@pytest.fixture
def board(folder, shared, page):
    page.goto(shared("board", folder).address("/board"))
    expect(page.locator("#runs tr")).to_have_count(3)
    return page


def names(page):
    return page.locator("#runs th a").all_inner_texts()


def test_runs_are_listed_with_verdict_curve_and_sentence_gravest_first(board):
    first = board.locator("#runs tr").first
    expect(first).to_contain_text("Failing")
    expect(first).to_contain_text("bad.csv")
    expect(first.locator("svg path.bad").first).to_be_attached()
    expect(board.locator("#tally")).to_contain_text("3 runs: 1 failing, 2 healthy.")


def test_what_a_log_is_called_is_text(board):
    assert any("<img src=x onerror=boom()>" in name for name in names(board))
    board.get_by_role("link", name="<img").click()
    expect(board.locator("#told section").first).to_be_visible()
    expect(board.locator("#facts")).to_contain_text("<script>boom()</script>")
    assert board.locator("main img").count() == 0


def test_runs_can_be_found_and_ordered_and_the_address_says_how(board):
    board.get_by_label("order").select_option("name")
    board.get_by_label("find").fill("good")
    until(lambda: names(board) == ["good"], "one run is found")
    board.get_by_label("find").fill("")
    board.get_by_role("checkbox", name="failing").uncheck()
    expect(board.locator("#runs tr")).to_have_count(2)
    assert "bad" not in names(board)
    board.reload()
    expect(board.locator("#runs tr")).to_have_count(2)
    expect(board.get_by_label("order")).to_have_value("name")


def test_a_run_that_is_written_meanwhile_appears_and_changes(folder, serve, page, tmp_path):
    place = tmp_path / "live"
    place.mkdir()
    page.goto(serve("board", place).address("/board"))
    expect(page.locator("#tally")).to_contain_text("No run is here yet")
    csv(place / "new.csv", falling())
    row = page.locator("#runs tr")
    expect(row).to_contain_text("Healthy")
    csv(place / "new.csv", [*falling(), *["nan"] * 50])
    expect(row).to_contain_text("Failing")
    expect(page.locator("#events")).to_contain_text("new is now failing")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it(folder, shared, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    page.goto(shared("board", folder).address("/board"))
    expect(page.locator("#runs tr")).to_have_count(3)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_two_runs_are_chosen_and_compared_by_keyboard(board):
    for box in board.locator("#runs input").all()[:2]:
        box.focus()
        board.keyboard.press("Space")
    board.locator("#compare").focus()
    board.keyboard.press("Enter")
    expect(board.locator("#headline")).to_contain_text("2 runs beside each other")


def test_the_page_stays_dark_when_it_is_chosen(board):
    board.get_by_role("button", name="Switch to the dark page").click()
    board.reload()
    expect(board.get_by_role("button", name="Switch to the light page")).to_be_visible()
