"""A real Chromium in front of a real server; where there is none, these tests are skipped and say so.

A test that takes `page` fails when the page writes an error to the console, raises one, or asks for anything
that is not on this machine, whatever else it checks.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # containers have none to offer
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
)
PATIENCE = 600.0  # seconds for anything to come: how busy the machine is, is not what is looked at


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.slow)


def _chromium():
    named = os.environ.get("DESCENTRY_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def launch():
    """Starts Chromium: `launch("--flag")`; it ends with the tests, if not before."""
    path = _chromium()
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium, or name one in DESCENTRY_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    playwright.expect.set_options(timeout=PATIENCE * 1000)
    with playwright.sync_playwright() as tools:

        def start(*flags):
            # Playwright makes a user-data-dir of its own for each launch, and removes it.
            return tools.chromium.launch(executable_path=path, headless=True, args=[*FLAGS, *flags])

        yield start


@pytest.fixture(scope="session")
def browser(launch):
    """Chromium, one for all tests of a process."""
    browser = launch()
    yield browser
    browser.close()


class Server:
    """`descentry WORDS` in a process of its own, until `stop`."""

    def __init__(self, *words, env=None):
        command = [sys.executable, "-m", "descentry.cli", *map(str, words), "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", **(env or {})},
        )
        self.url = self._address()
        parts = urlsplit(self.url)
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.token = parts.query.removeprefix("token=")

    def _address(self):
        said, until = "", time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while time.monotonic() < until and self.process.poll() is None:
                if ready.select(timeout=0.2):
                    said += self.process.stdout.readline()
                    if found := re.search(r"http://\S+", said):
                        return found[0]
        self.stop()
        pytest.fail(f"the server did not start:\n{said}{self.process.stdout.read()}")

    def address(self, path):
        """An address that opens `path` in a browser that has not been here."""
        return f"{self.base}{path}{'&' if '?' in path else '?'}token={self.token}"

    def stop(self):
        """Ends it as Ctrl-C does; returns what it printed after its address."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.stdout.read()


@pytest.fixture
def serve():
    """Starts servers: `serve("board", folder)` gives a `Server`; they end with the test."""
    running = []

    def start(*words, **options):
        running.append(Server(*words, **options))
        return running[-1]

    yield start
    for server in running:
        server.stop()
        server.process.stdout.close()


@pytest.fixture(scope="module")
def shared():
    """As `serve`, for all tests of a module: asked twice for the same words, it gives the same server."""
    running = {}

    def start(*words):
        return running.setdefault(words, None) or running.update({words: Server(*words)}) or running[words]

    yield start
    for server in running.values():
        server.stop()
        server.process.stdout.close()


class Witness:
    """What went wrong in a page while nobody looked."""

    def __init__(self, context):
        self.wrong = []
        self.requests = []
        context.on("request", self._request)
        context.on("page", self._page)

    def _page(self, page):
        page.on("console", lambda m: self.wrong.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("websocket", lambda socket: self._look(socket.url))

    def _request(self, request):
        self.requests.append(request.url)
        self._look(request.url)

    def _look(self, url):
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "file"} and parts.hostname not in {"127.0.0.1", "localhost"}:
            self.wrong.append(f"left the machine: {url}")


@pytest.fixture
def new_page(browser):
    """Makes pages, each in a browser that has never been here: `new_page(width=390, dark=True)`.

    `page.witness.wrong` lists what went wrong in it; a test that expects some of it takes it out.
    """
    contexts = []

    def make(*, width=1280, height=900, dark=False, **options):
        options.setdefault("reduced_motion", "reduce")
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **options,
        )
        context.set_default_timeout(PATIENCE * 1000)
        witness = Witness(context)
        page = context.new_page()
        page.witness = witness
        contexts.append((context, witness))
        return page

    yield make
    wrong = [each for _, witness in contexts for each in witness.wrong]
    for context, _ in contexts:
        context.close()
    assert not wrong


@pytest.fixture
def page(new_page):
    """A page of usual size."""
    return new_page()
