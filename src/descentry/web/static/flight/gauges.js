// @ts-check
/**
 * The gauges: a number, a needle on a logarithmic dial, a mark where it matters, and a word on what that means.
 *
 * @typedef {"" | "attention" | "failing"} Tone
 */
import { make } from "../dom.js";
import { number } from "../format.js";

class Gauge {
  /**
   * @param {string} title
   * @param {string} told  what the dial shows, for those who point at it
   */
  constructor(title, told) {
    this.value = make("span", { className: "value" }, "–");
    this.note = make("span", { className: "note" });
    this.needle = make("span", { className: "needle", hidden: true });
    this.beyond = make("span", { className: "beyond", hidden: true });
    const dial = make("div", { className: "dial", "aria-hidden": "true" }, this.beyond, this.needle);
    this.element = make("dl", { className: "gauge", title: told }, make("dt", {}, title), make("dd", {}, this.value, dial, this.note));
    this.ends = [-1, 1];
  }

  /** The ends of the dial, and where its hatched part begins. @param {number} low @param {number} high @param {number} [mark] */
  span(low, high, mark) {
    this.ends = [Math.log10(low), Math.log10(high)];
    this.beyond.hidden = mark === undefined;
    if (mark !== undefined) this.beyond.style.left = `${this.#place(mark)}%`;
  }

  /** @param {number | null | undefined} value @param {string} note @param {Tone} [tone] */
  show(value, note, tone = "") {
    this.value.textContent = value === null || value === undefined ? "–" : number(value, 3);
    this.note.textContent = note;
    this.element.className = `gauge ${tone}`;
    this.needle.hidden = !(value && value > 0);
    if (value && value > 0) this.needle.style.left = `${this.#place(value)}%`;
  }

  /** @param {number} value */
  #place(value) {
    const [low, high] = this.ends;
    return 100 * Math.min(1, Math.max(0, (Math.log10(value) - low) / (high - low)));
  }
}

export const EDGE = 2;

/** The panel of a cockpit. @param {HTMLElement} box */
export function panel(box) {
  const loss = new Gauge("loss of the batch", "from the floor of the regret to ten times the loss at take-off; hatched above the take-off");
  const norm = new Gauge("gradient norm", "around the norm of the first step");
  const edge = new Gauge("η·sharpness", "the edge of stability is at 2; momentum and Adam are taken into account");
  const noise = new Gauge("noise scale", "examples at which signal and noise of the gradient are equal; hatched above the batch");
  box.replaceChildren(loss.element, norm.element, edge.element, noise.element);
  let first = 0, batch = 0, full = false;
  return {
    /** A new flight. @param {{floor: number, initial: number, target: number}} level */
    begin(level) {
      first = 0;
      loss.span(level.floor, 10 * level.initial, level.initial);
      edge.span(0.02, 200, EDGE);
      for (const gauge of [loss, norm, edge, noise]) gauge.show(null, "");
      norm.span(0.1, 10);
      noise.span(1, 10_000);
    },
    /** A step. @param {number | null} value @param {number | null} gradient @param {number} size @param {number} target @param {number} initial */
    step(value, gradient, size, target, initial) {
      if (gradient && !first) {
        first = gradient;
        norm.span(first * 1e-3, first * 1e3);
      }
      if (size !== batch && !full) {
        batch = size;
        noise.span(Math.max(0.1, size / 100), size * 100, size);
      }
      const above = value === null || value > initial;
      loss.show(value, value === null ? "not a number" : `target ${number(target, 3)}${above ? ", above the take-off" : ""}`, value === null ? "failing" : above ? "attention" : "");
      norm.show(gradient, gradient === null ? "not a number" : first ? `${number(gradient / first, 2)} × the first` : "", gradient === null ? "failing" : "");
    },
    /** Whether every step sees all of the data. @param {boolean} all */
    whole(all) {
      full = all;
      if (all) noise.show(null, "no noise: each step sees all of the data");
    },
    /** A reading of the instruments. @param {{stability: number | null, noise: number | null, sharpness: number | null}} read */
    read({ stability, noise: scale, sharpness }) {
      const over = stability !== null && stability > EDGE;
      const near = stability !== null && stability > 0.75 * EDGE;
      edge.show(stability, stability === null ? "not read" : stability <= 0 ? "the ground curves down" : over ? `beyond the edge at ${EDGE}` : `edge at ${EDGE}, sharpness ${number(sharpness ?? 0, 2)}`, over ? "failing" : near ? "attention" : "");
      if (!full) noise.show(scale, scale === null ? "more noise than can be told" : scale > batch ? `above the batch of ${batch}: mostly noise` : `below the batch of ${batch}: mostly signal`, "");
    },
  };
}
