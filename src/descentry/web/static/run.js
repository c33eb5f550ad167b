// @ts-check
/** The page of a run: its curve with what was found in it, what was measured beside it, why, and what was decided; as it grows. */
import { connect, getJSON } from "./api.js";
import { link, makeChart } from "./chart.js";
import { byId, make } from "./dom.js";
import { chosenFirst, multiples } from "./multiples.js";
import { address, called, pushed, series } from "./runs.js";
import { announce, badge, connection, header, trouble, VERDICTS } from "./site.js";
import { each, parse, readHash, several, spell, writeHash } from "./state.js";
import { number, place } from "./format.js";
import { letter, told } from "./told.js";

const id = new URLSearchParams(location.search).get("id") ?? "", hash = readHash();
/** @type {any} */
let run = null;
/** @type {Map<string, import("./chart/remote.js").Remote>} */
const sources = new Map();
/** @type {import("./chart.js").Chart | null} */
let chart = null;
/** @type {ReturnType<typeof multiples> | null} */
let small = null;

/** How many points of each series there are, as far as has been heard. @type {Map<string, number>} */
const heard = new Map();

/** Asks for the overview of a series, until it holds all that has been heard of. @param {string} key */
async function start(key) {
  const found = sources.get(key);
  try {
    for (let tries = 0; found && tries < 3 && (!tries || found.known < (heard.get(key) ?? 0)); tries++) await found.start();
  } catch (problem) {
    trouble(problem);
  }
}

/** @param {string} key */
function source(key) {
  const found = sources.get(key) ?? series(id, key);
  if (!sources.has(key)) {
    sources.set(key, found);
    start(key);
  }
  return found;
}

/** What is drawn over the curve: the findings, and what was decided. */
function marks() {
  const names = new Set(run.series.map((/** @type {any} */ s) => s.name)), main = run.series.find((/** @type {any} */ s) => s.main);
  const phases = run.report.findings.map((/** @type {any} */ f, /** @type {number} */ i) => ({
    letter: letter(i), name: run.phases[i], start: f.start, stop: f.stop, title: f.sentence,
    tone: /** @type {const} */ ({ attention: "attention", failing: "failing" })[/** @type {"attention"} */ (f.concern)] ?? "neutral",
    drawn: names.has(f.series) && main?.step_name === run.series.find((/** @type {any} */ s) => s.name === f.series)?.step_name,
  }));
  const events = run.journal.filter((/** @type {any} */ l) => l.kind === "decision" && l.step !== null)
    .map((/** @type {any} */ l) => ({ x: l.step, name: String(l.data?.policy ?? l.kind).replaceAll("-", " "), tone: l.data?.applied === false ? "unknown" : "neutral" }));
  return { phases, events };
}

/** The series that may be drawn over the main one: the same kind of number, counted in the same steps. */
function akin() {
  const main = run.series.find((/** @type {any} */ s) => s.main);
  if (!main) return [];
  const stem = (/** @type {string} */ name) => name.toLowerCase().replace(/^(train(ing)?|val(id(ation)?)?|test|eval)[/_ .-]+|[/_ .-]+(train(ing)?|val(id(ation)?)?|test|eval)$/g, "");
  return [main, ...run.series.filter((/** @type {any} */ s) => s !== main && s.points && s.step_name === main.step_name && !s.error_of && !s.instrument && stem(s.name) === stem(main.name))];
}

