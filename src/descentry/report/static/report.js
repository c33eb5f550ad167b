// @ts-check
// The page of a report: its chart, its table of runs, and whether it is light or dark. Reads the JSON in #data.
import { dark } from "../../web/static/colours.js";
import { byId, make } from "../../web/static/dom.js";
import { link, makeChart } from "../../web/static/chart.js";

const root = document.documentElement;
const data = JSON.parse(byId("data").textContent ?? "{}");

function theme() {
  const button = byId("theme");
  const said = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to the ${dark() ? "light" : "dark"} page`); };
  button.hidden = false;
  said();
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; said(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", said);
  /** @type {string | undefined} */
  let before;
  addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; });
  addEventListener("afterprint", () => { if (before) root.dataset.theme = before; else delete root.dataset.theme; });
}

/** A series of the page as a curve of the chart. @param {any} s @param {number} i */
const curve = (s, i) => ({
  name: s.name, x: s.x, y: s.y, holes: s.holes, shown: s.shown, colour: i, thinned: s.thinned ? s.points : undefined,
  trend: s.trend ? { x: s.trend[0], y: s.trend[1] } : undefined, fan: i === 0 ? data.fan ?? undefined : undefined,
});

function charts() {
  const box = byId("plot"), standing = byId("caption"), main = data.series.filter((/** @type {any} */ s) => !s.own), beside = data.series.filter((/** @type {any} */ s) => s.own);
  const thinned = main.some((/** @type {any} */ s) => s.shown && s.thinned);
  const chart = makeChart(box, {
    series: main.map(curve), phases: data.phases.map((/** @type {any} */ p) => ({ ...p, title: p.steps })), xLabel: data.stepName, yLabel: main[0]?.name,
    log: data.log, caption: thinned ? "" : standing.textContent ?? "", trend: thinned ? 1 : 0, alternative: box.getAttribute("aria-label") ?? undefined,
  });
  standing.hidden = true;
  for (const item of document.querySelectorAll(".story li")) {
    const letter = /** @type {HTMLElement} */ (item).dataset.letter, i = data.phases.findIndex((/** @type {any} */ p) => p.letter === letter);
    item.addEventListener("mouseenter", () => chart.light(i < 0 ? null : i));
    item.addEventListener("mouseleave", () => chart.light(null));
  }
  if (beside.length) multiples(chart, beside);
}

/** The other series, each on a scale of its own below the main one, with the same steps. @param {import("../../web/static/chart.js").Chart} chart @param {any[]} beside */
function multiples(chart, beside) {
  const box = byId("beside"), choice = make("fieldset", { "aria-label": "Other series", className: "series" });
  const places = beside.map((s) => {
    const input = make("input", { type: "checkbox", checked: s.shown }), place = make("div");
    input.addEventListener("change", () => { s.shown = input.checked; draw(); });
    choice.append(make("label", {}, input, s.name));
    return place;
  });
  box.append(make("div", { className: "controls" }, "Below it:", choice), ...places);
  /** @type {(import("../../web/static/chart.js").Chart | null)[]} */
  const drawn = beside.map(() => null);
  const draw = () => {
    beside.forEach((s, i) => {
      if (s.shown && !drawn[i]) drawn[i] = makeChart(places[i], { series: [curve({ ...s, shown: true }, i + 1)], xLabel: data.stepName, yLabel: s.name, compact: true });
      else if (!s.shown && drawn[i]) { drawn[i]?.destroy(); drawn[i] = null; }
    });
    link([chart, ...drawn.flatMap((c) => (c ? [c] : []))]);
  };
  draw();
}

/** The table of runs: sorted by a press on a heading. */
function sorting() {
  const table = /** @type {HTMLTableElement | null} */ (document.getElementById("runs"));
  if (!table?.tHead) return;
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  /** @param {HTMLTableRowElement} row @param {number} i */
  const key = (row, i) => {
    const text = row.cells[i].textContent?.trim() ?? "", value = Number(text.replace(/,/g, ""));
    return text === "" ? null : isNaN(value) ? text : value;
  };
  heads.forEach((cell, i) => {
    if (["Curve", "In a sentence"].includes(cell.textContent ?? "")) return;
    const button = make("button", { type: "button", textContent: cell.textContent });
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of heads) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
      rows.sort((r, s) => {
        const a = key(r, i), b = key(s, i);
        if (a === null || b === null) return Number(a === null) - Number(b === null);
        return down * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
      });
      body.append(...rows);
    });
  });
  // A link to a run opens it.
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", open);
  open();
}

theme();
sorting();
if (document.getElementById("plot") && data.series.length) charts();
