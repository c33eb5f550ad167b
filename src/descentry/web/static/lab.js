// @ts-check
/**
 * The lab: a scene at a time. What is expected is said before it runs; from then on every control acts at once.
 *
 * @typedef {import("./lab/controls.js").Control} Control
 * @typedef {{id: string, number: number, title: string, question: {text: string, answers: [string, string][]}, controls: Control[], page: string}} Scene
 */
import { ApiError, connect, getJSON } from "./api.js";
import { byId, make } from "./dom.js";
import { announce, connection, header, trouble } from "./site.js";
import { readHash, writeHash } from "./state.js";
import { fill } from "./lab/controls.js";
import { dropZone } from "./lab/own.js";
import { Figure, phase } from "./lab/figures.js";
import { outcome } from "./lab/outcome.js";
import { resolve } from "./lab/pictures.js";
import { block, inline, parse } from "./lab/prose.js";
import { openScript } from "./lab/script.js";
import { Surface } from "./lab/surface.js";

const UNSURE = "unsure";
/** What some scenes have below their bench. @type {Record<string, (box: HTMLElement) => Promise<void>>} */
const MORE = { reading: async (box) => (await import("./scenes/reading.js")).show(box) };

/** @type {Scene[]} */
let scenes = [];
/** @type {Scene} */
let scene;
/** @type {Record<string, any>} */
let settings = {};
/** @type {{answer: string, settings: Record<string, any>} | null} */
let predicted = null;
let ran = false;
let data = "";
let asked = 0; // the newest request
let due = 0; // the animation frame that will send it
let since = 0; // when the control was moved that it is about
/** @type {{show: () => void}} */
let form = { show() {} };
/** @type {Surface | null} */
let ground = null;
/** @type {Figure[]} */
let small = [];
let named = "";

const main = new Figure(byId("chart"), { controls: "zoom", height: 360 }), side = new Figure(byId("side"), { controls: false, height: 260 });
const socket = connect("/api/lab/live", {
  onMessage: received,
  onOpen: () => { if (ran) send(); },
  onState: connection,
});

await header();
try {
  scenes = (await getJSON("/api/lab/scenes")).scenes;
  route();
  addEventListener("hashchange", route);
} catch (problem) {
  trouble(problem);
}

/** Shows the scene that the address names. */
function route() {
  const hash = readHash(), wanted = scenes.find((s) => s.id === hash.get("scene")) ?? scenes[0];
  if (wanted === scene) return;
  enter(wanted, hash);
}

/** @param {Scene} next @param {URLSearchParams} hash */
function enter(next, hash) {
  scene = next;
  predicted = null;
  ran = false;
  asked += 1;
  named = "";
  settings = Object.fromEntries(scene.controls.map((c) => [c.id, given(c, hash.get(c.id))]));
  for (const figure of [main, side, ...small]) figure.destroy();
  small = [];
  ground?.destroy();
  ground = null;
  for (const id of ["chart-box", "ground-box", "side-box", "outcome", "panels", "trouble", "extra"]) byId(id).hidden = true;
  byId("empty").hidden = false;
  byId("empty").textContent = "Say what you expect, then run it.";
  const { lead, sections } = parse(scene.page), [idea, ...rest] = sections;
  document.title = `${scene.title} · descentry lab`;
  byId("title").textContent = `${scene.number}. ${scene.title}`;
  byId("lead").replaceChildren(...inline(lead));
  byId("idea").replaceChildren(make("h2", {}, idea.title), ...idea.paragraphs.map((p) => make("p", {}, ...inline(p))));
  byId("pages").replaceChildren(...rest.map(block));
  byId("scenes").replaceChildren(...scenes.map((s) => {
    const link = make("a", { href: `#scene=${s.id}` }, make("span", {}, String(s.number)), s.title);
    if (s === scene) link.setAttribute("aria-current", "page");
    return link;
  }));
  ask();
  const controls = byId("controls");
  form = fill(controls, scene.controls, settings, changed);
  if (scene.controls.some((c) => c.options?.some(([id]) => id === "own") && c.id !== "ground")) controls.append(dropZone(took));
  controls.onsubmit = (event) => event.preventDefault();
  const more = MORE[scene.id];
  if (more) more(byId("extra")).catch(trouble);
}

/** What an address says of a control, where that can be. @param {Control} c @param {string | null} text */
function given(c, text) {
  if (text === null) return c.default;
  if (c.kind === "choice") return c.options?.some(([id]) => id === text) ? text : c.default;
  if (c.kind === "words") return text.slice(0, c.longest ?? 300);
  const value = Number(text);
  return Number.isFinite(value) && text !== "" ? Math.min(/** @type {number} */ (c.high), Math.max(/** @type {number} */ (c.low), value)) : c.default;
}

