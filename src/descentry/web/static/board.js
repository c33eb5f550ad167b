// @ts-check
/** The board: every run below the folder with its verdict and its curve, as they are now. */
import { connect, getJSON } from "./api.js";
import { byId, make } from "./dom.js";
import { count, number, place } from "./format.js";
import { ago, announce, badge, connection, header, trouble, VERDICTS } from "./site.js";
import { spark } from "./spark.js";
import { readHash, writeHash } from "./state.js";

/** @typedef {any} Summary  a line of the list, as the server tells it */

const GRAVITY = ["failing", "attention", "not examined", "healthy"];
/** @type {Map<string, {run: Summary, row: HTMLTableRowElement}>} */
const runs = new Map();
/** @type {Set<string>} */
const chosen = new Set();
const find = /** @type {HTMLInputElement} */ (byId("find")), order = /** @type {HTMLSelectElement} */ (byId("order"));
/** @type {Record<string, HTMLInputElement>} */
const wanted = {};

/** @param {Summary} run @returns {HTMLTableRowElement} */
function row(run) {
  const pick = make("input", { type: "checkbox", checked: chosen.has(run.id), "aria-label": `Compare ${run.name}` });
  pick.addEventListener("change", () => {
    if (pick.checked) chosen.add(run.id);
    else chosen.delete(run.id);
    offer();
  });
  const { main } = run;
  const last = main ? (typeof main.last === "number" ? number(main.last, 4) : { nan: "NaN", inf: "inf", "-inf": "−inf" }[/** @type {"nan"} */ (main.last)] ?? "") : "";
  const name = make("th", { scope: "row" }, make("a", { href: `/run?id=${encodeURIComponent(run.id)}` }, run.name), run.running ? make("span", { className: "running" }, "running") : "", make("span", { className: "quiet where" }, run.where));
  return make(
    "tr", {},
    make("td", {}, pick), make("td", {}, badge(run.verdict)), name,
    make("td", { className: "curve" }, ...(main ? [spark(main.spark)] : [])),
    make("td", { className: "n" }, last, make("span", { className: "quiet where" }, main ? `${main.step_name} ${place(main.last_step)}` : "")),
    make("td", { className: "said" }, run.headline, run.cause && !run.headline.includes(run.cause.title) ? make("span", { className: "quiet where" }, `Most likely: ${run.cause.title}.`) : ""),
    make("td", { className: "quiet when" }, ago(run.modified)),
  );
}

/** Puts the rows that are wanted into the order that is wanted; those that stay are not made again. */
function arrange() {
  const text = find.value.trim().toLowerCase();
  const fits = (/** @type {Summary} */ run) => wanted[run.verdict]?.checked !== false && (!text || [run.name, run.where, run.headline, run.cause?.title ?? "", run.verdict].some((s) => s.toLowerCase().includes(text)));
  const value = (/** @type {Summary} */ run) => (typeof run.main?.last === "number" ? run.main.last : Infinity);
  /** @type {Record<string, (a: Summary, b: Summary) => number>} */
  const orders = {
    verdict: (a, b) => GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict) || b.modified - a.modified,
    changed: (a, b) => b.modified - a.modified,
    name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
    last: (a, b) => value(a) - value(b),
  };
  const list = [...runs.values()].filter(({ run }) => fits(run)).sort((a, b) => (orders[order.value] ?? orders.verdict)(a.run, b.run));
  const body = byId("runs");
  list.forEach(({ row: node }, i) => { if (body.children[i] !== node) body.insertBefore(node, body.children[i] ?? null); });
  while (body.children.length > list.length) body.lastElementChild?.remove();
  return list.length;
}

function offer() {
  const button = /** @type {HTMLButtonElement} */ (byId("compare"));
  button.disabled = chosen.size < 2;
  button.textContent = chosen.size < 2 ? "Compare: choose two runs or more" : `Compare ${chosen.size} runs`;
}

/** @param {any} message */
function news(message) {
  if (message.type !== "runs") return;
  for (const id of message.gone) { runs.delete(id); chosen.delete(id); }
  const before = runs.size;
  for (const run of message.runs) {
    const known = runs.get(run.id);
    if (known && known.run.verdict !== run.verdict) announce(`${run.name} is now ${VERDICTS[run.verdict]?.word.toLowerCase() ?? run.verdict}. ${run.headline}`);
    const held = known?.row.contains(document.activeElement) ? document.activeElement?.tagName : null;
    const node = row(run);
    known?.row.replaceWith(node);
    if (held) /** @type {HTMLElement | null} */ (node.querySelector(held))?.focus();
    runs.set(run.id, { run, row: node });
  }
  const shown = arrange(), tally = [];
  for (const verdict of GRAVITY) {
    const many = [...runs.values()].filter(({ run }) => run.verdict === verdict).length;
    if (many) tally.push(`${many} ${VERDICTS[verdict].word.toLowerCase()}`);
  }
  const waiting = message.pending ? ` ${count(message.pending, "log")} still to be read.` : "";
  byId("tally").textContent = runs.size ? `${count(runs.size, "run")}${tally.length ? `: ${tally.join(", ")}` : ""}.${shown < runs.size ? ` ${shown} shown.` : ""}${waiting}`
    : message.scanned && !message.pending ? "No run is here yet. One that is written into this folder appears by itself." : `Looking for runs …${waiting}`;
  if (message.trouble) trouble(message.trouble);
  if (before !== runs.size) offer();
}

const hash = readHash();
find.value = hash.get("find") ?? "";
order.value = hash.get("order") ?? "verdict";
const hidden = (hash.get("without") ?? "").split(",");
for (const verdict of GRAVITY) {
  wanted[verdict] = make("input", { type: "checkbox", checked: !hidden.includes(verdict) });
  byId("verdicts").append(make("label", {}, wanted[verdict], VERDICTS[verdict].word.toLowerCase()));
}
byId("filters").addEventListener("input", () => {
  arrange();
  writeHash({ find: find.value, order: order.value === "verdict" ? "" : order.value, without: GRAVITY.filter((v) => !wanted[v].checked).join(",") });
});
byId("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  if (chosen.size > 1) location.href = `/compare?runs=${[...chosen].map(encodeURIComponent).join(",")}`;
});
offer();
await header();
const list = await getJSON("/api/board/runs").catch(trouble);
byId("folder").textContent = list?.folder ? `in ${list.folder}` : "";
if (list?.troubles.length) {
  const box = byId("troubles");
  box.hidden = false;
  box.children[0].textContent = `${count(list.troubles.length, "log")} could not be read`;
  box.children[1].replaceChildren(...list.troubles.map((/** @type {{where: string, what: string}} */ t) => make("li", {}, `${t.where}: ${t.what}`)));
}
connect("/api/board/live", { onMessage: news, onOpen: (send) => send({ type: "list" }), onState: connection });
setInterval(() => { for (const { run, row: node } of runs.values()) /** @type {HTMLElement} */ (node.querySelector(".when")).textContent = ago(run.modified); }, 15_000);
