// @ts-check
/** Runs beside each other: one curve of each, over steps, time, or what they count themselves, such as tokens. */
import { connect, getJSON } from "./api.js";
import { makeChart } from "./chart.js";
import { seedless, together } from "./chart/together.js";
import { byId, make } from "./dom.js";
import { count, number } from "./format.js";
import { address, pushed, series } from "./runs.js";
import { badge, connection, header, trouble } from "./site.js";
import { parse, readHash, spell, writeHash } from "./state.js";

const MOST = 32; // runs that the server lets a page watch
const BOLD = 7; // curves that have a colour of their own; of more, all but the baseline are grey
const COUNTS = /(^|[_/ -])(tokens?|samples?|examples?|epochs?|flops?)([_/ -]|$)/i;
const ids = (new URLSearchParams(location.search).get("runs") ?? "").split(",").filter(Boolean).slice(0, MOST), hash = readHash();
const metric = /** @type {HTMLSelectElement} */ (byId("metric")), along = /** @type {HTMLSelectElement} */ (byId("along")), baseline = /** @type {HTMLSelectElement} */ (byId("baseline")), seeds = /** @type {HTMLInputElement} */ (byId("seeds"));
/** @type {any[]} */
let runs = [];
/** @type {import("./chart.js").Chart | null} */
let chart = null;
/** @type {Map<string, {key: string, source: import("./chart/remote.js").Remote, name: string, origin: number}>} */
let drawn = new Map();
let turn = 0;

/** Names that tell the runs apart. */
function names() {
  const plain = runs.map((r) => r.summary.name);
  return runs.map((r, i) => (plain.indexOf(plain[i]) === plain.lastIndexOf(plain[i]) ? plain[i] : `${plain[i]} (${r.summary.where})`));
}

/** What can be drawn of two runs and more, the main curves first; and what they all count. */
function choices() {
  /** @type {Map<string, number>} */
  const known = new Map();
  for (const run of runs) for (const s of run.series) if (s.points && !s.error_of) known.set(s.name, (known.get(s.name) ?? 0) + 1 + (s.main ? 1000 : 0));
  const sorted = [...known].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([name]) => name);
  metric.replaceChildren(...sorted.map((name) => make("option", { value: name, textContent: name })));
  metric.value = sorted.includes(hash.get("curve") ?? "") ? hash.get("curve") ?? "" : sorted[0] ?? "";
  for (const name of sorted) if (COUNTS.test(name)) along.append(make("option", { value: name, textContent: name }));
  along.value = hash.get("over") ?? "step";
  if (!along.value) along.value = "step";
  names().forEach((name, i) => baseline.append(make("option", { value: ids[i], textContent: name })));
  baseline.value = hash.get("baseline") ?? "";
  const kinds = names().map(seedless);
  byId("seeds-label").hidden = new Set(kinds).size === kinds.length;
  seeds.checked = hash.get("seeds") === "together" && !byId("seeds-label").hidden;
}

/** Curves of what was chosen; a run without it, or without the x, is named below the chart. */
async function draw() {
  const mine = ++turn, told = names(), over = along.value, missing = [];
  /** @type {typeof drawn} */
  const next = new Map();
  for (const [i, run] of runs.entries()) {
    const s = run.series.find((/** @type {any} */ one) => one.name === metric.value && one.points);
    const axis = over === "step" || over === "time" ? over : run.series.find((/** @type {any} */ one) => one.name === over)?.key;
    if (!s || !axis) { missing.push(`${told[i]} (no ${s ? over : metric.value})`); continue; }
    if (over === "time" && !s.timed) { missing.push(`${told[i]} (its log does not say the times)`); continue; }
    try {
      // Time is counted from the first point of each run, so that runs of different days lie over each other.
      let origin = 0;
      if (over === "time") {
        const first = series(ids[i], s.key, { along: axis });
        await first.start();
        origin = first.extent()?.[0] ?? 0;
      }
      const source = series(ids[i], s.key, { along: axis, origin });
      await source.start();
      next.set(ids[i], { key: s.key, source, name: told[i], origin });
    } catch (problem) {
      missing.push(`${told[i]} (${/** @type {Error} */ (problem).message})`);
    }
  }
  if (mine !== turn) return;
  drawn = next;
  const label = over === "time" ? "seconds from the start" : over === "step" ? runs[0]?.series.find((/** @type {any} */ s) => s.name === metric.value)?.step_name ?? "step" : over;
  const { curves, caption } = seeds.checked ? grouped() : single();
  const given = { series: curves, xLabel: label, yLabel: metric.value, caption };
  if (chart) chart.update({ ...given, view: null });
  else {
    chart = makeChart(byId("main-chart"), { ...given, ...parse(hash) });
    chart.on("state", remember);
    chart.on("refresh", table);
  }
  byId("left").textContent = missing.length ? `Not drawn: ${missing.join("; ")}.` : "";
  table();
}

