// @ts-check
/**
 * The controls of a scene, made from data: sliders, choices, a line of text, a file of one's own.
 *
 * @typedef {object} Control
 * @property {"slider" | "choice" | "words"} kind
 * @property {string} id
 * @property {string} title
 * @property {any} default
 * @property {number} [low]
 * @property {number} [high]
 * @property {boolean} [log]
 * @property {boolean} [whole]
 * @property {[string, string][]} [options]
 * @property {number} [longest]
 * @property {[string, any[]] | null} [only_if]
 * @property {string} [help]
 *
 * @typedef {Record<string, any>} Values
 */
import { make } from "../dom.js";
import { number } from "../format.js";

const PLACES = 1000; // of a slider from end to end

/** Where a value stands on its slider. @param {Control} c @param {number} value */
export function toPlace(c, value) {
  const [low, high] = [/** @type {number} */ (c.low), /** @type {number} */ (c.high)];
  const share = c.log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.round(share * PLACES);
}

/** The value at a place of a slider, with three digits. @param {Control} c @param {number} place */
export function toValue(c, place) {
  const [low, high] = [/** @type {number} */ (c.low), /** @type {number} */ (c.high)], share = place / PLACES;
  const value = c.log ? low * (high / low) ** share : low + (high - low) * share;
  const short = c.whole ? Math.round(value) : +value.toPrecision(3);
  return Math.min(high, Math.max(low, short));
}

/** A value as people read it. @param {Control} c @param {any} value */
export function spoken(c, value) {
  if (c.kind === "choice") return c.options?.find(([id]) => id === value)?.[1] ?? String(value);
  return typeof value === "number" ? number(value, 3) : String(value);
}

/**
 * Fills a form with controls.
 *
 * @param {HTMLElement} form
 * @param {Control[]} controls
 * @param {Values} values  read, and written to
 * @param {(id: string) => void} changed  called after a value was written
 * @returns {{show: () => void}} `show` brings the controls in line with the values
 */
export function fill(form, controls, values, changed) {
  /** @type {Map<string, {box: HTMLElement, set: () => void}>} */
  const made = new Map();
  controls.forEach((c, i) => {
    const id = `control-${c.id}`, hint = c.help ? [make("p", { className: "quiet", id: `${id}-help` }, c.help)] : [];
    const described = c.help ? { "aria-describedby": `${id}-help` } : {};
    const { input, shown, set } = c.kind === "slider" ? slider(c, id, values) : c.kind === "choice" ? choice(c, id, values) : words(c, id, values);
    for (const [name, value] of Object.entries(described)) input.setAttribute(name, value);
    input.addEventListener("input", () => { changed(c.id); show(); });
    const box = make("div", { className: i ? "control" : "control first" }, make("label", { for: id }, c.title), shown ?? "", input, ...hint);
    made.set(c.id, { box, set });
  });
  form.replaceChildren(...[...made.values()].map((m) => m.box));
  function show() {
    for (const c of controls) {
      const entry = made.get(c.id);
      if (!entry) continue;
      entry.set();
      entry.box.hidden = !visible(controls, c, values);
    }
  }
  show();
  return { show };
}

/** Whether a control has a say now: those it depends on too. @param {Control[]} controls @param {Control} c @param {Values} values @returns {boolean} */
export function visible(controls, c, values) {
  if (!c.only_if) return true;
  const [other, wanted] = c.only_if, above = controls.find((o) => o.id === other);
  return wanted.includes(values[other]) && (!above || visible(controls, above, values));
}

/** @param {Control} c @param {string} id @param {Values} values */
function slider(c, id, values) {
  const input = make("input", { type: "range", id, min: "0", max: String(PLACES), step: "1" });
  const shown = make("output", { for: id });
  const few = c.whole && !c.log && /** @type {number} */ (c.high) - /** @type {number} */ (c.low) < PLACES;
  if (few) { input.min = String(c.low); input.max = String(c.high); }
  input.addEventListener("input", () => { values[c.id] = few ? Number(input.value) : toValue(c, Number(input.value)); });
  const set = () => {
    const place = String(few ? values[c.id] : toPlace(c, values[c.id]));
    // Left alone where it says the same already: a slider that is being dragged must not jump.
    if (few || toValue(c, Number(input.value)) !== values[c.id]) input.value = place;
    shown.textContent = spoken(c, values[c.id]);
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  return { input, shown, set };
}

/** @param {Control} c @param {string} id @param {Values} values */
function choice(c, id, values) {
  const input = make("select", { id }, ...(c.options ?? []).map(([value, title]) => make("option", { value }, title)));
  input.addEventListener("input", () => { values[c.id] = input.value; });
  return { input, shown: null, set: () => { input.value = values[c.id]; } };
}

/** @param {Control} c @param {string} id @param {Values} values */
function words(c, id, values) {
  const input = make("input", { type: "text", id, maxLength: c.longest ?? 300, spellcheck: false });
  input.addEventListener("input", () => { values[c.id] = input.value; });
  return { input, shown: null, set: () => { if (input.value !== values[c.id]) input.value = values[c.id]; } };
}
