// @ts-check
/** What came out: what was changed, predicted and seen; the names of what the curve does; the verdict and its reasons. */
import { make } from "../dom.js";
import { place } from "../format.js";
import { badge } from "../site.js";
import { letter } from "../told.js";
import { spoken } from "./controls.js";

/**
 * @param {object} given
 * @param {any} given.scene
 * @param {any} given.picture
 * @param {Record<string, any>} given.settings
 * @param {{answer: string, settings: Record<string, any>} | null} given.predicted
 * @param {() => void} given.script
 * @returns {HTMLElement[]}
 */
export function outcome({ scene, picture, settings, predicted, script }) {
  const { told } = picture, cells = [];
  cells.push(cell("What you changed", ...changed(scene, settings, predicted?.settings ?? {})));
  cells.push(cell("What you predicted", ...prediction(scene, picture, predicted)));
  const open = make("button", { type: "button", id: "open-script" }, "Open as a script");
  open.addEventListener("click", script);
  cells.push(cell("What happened", make("p", { id: "happened" }, picture.happened || "…"), make("p", {}, open)));
  if (told.phases?.length) cells.push(cell("What the curve does", names(told.phases)));
  const all = others(picture.chart?.lines ?? []);
  if (all) cells.push(cell("What the others do", all));
  if (told.verdict) cells.push(cell("The verdict", make("p", {}, badge(told.verdict)), make("p", {}, told.headline), make("p", { className: "quiet" }, told.convergence.sentence)));
  if (told.causes?.length) cells.push(cell("Why", ...told.causes.map(cause)));
  if (picture.facts.length) cells.push(cell("In numbers", make("dl", { className: "facts" }, ...picture.facts.map(fact))));
  return cells;
}

/** @param {string} title @param {...(Node | string)} children */
const cell = (title, ...children) => make("section", {}, make("h2", {}, title), ...children);

/** @param {any} scene @param {Record<string, any>} settings @param {Record<string, any>} before */
function changed(scene, settings, before) {
  const rows = scene.controls
    .filter((/** @type {any} */ c) => settings[c.id] !== (before[c.id] ?? c.default))
    .map((/** @type {any} */ c) => make("li", {}, `${c.title}: ${spoken(c, before[c.id] ?? c.default)} → ${spoken(c, settings[c.id])}`));
  return [rows.length ? make("ul", { id: "changed" }, ...rows) : make("p", { id: "changed" }, "Nothing since you said what you expect.")];
}

/** @param {any} scene @param {any} picture @param {{answer: string} | null} predicted */
function prediction(scene, picture, predicted) {
  const titles = Object.fromEntries(scene.question.answers);
  const own = predicted && titles[predicted.answer];
  const said = make("p", {}, own ? `“${own}”` : "You could not tell.");
  if (!picture.answer) return [said];
  const truth = titles[picture.answer];
  if (!own) return [said, make("p", { id: "score" }, `It is: ${truth}.`)];
  const right = predicted.answer === picture.answer;
  return [said, make("p", { id: "score", className: right ? "right-answer" : "wrong-answer" }, right ? "✓ So it is." : `✗ It is: ${truth}.`)];
}

/** @param {any[]} phases */
function names(phases) {
  return make("ul", { className: "named-list", id: "named" }, ...phases.map((p, i) => make("li", {},
    make("span", { className: `letter ${p.concern === "none" ? "neutral" : p.concern}`, "aria-hidden": "true" }, letter(i)), " ",
    make("strong", {}, p.behaviour.replaceAll("-", " ")), `, steps ${place(p.start)}–${place(p.stop)}. `, make("span", { className: "quiet" }, p.sentence))));
}

/** The others in their order, neighbours that do the same together. @param {{name: string, role: string, behaviours: string[]}[]} lines */
function others(lines) {
  const named = lines.filter((line) => line.role === "other" && line.behaviours.length);
  if (named.length < 2) return null;
  /** @type {{first: string, last: string, does: string}[]} */
  const groups = [];
  for (const { name, behaviours } of named) {
    const does = behaviours.map((b) => b.replaceAll("-", " ")).join(", then "), before = groups.at(-1);
    if (before?.does === does) before.last = name;
    else groups.push({ first: name, last: name, does });
  }
  return make("ul", { className: "named-list", id: "others" }, ...groups.map((g) => make("li", {}, make("strong", {}, g.first === g.last ? g.first : `${g.first} to ${g.last}`), `: ${g.does}`)));
}

/** @param {any} c */
function cause(c) {
  return make("details", { className: "cause", open: true }, make("summary", {}, c.title, " ", make("span", { className: "quiet" }, `${Math.round(100 * c.probability)}%`)),
    make("ul", {}, ...c.evidence.map((/** @type {string} */ e) => make("li", {}, e))),
    ...(c.remedies.length ? [make("p", {}, make("strong", {}, "What to try: "), c.remedies.join(" "))] : []));
}

/** @param {[string, string]} pair */
const fact = ([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
