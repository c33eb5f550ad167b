// @ts-check
/**
 * What is told of a run: what happened, why, line by line, what comes next, and what was decided.
 *
 * @typedef {{light: (i: number | null) => void, zoom: (view: [number, number]) => void}} Chart
 */
import { make } from "./dom.js";
import { number, place } from "./format.js";

const SURE = 0.05; // causes below that are listed only on demand
/** @type {Record<string, string>} */
const STATUS = { supported: "supported", refuted: "refuted", undetermined: "undetermined", "not examined": "not examined" };

/** A, B … Z, AA, AB … @param {number} i @returns {string} */
export const letter = (i) => (i < 26 ? String.fromCharCode(65 + i) : letter(Math.floor(i / 26) - 1) + letter(i % 26));

/** @param {number} p */
const percent = (p) => (p < 0.005 ? "under 1%" : p > 0.995 ? "over 99%" : `${Math.round(100 * p)}%`);

/** Text of ours; what stands between backticks is code. @param {string} text */
function prose(text) {
  return text.split("`").map((part, i) => (i % 2 ? make("code", {}, part) : part));
}

/** @param {string} title @param {...(Node | string)} children */
function section(title, ...children) {
  const id = title.toLowerCase().replace(/[^a-z]+/g, "-");
  return make("section", { "aria-labelledby": id }, make("h2", { id }, title), ...children);
}

/** @param {any} run @param {Chart} chart @returns {HTMLElement[]} */
export function told(run, chart) {
  const { report, journal } = run, out = [];
  if (report.findings.length) out.push(section("What happened", make("ol", { className: "story" }, ...report.findings.map((/** @type {any} */ f, /** @type {number} */ i) => finding(f, i, run.phases[i], chart)))));
  if (report.diagnoses.length) out.push(why(report.diagnoses));
  out.push(section("How it ended", make("p", {}, report.convergence.sentence)));
  if (report.forecast?.sentence) out.push(section("More epochs?", make("p", {}, report.forecast.sentence), ...report.forecast.caveats.map((/** @type {string} */ c) => make("p", { className: "quiet" }, c))));
  if (report.next_steps.length) out.push(section("What to do next", make("ol", {}, ...report.next_steps.map((/** @type {string} */ s) => make("li", {}, ...prose(s))))));
  if (report.not_examined.length) out.push(section("Not looked at", make("ul", {}, ...report.not_examined.map((/** @type {string} */ s) => make("li", {}, ...prose(s))))));
  if (journal.length) out.push(section("Journal", decisions(journal, chart)));
  if (report.run.gaps.length) out.push(section("About the log", make("ul", {}, ...report.run.gaps.map((/** @type {any} */ g) => make("li", {}, ...prose(g.what ?? String(g)))))));
  return out;
}

/** @param {any} f @param {number} i @param {string} name @param {Chart} chart */
function finding(f, i, name, chart) {
  const tone = f.concern === "attention" || f.concern === "failing" ? f.concern : "neutral", steps = f.start === f.stop ? `at ${place(f.start)}` : `${place(f.start)}–${place(f.stop)}`;
  const margin = Math.max(10, f.stop - f.start) / 4;
  const go = make("button", { type: "button", className: `letter ${tone}`, "aria-label": `${letter(i)}: show ${name} in the chart` }, letter(i));
  go.addEventListener("click", () => chart.zoom([f.start - margin, f.stop + margin]));
  const item = make("li", {}, go, make("div", {}, make("h3", {}, name), make("p", {}, f.sentence), make("p", { className: "quiet" }, `${steps} · ${percent(f.confidence)} sure`)));
  item.addEventListener("mouseenter", () => chart.light(i));
  item.addEventListener("mouseleave", () => chart.light(null));
  return item;
}

/** @param {any[]} diagnoses */
function why(diagnoses) {
  const likely = diagnoses.filter((d, i) => d.status === "supported" || (i < 3 && d.probability >= SURE)), rest = diagnoses.filter((d) => !likely.includes(d));
  const parts = likely.map((d, i) => cause(d, i === 0));
  if (rest.length) {
    const others = make("details", {}, make("summary", {}, `${rest.length} other causes were weighed`));
    others.addEventListener("toggle", () => { if (others.childElementCount === 1) others.append(...rest.map((d) => cause(d, false))); });
    parts.push(others);
  }
  return section("Why", ...parts);
}

