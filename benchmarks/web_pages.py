"""How quick the pages are in a browser: first paint, moving in ten million points, growing for an hour.

A real Chromium, headless, without a GPU, in front of a real ``descentry board``.

    python -m benchmarks.web_pages
    python -m benchmarks.web_pages --points 1000000
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.web import HOUR, POINTS, Board, board

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")

PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
DRAWN = """async (wanted) => {
  for (;;) {
    const plot = document.querySelector("#main-chart .chart-plot");
    const said = plot?.getAttribute("aria-label") ?? "";
    if (/points/.test(said) || document.querySelector(wanted)) return performance.now();
    await new Promise(requestAnimationFrame);
  }
}"""

# A chart of all points in the page's own memory, or of the tiles of the server.
MAKE = """async ({ run, points }) => {
  const { makeChart } = await import("/static/chart.js"), { series } = await import("/static/runs.js");
  const box = document.createElement("div");
  document.querySelector("main").replaceChildren(box);
  const began = performance.now();
  if (run) {
    const source = series(run, "loss");
    await source.start();
    const ask = source.fetch;
    window.asking = 0;
    source.fetch = async (...what) => {
      window.asking += 1;
      try { return await ask(...what); } finally { window.asking -= 1; }
    };
    window.chart = makeChart(box, { series: [{ name: "loss", source }] });
  } else {
    const x = new Float64Array(points), y = new Float64Array(points);
    let state = 1;
    for (let i = 0; i < points; i++) {
      state = (state * 16807) % 2147483647;
      x[i] = i;
      y[i] = Math.exp((-4 * i) / points) + (0.1 * state) / 2147483647;
    }
    window.chart = makeChart(box, { series: [{ name: "loss", x, y }] });
  }
  return performance.now() - began;
}"""

PAN = """async ({ points, seconds }) => {
  const gaps = [], wide = 0.3 * points, until = performance.now() + 1000 * seconds;
  let at = 0, before = 0;
  await new Promise((done) => {
    const frame = (now) => {
      if (before) gaps.push(now - before);
      before = now;
      at = (at + wide / 200) % (0.7 * points);
      window.chart.zoom([at, at + wide]);
      if (now < until) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  });
  return gaps;
}"""

# How long until something is drawn of where one zooms to, and until it is as fine as the screen.
ZOOM = """async ({ points, times }) => {
  const first = [], fine = [];
  let state = 7;
  for (let i = 0; i < times; i++) {
    state = (state * 16807) % 2147483647;
    const wide = points * 10 ** (-1 - (i % 5)), at = (points - wide) * (state / 2147483647);
    const began = performance.now();
    window.chart.zoom([at, at + wide]);
    first.push(performance.now() - began);
    if (window.asking) {
      while (window.asking) await new Promise((done) => setTimeout(done, 1));
      window.chart.flush();
      fine.push(performance.now() - began);
    }
    await new Promise(requestAnimationFrame);
  }
  return { first, fine };
}"""

# An hour at ten a second, point by point, drawn every so often as frames would.
GROW = """async ({ points }) => {
  const { makeChart } = await import("/static/chart.js");
  const box = document.createElement("div");
  document.querySelector("main").replaceChildren(box);
  const chart = makeChart(box, { series: [{ name: "loss", x: [0], y: [1] }] });
  const took = [[], []], memory = [];
  for (let i = 1; i < points; i++) {
    chart.append("loss", [i], [Math.exp(-i / 9000) + 0.1 * Math.sin(i * 12.9898)]);
    if (i % 50 === 0) {
      const began = performance.now();
      chart.flush();
      took[i < points / 2 ? 0 : 1].push(performance.now() - began);
      if (i % 500 === 0) await new Promise(requestAnimationFrame);
    }
    if (i % (points / 4) === 0) memory.push(performance.memory.usedJSHeapSize / 2 ** 20);
  }
  return { took, memory };
}"""


def _told(values: list[float]) -> str:
    return f"{np.median(values):7.1f} {np.quantile(values, 0.95):7.1f}"


def _opened(browser: Browser, server: Board, path: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    token = server.head["Authorization"].removeprefix("Bearer ")
    page.goto(f"{server.base}{path}{'&' if '?' in path else '?'}token={token}")
    return page


def _moved(page: Page, name: str, points: int, **given: Any) -> None:
    made = page.evaluate(MAKE, {"points": points, **given})
    gaps = page.evaluate(PAN, {"points": points, "seconds": 4})
    zoom = page.evaluate(ZOOM, {"points": points, "times": 50})
    print(f"{name:<28} {made:9.0f} {1000 / np.mean(gaps):8.1f} {_told(gaps)} {_told(zoom['first'])}", end=" ")
    print(_told(zoom["fine"]) if zoom["fine"] else "")


def measure(browser: Browser, folder: Path, points: int) -> None:
    rng = np.random.default_rng(0)
    loss = np.exp(-np.arange(points) / (points / 4)) + 0.1 * rng.standard_normal(points)
    np.savez(folder / "long.npz", loss=loss)
    (folder / "short.csv").write_text(
        "step,loss\n" + "\n".join(f"{i},{v:.5g}" for i, v in enumerate(loss[:2000])), encoding="utf-8"
    )
    with board(folder) as server:
        while len(runs := json.loads(server.get("/api/board/runs"))["runs"]) < 2:
            pass
        ids = {run["name"]: run["id"] for run in runs}
        for run in ids.values():
            server.get(f"/api/board/runs/{run}")
        print("page                         first paint, ms   drawn, ms")
        pages = [("list", "/board"), *((f"run of {n}", f"/run?id={i}") for n, i in ids.items())]
        for name, path in pages:
            painted, drawn = [], []
            for _ in range(5):
                page = _opened(browser, server, path)
                drawn.append(page.evaluate(DRAWN, "#runs tr"))
                painted.append(page.evaluate(PAINTED))
                page.close()
            print(f"{name:<28} {np.median(painted):15.0f} {np.median(drawn):11.0f}")
        print(f"\n{points:,} points (ms, median and 95%): made; frames a second; frame; zoom; finest")
        page = _opened(browser, server, f"/run?id={ids['short']}")
        _moved(page, "in the page's own memory", points)
        page.close()
        page = _opened(browser, server, f"/run?id={ids['short']}")
        _moved(page, "tiles of the server", points, run=ids["long"])
        grown = page.evaluate(GROW, {"points": HOUR})
        print(f"\n{HOUR:,} points appended one by one: redrawn in", end=" ")
        print(
            f"{_told(grown['took'][0])} ms in the first half, {_told(grown['took'][1])} in the second;",
            end=" ",
        )
        print("heap at the quarters: " + ", ".join(f"{m:.0f}" for m in grown["memory"]) + " MiB")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=POINTS)
    args = parser.parse_args()
    path = os.environ.get("DESCENTRY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    print(f"load of this machine, {os.cpu_count()} processors: {os.getloadavg()[0]:.1f}\n")
    with sync_playwright() as tools, tempfile.TemporaryDirectory() as place:
        browser = tools.chromium.launch(executable_path=path, args=list(FLAGS))
        measure(browser, Path(place), args.points)
        browser.close()


if __name__ == "__main__":
    main()