function head() {
  const { summary, report } = run;
  document.title = `${summary.name}: ${VERDICTS[summary.verdict]?.word.toLowerCase() ?? summary.verdict} · descentry`;
  byId("verdict").replaceChildren(badge(summary.verdict));
  byId("name").textContent = `${summary.name}${summary.where === summary.name ? "" : ` · ${summary.where}`}${summary.running ? " · running" : ""}`;
  byId("headline").textContent = summary.headline;
  const [next] = report.next_steps;
  byId("next").hidden = !next;
  byId("next").textContent = next ?? "";
  const { main } = report, said = (/** @type {any} */ at) => (at ? `${at.value === null ? "not finite" : number(at.value, 4)} at ${place(at.step)}` : "none");
  const facts = main ? [
    ["Metric", main.name], ["Points", `${place(main.points)}${main.points > main.finite ? `, ${place(main.points - main.finite)} not finite` : ""}`],
    ["First", said(main.first)],
    ["Last", said(main.last)],
    ["Lowest", said(main.lowest)],
    ["The end", report.convergence.status.replaceAll("-", " ")],
  ] : [];
  byId("facts").replaceChildren(...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  byId("saves").replaceChildren(...[["report.html", "Report as a page"], ["report.json", "Report as JSON"], ["data.csv", "All points as CSV"]].map(([file, text]) => make("a", { href: `${address(id)}/${file}`, download: "" }, text)));
}

function remember() {
  if (!chart || !small) return;
  const { shown, ...rest } = chart.state;
  writeHash({ ...spell(rest), series: several(shown), beside: several(small.shown()) });
}

/** Draws anew what has changed in what is told; the points of the curves are kept. */
function show() {
  head();
  byId("told").replaceChildren(...told(run, { light: (i) => chart?.light(i), zoom: (view) => { chart?.zoom(view); byId("the-curve").scrollIntoView({ block: "start" }); } }));
  const over = akin(), said = hash.get("series"), wanted = said === null ? null : each(said);
  const curves = over.map((s) => {
    const name = called(run, s);
    return { name, split: s.split, source: source(s.key), shown: wanted ? wanted.includes(name) : undefined };
  });
  const { forecast } = run.report;
  if (curves.length && forecast?.fan && forecast.series === over[0].name) Object.assign(curves[0], { fan: { ...forecast.fan, x: forecast.fan.step } });
  if (!chart) {
    if (!curves.length) { byId("main-chart").textContent = "There is no curve to draw."; return; }
    chart = makeChart(byId("main-chart"), { series: curves, ...marks(), xLabel: over[0].step_name, yLabel: over[0].name, ...parse(hash) });
    small = multiples({ run, box: byId("multiples"), choice: byId("beside"), source, chosen: chosenFirst(run, hash.get("beside")), over: new Set(over.map((s) => s.key)), link: (others) => chart && link([chart, ...others]), changed: remember });
    chart.on("state", remember);
  } else {
    chart.update({ series: curves.map((c) => ({ ...c, shown: undefined })), ...marks() });
    small?.update(run);
  }
}

async function load() {
  run = await getJSON(address(id));
  show();
}

/** @param {any} message */
function news(message) {
  if (message.head) {
    for (const { key, total } of message.head.series) heard.set(key, total);
    // What a page has not asked for yet it will get with the first tile.
    pushed(message, (key) => sources.get(key)?.known || -1, (key, x, y) => {
      const one = run.series.find((/** @type {any} */ s) => s.key === key), name = one ? called(run, one) : "";
      if (chart?.has(name)) chart.append(name, x, y);
      else if (!small?.append(key, x, y)) sources.get(key)?.append(x, y);
    }).forEach(start);
  } else if (message.type === "skipped") message.series.forEach(start);
  else if (message.type === "watching") {
    for (const [key, total] of Object.entries(message.counts)) heard.set(key, total);
    for (const [key, found] of sources) if (found.known && found.known < (heard.get(key) ?? 0)) start(key);
  }
  else if (message.type === "trouble") trouble(message.what);
  else if (message.type === "run") {
    const before = run?.summary;
    if (before && before.verdict !== message.summary.verdict) announce(`Now ${VERDICTS[message.summary.verdict]?.word.toLowerCase() ?? message.summary.verdict}. ${message.summary.headline}`);
    else if (before && before.headline !== message.summary.headline) announce(message.summary.headline);
    if (message.rewritten) [...sources.keys()].forEach(start);
    load().catch(trouble);
  }
}

await header();
try {
  await load();
  connect("/api/board/live", { onMessage: news, onOpen: (send) => send({ type: "watch", run: id }), onState: connection });
} catch (problem) {
  byId("headline").textContent = "This run cannot be shown.";
  trouble(problem);
}
