"""How soon a slider of the lab is answered: from moving it to the first picture, in a real Chromium.

    python -m benchmarks.web_lab
    python -m benchmarks.web_lab --moves 100 --scenes learning-rate overshooting

The page itself takes the time, from the input event until the picture is drawn; what it draws first is the
part of the runs that has been computed by then. Beside it: until the story is told, and the bytes that
opening the lab ships.
"""

from __future__ import annotations

import argparse
import os
import re
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np
from playwright.sync_api import Page, sync_playwright

from descentry.web.lab._entry import scenes
from descentry.web.lab.controls import Slider

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
START = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--moves", type=int, default=40)
    parser.add_argument("--scenes", nargs="*", default=list(scenes()))
    args = parser.parse_args()
    server, url = serve()
    try:
        with sync_playwright() as tools:
            path = os.environ.get("DESCENTRY_CHROMIUM") or shutil.which("chromium")
            browser = tools.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
            shipped: list[int] = []
            page.on("response", lambda r: shipped.append(int(r.headers.get("content-length", 0))))
            page.goto(url.replace("/?", "/lab?"))
            page.locator("#run").wait_for()
            print(f"opening the lab ships {sum(shipped) / 1000:.0f} kB\n")
            print(
                "| scene | control | first picture, ms: median | 95th percentile | story told, ms: median |"
            )
            print("|---|---|---|---|---|")
            for id in args.scenes:
                measure(page, id, args.moves)
            browser.close()
    finally:
        server.terminate()
        server.wait(20)


def serve() -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "descentry.cli", "lab", "--port", "0", "--no-browser"]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    assert server.stdout is not None
    with selectors.DefaultSelector() as ready:
        ready.register(server.stdout, selectors.EVENT_READ)
        until = time.monotonic() + START
        while time.monotonic() < until:
            if ready.select(timeout=0.5) and (found := re.search(r"http://\S+", server.stdout.readline())):
                return server, found[0]
    raise SystemExit("the server did not start")


def measure(page: Page, id: str, moves: int) -> None:
    page.evaluate("(id) => { location.hash = `scene=${id}`; }", id)
    page.locator(f"#scenes a[href='#scene={id}'][aria-current]").wait_for()
    page.locator("#question input").last.check()
    page.locator("#run").click()
    page.locator("body[data-whole=true]").wait_for(timeout=60_000)
    control = next(c for c in scenes()[id].controls if isinstance(c, Slider) and c.only_if is None)
    page.locator(f"#control-{control.id}").focus()
    first, told = [], []
    for move in range(moves):
        page.evaluate("delete document.body.dataset.latency")
        page.evaluate("document.body.dataset.whole = 'false'")
        began = time.perf_counter()
        page.keyboard.press("PageDown" if move % 2 else "PageUp")
        page.locator("body[data-latency]").wait_for(timeout=60_000)
        first.append(float(page.evaluate("document.body.dataset.latency")))
        page.locator("body[data-whole=true]").wait_for(timeout=60_000)
        told.append(1000 * (time.perf_counter() - began))
    print(f"| {scenes()[id].title} | {control.title} | {row(first)} | {np.median(told):.0f} |", flush=True)


def row(values: Sequence[float]) -> str:
    return f"{np.median(values):.0f} | {np.percentile(values, 95):.0f}"


if __name__ == "__main__":
    main()