/** A cause; its evidence is made when it is opened, a line each, and each line opens to the number behind it. @param {any} d @param {boolean} open */
function cause(d, open) {
  const box = make("details", { className: "cause" }, make("summary", {}, `${d.title[0].toUpperCase()}${d.title.slice(1)} `, make("span", { className: "quiet" }, `${STATUS[d.status] ?? d.status}, ${percent(d.probability)}`)));
  const fill = () => {
    if (!box.open || box.childElementCount > 1) return;
    const widest = Math.max(1, ...d.evidence.map((/** @type {any} */ e) => Math.abs(e.weight)));
    box.append(make("ul", {}, ...d.evidence.map((/** @type {any} */ e) => make("li", {}, line(e, widest)))));
    if (d.missing.length) box.append(make("p", { className: "quiet" }, `Not known: ${d.missing.slice(0, 6).join("; ")}${d.missing.length > 6 ? `; and ${d.missing.length - 6} more` : ""}.`));
    if (d.remedies.length) box.append(make("strong", {}, "What to try"), make("ul", {}, ...d.remedies.map((/** @type {any} */ r) => make("li", {}, ...prose(typeof r === "string" ? r : r.sentence), make("span", { className: "quiet" }, r.safety ? ` (${r.safety})` : "")))));
    if (d.next_measurement) box.append(make("p", {}, make("strong", {}, "Worth measuring: "), ...prose(d.next_measurement)));
  };
  box.addEventListener("toggle", fill);
  if (open) { box.open = true; fill(); }
  return box;
}

/** @param {any} e @param {number} widest  the weight, in nats, of the longest bar */
function line(e, widest) {
  const bar = make("i"), side = e.weight >= 0 ? "for" : "against";
  bar.style.width = `${(Math.abs(e.weight) / widest) * 2.6}rem`;
  const weigh = make("span", { className: `weigh ${side}` }, bar, make("span", {}, `${side} ${Math.abs(e.weight).toFixed(1)}`));
  const facts = make("dl", {}, make("dt", {}, "measured"), make("dd", {}, typeof e.value === "number" ? number(e.value, 4) : String(e.value ?? "")), make("dt", {}, "beside"), make("dd", {}, e.reference), make("dt", {}, "weighs"), make("dd", {}, `${e.weight.toFixed(2)} nats: makes it ${number(Math.exp(Math.abs(e.weight)), 2)} times ${e.weight >= 0 ? "likelier" : "less likely"}`), make("dt", {}, "sign"), make("dd", {}, e.source));
  return make("details", { className: "line" }, make("summary", {}, weigh, make("span", {}, e.sentence)), facts);
}

/** @param {string} kind @param {any} data @returns {string} */
function inWords(kind, data) {
  if (typeof data === "string" || data === null) return data ?? "";
  if (kind === "watching") return `Watching has taken ${number(data.seconds, 2)} s of ${number(data.elapsed, 2)} s.`;
  return Object.entries(data).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
}

/** @param {any[]} journal @param {Chart} chart */
function decisions(journal, chart) {
  const rows = [...journal].reverse().map((entry) => {
    const { data } = entry, said = data?.because ?? data?.sentence ?? data?.text ?? data?.what ?? inWords(entry.kind, data);
    const done = data?.remedy?.sentence ? [make("br"), make("strong", {}, data.applied === false ? "Advised: " : "Done: "), data.remedy.sentence] : [];
    const step = make("td", { className: "n" });
    if (entry.step !== null) {
      const go = make("button", { type: "button", "aria-label": `Show step ${place(entry.step)} in the chart` }, place(entry.step));
      go.addEventListener("click", () => chart.zoom([entry.step - 50, entry.step + 50]));
      step.append(go);
    }
    const when = entry.time ? new Date(entry.time * 1000).toLocaleString("en-GB", { dateStyle: "short", timeStyle: "medium" }) : "";
    return make("tr", {}, step, make("td", { className: "quiet" }, when), make("td", {}, [entry.kind, data?.policy].filter(Boolean).join(": ")), make("td", {}, said, ...done));
  });
  const head = make("tr", {}, ...["Step", "When", "What", "Because"].map((text, i) => make("th", { scope: "col", className: i ? "" : "n" }, text)));
  return make("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": "Journal" }, make("table", { className: "journal" }, make("thead", {}, head), make("tbody", {}, ...rows)));
}