/** The question: one answer has to be chosen before the first run. */
function ask() {
  const box = byId("question"), run = make("button", { type: "submit", id: "run", disabled: true }, "Run");
  const answers = [...scene.question.answers, [UNSURE, "I cannot tell"]].map(([id, title]) => {
    const input = make("input", { type: "radio", name: "answer", value: id });
    input.addEventListener("change", () => {
      run.disabled = false;
      if (ran) { predicted = { answer: id, settings: { ...settings } }; send(); }
    });
    return make("label", {}, input, title);
  });
  box.replaceChildren(make("fieldset", {}, make("legend", {}, scene.question.text), ...answers), run);
  box.onsubmit = (event) => {
    event.preventDefault();
    const chosen = box.querySelector("input:checked");
    if (!(chosen instanceof HTMLInputElement)) return;
    predicted = { answer: chosen.value, settings: { ...settings } };
    ran = true;
    since = performance.now();
    send();
  };
}

/** A control was moved. */
function changed() {
  since = performance.now();
  writeHash(address());
  if (!ran) return;
  due ||= requestAnimationFrame(() => { due = 0; send(); });
}

/** @returns {Record<string, string>} */
function address() {
  const own = scene.controls.filter((c) => settings[c.id] !== c.default).map((c) => [c.id, String(settings[c.id])]);
  return { scene: scene.id, ...Object.fromEntries(own) };
}

function send() {
  asked += 1;
  if (!socket.send({ id: asked, scene: scene.id, settings, data })) return;
  if (byId("chart-box").hidden) byId("empty").textContent = "Running …";
}

/** @param {{key: string}} table  a file that was dropped */
function took(table) {
  data = table.key;
  const control = scene.controls.find((c) => c.options?.some(([id]) => id === "own"));
  if (control) settings[control.id] = "own";
  form.show();
  changed();
}

/** @param {any} message */
function received(message) {
  if (message.waiting) { byId("empty").textContent = message.waiting; return; }
  const { id, error } = message.head ?? message;
  if (id !== asked) return; // of a setting that is no more
  if (error) {
    trouble(new ApiError(400, error.what, error.where, error.how));
    if (byId("chart-box").hidden) byId("empty").textContent = "This cannot be run as it is set.";
    return;
  }
  byId("trouble").hidden = true;
  draw(resolve(message.head.picture, message.columns));
}

/** @param {any} picture */
function draw(picture) {
  byId("empty").hidden = true;
  figure("chart", main, picture.chart, picture.told.verdict ? null : span());
  if (picture.side || picture.whole) figure("side", side, picture.side);
  if (picture.ground || picture.whole) showGround(picture.ground);
  byId("bench").classList.toggle("alone", byId("ground-box").hidden && byId("side-box").hidden);
  panels(picture.panels);
  if (since) {
    // For whoever measures: from moving a control to the first picture of it, in milliseconds.
    main.flush();
    document.body.dataset.latency = (performance.now() - since).toFixed(1);
    since = 0;
  }
  document.body.dataset.whole = String(picture.whole);
  if (!picture.told.verdict && !picture.whole) return;
  const box = byId("outcome");
  box.hidden = false;
  box.replaceChildren(...outcome({ scene, picture, settings, predicted, script: () => openScript(scene.id, settings) }));
  tell(picture);
}

/** The steps that a run will take in the end. @returns {[number, number] | null} */
function span() {
  const steps = settings.steps ?? 2 * settings.budget;
  return steps > 1 ? [0, steps - 1] : null;
}

/** @param {string} id @param {Figure} figure @param {any} chart @param {[number, number] | null} [span] */
function figure(id, figure, chart, span = null) {
  byId(`${id}-box`).hidden = !chart;
  if (!chart) return;
  byId(`${id}-title`).textContent = chart.title;
  figure.show(chart, span);
}

/** @param {any} given */
function showGround(given) {
  byId("ground-box").hidden = !given;
  if (!given) return;
  byId("ground-title").textContent = given.title[0].toUpperCase() + given.title.slice(1);
  ground ??= new Surface(byId("ground"), (x, y) => {
    Object.assign(settings, { start: "chosen", start_x: x, start_y: y });
    form.show();
    changed();
  });
  ground.show(given);
}

/** Small charts beside each other, each with the names of what it does. @param {any[]} charts */
function panels(charts) {
  const box = byId("panels");
  box.hidden = !charts.length;
  while (small.length < charts.length) {
    const plot = make("div"), title = make("h3"), said = make("p", { className: "named" });
    box.append(make("div", {}, title, plot, said));
    small.push(new Figure(plot, { compact: true }));
  }
  charts.forEach((chart, i) => {
    const cell = box.children[i];
    /** @type {HTMLElement} */ (cell.querySelector("h3")).textContent = chart.title;
    /** @type {HTMLElement} */ (cell.querySelector(".named")).textContent = chart.phases.map((/** @type {any} */ p, /** @type {number} */ k) => phase(p, k).name).join(", then ") || "…";
    small[i].show(chart);
  });
  for (const [i, cell] of [...box.children].entries()) /** @type {HTMLElement} */ (cell).hidden = i >= charts.length;
}

/** Says aloud what it is called, when that has changed. @param {any} picture */
function tell(picture) {
  const now = (picture.told.phases ?? []).map((/** @type {any} */ p) => p.behaviour.replaceAll("-", " ")).join(", then ");
  if (!picture.whole || now === named) return;
  named = now;
  announce(`${now || "nothing in particular"}. ${picture.happened}`);
}
