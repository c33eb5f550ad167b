"""The guard of the server as a real browser meets it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def server(shared):
    return shared("board", EXAMPLES)


def test_the_token_leaves_the_address_and_scripts_cannot_read_the_cookie(server, page):
    page.goto(server.url)
    assert "token" not in page.url
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.evaluate("fetch('/api/parts').then(r => r.status)") == 200


def test_a_link_to_a_page_keeps_the_rest_of_its_address(server, page):
    page.goto(server.address("/board?view=a%20b"))
    parts = urlsplit(page.url)
    assert (parts.path, parts.query) == ("/board", "view=a+b")


def test_a_browser_without_the_token_is_told_where_it_is(server, page):
    answer = page.goto(f"{server.base}/board")
    assert answer.status == 401
    assert "address that descentry printed" in page.inner_text("body")
    page.witness.wrong.clear()  # the browser reports the 401


def test_a_link_on_a_page_elsewhere_opens_the_page(server, page, tmp_path):
    page.goto(server.url)
    link = tmp_path / "link.html"
    link.write_text(f'<!doctype html><link rel="icon" href="data:,"><a href="{server.base}/board">board</a>')
    page.route("file:///**", lambda route: route.continue_())
    page.goto(link.as_uri())
    page.click("a")
    page.wait_for_url("**/board")
    page.wait_for_load_state()
    assert page.evaluate("fetch('/api/parts').then(r => r.status)") == 200
    page.witness.wrong[:] = [w for w in page.witness.wrong if "file:" not in w]