/** A curve for each run; of many, all but the baseline are grey. */
function single() {
  const many = drawn.size > BOLD;
  const curves = [...drawn].map(([id, one]) => ({ name: one.name, source: one.source, colour: ids.indexOf(id), grey: many && id !== baseline.value, thick: id === baseline.value }));
  return { curves, caption: many ? `${drawn.size} runs are more than colours can tell apart: they are grey, and the baseline is not.` : "" };
}

/** A curve for the runs that differ by their seed only. */
function grouped() {
  /** @type {Map<string, import("./chart/remote.js").Remote[]>} */
  const groups = new Map();
  for (const one of drawn.values()) groups.set(seedless(one.name), [...(groups.get(seedless(one.name)) ?? []), one.source]);
  const base = drawn.get(baseline.value);
  const curves = [...groups].map(([name, sources], i) => ({ name: sources.length > 1 ? `${name} (${sources.length} runs)` : name, source: together(sources), colour: i, thick: base && seedless(base.name) === name }));
  return { curves, caption: "Runs that differ by their seed are one: the band holds every point of all of them, the line is their median." };
}

/** The numbers of what is drawn, of all points in view. */
function table() {
  const base = drawn.get(baseline.value), lowest = (/** @type {typeof base} */ one) => extremes(one)?.low ?? NaN;
  byId("against").hidden = !base;
  byId("runs").replaceChildren(...runs.map((run, i) => {
    const one = drawn.get(ids[i]), found = extremes(one), beside = base && one && one !== base ? lowest(one) - lowest(base) : NaN;
    const cell = (/** @type {number | undefined} */ v, text = "") => make("td", { className: "n" }, v === undefined || v !== v ? text : number(v, 4));
    const difference = make("td", { className: "n", hidden: !base }, beside === beside ? `${beside > 0 ? "+" : beside < 0 ? "−" : ""}${number(Math.abs(beside), 3)}` : one === base ? "baseline" : "");
    return make(
      "tr", {}, make("td", {}, badge(run.summary.verdict)), make("th", { scope: "row" }, make("a", { href: `/run?id=${encodeURIComponent(ids[i])}` }, names()[i])),
      cell(found?.first), cell(found?.low), ended(run, one, cell), difference, make("td", {}, run.summary.headline),
    );
  }));
}

/** The last value, finite or not. @param {any} run @param {{key: string} | undefined} one @param {(v: number, text?: string) => HTMLElement} cell */
function ended(run, one, cell) {
  const last = run.series.find((/** @type {any} */ s) => s.key === one?.key)?.last;
  return cell(typeof last === "number" ? extremes(drawn.get(run.summary.id))?.last ?? last : NaN, { nan: "NaN", inf: "inf", "-inf": "−inf" }[/** @type {"nan"} */ (last)]);
}

/** @param {{name: string} | undefined} one */
function extremes(one) {
  const mine = [...drawn.values()].find((d) => d.name === one?.name), extent = mine?.source.extent(), view = chart?.view ?? extent;
  if (!mine || !view) return null;
  const tile = mine.source.tile(view[0], view[1], 1000, undefined, "table");
  const finite = [...tile.middle].filter(Number.isFinite);
  return finite.length ? { first: finite[0], last: finite[finite.length - 1], low: tile.low.reduce((a, b) => (b < a ? b : a), Infinity) } : null;
}

function remember() {
  const state = chart?.state;
  writeHash({ ...(state ? spell(state) : {}), curve: metric.selectedIndex > 0 ? metric.value : "", over: along.value === "step" ? "" : along.value, baseline: baseline.value, seeds: seeds.checked ? "together" : "" });
}

/** @param {any} message */
function news(message) {
  if (message.head) {
    const one = drawn.get(message.head.run), over = along.value;
    if (!one) return;
    const missing = pushed(message, (key) => (key === one.key ? one.source.known : -1), (_, x, y, time) => {
      const at = over === "step" ? x : over === "time" ? time?.map((t) => t - one.origin) : undefined;
      if (!at) return;
      if (chart?.has(one.name)) chart.append(one.name, at, y);
      else {
        one.source.append(at, y);
        chart?.update({});
      }
    });
    if (missing.length) one.source.start().catch(trouble);
  } else if (message.type === "skipped" || (message.type === "run" && message.rewritten)) drawn.get(message.run)?.source.start().catch(trouble);
  if (message.type === "run") {
    const run = runs[ids.indexOf(message.run)];
    if (run) { run.summary = message.summary; table(); }
  } else if (message.type === "trouble") trouble(message.what);
}

await header();
if (ids.length < 1) trouble("No runs are named. Choose some on the board.");
else {
  const found = await Promise.all(ids.map((id) => getJSON(address(id)).catch((problem) => { trouble(problem); return null; })));
  found.forEach((run, i) => { if (!run) ids[i] = ""; });
  ids.splice(0, ids.length, ...ids.filter(Boolean));
  runs = found.filter(Boolean);
  byId("headline").textContent = `${count(runs.length, "run")} beside each other`;
  choices();
  for (const select of [metric, along, baseline, seeds]) select.addEventListener("change", () => { draw().then(remember, trouble); });
  await draw();
  connect("/api/board/live", { onMessage: news, onOpen: (send) => ids.forEach((run) => send({ type: "watch", run })), onState: connection });
}
