// @ts-check
/**
 * The curves of a flight and of those who fly along: the loss, the rate, and η·sharpness.
 *
 * @typedef {{id: string, title: string, loss: (number | null)[], rate: number[], final: number | null}} Ghost
 * @typedef {{x: number, name: string, tone?: string}} Event
 */
import { link, makeChart } from "../chart.js";

const YOU = "you";
/** Which colour each of them has, beside yours. @type {Record<string, number>} */
const COLOURS = { you: 0, nothing: 6, pilot: 2, constant: 5, oracle: 3, rival: 1 };
/** Those who give the answer away; not drawn before the landing. */
const SPOILERS = new Set(["oracle", "constant"]);

/** @param {number} n */
const upTo = (n) => Float64Array.from({ length: n }, (_, i) => i);

export class Plots {
  /** @param {HTMLElement} loss @param {HTMLElement} rate @param {HTMLElement} edge */
  constructor(loss, rate, edge) {
    this.places = { loss, rate, edge };
    /** @type {Map<string, Ghost>} */
    this.ghosts = new Map();
    /** @type {Event[]} */
    this.events = [];
    this.landed = false;
    this.begin([], [], 0, false);
  }

  /**
   * A flight, with what was flown of it already.
   *
   * @param {any[][]} rows
   * @param {[number, number | null][]} edge
   * @param {number} target
   * @param {boolean} noisy  whether the losses are those of batches
   */
  begin(rows, edge, target, noisy) {
    this.x = rows.map((r) => r[0]);
    this.loss = rows.map((r) => r[3]);
    this.rate = rows.map((r) => r[5]);
    this.edgeX = edge.map((p) => p[0]);
    this.edge = edge.map((p) => p[1]);
    this.target = target;
    this.events = [];
    this.landed = false;
    this.charts?.forEach((chart) => chart.destroy());
    const { loss, rate, edge: near } = this.places;
    this.main = makeChart(loss, { xLabel: "step", yLabel: "loss of the batch", log: true, height: 300, trend: noisy ? 10 : 0, ...this.#lossOptions() });
    this.below = makeChart(rate, { compact: true, log: true, xLabel: "step", yLabel: "learning rate", ...this.#rateOptions() });
    this.beside = makeChart(near, { compact: true, log: true, xLabel: "step", yLabel: "η·sharpness", ...this.#edgeOptions() });
    this.charts = [this.main, this.below, this.beside];
    link(this.charts);
  }

  /** More steps. @param {any[][]} rows */
  more(rows) {
    const x = rows.map((r) => r[0]), loss = rows.map((r) => r[3]), rate = rows.map((r) => r[5]);
    this.x?.push(...x);
    this.loss?.push(...loss);
    this.rate?.push(...rate);
    this.main?.append(YOU, x, loss);
    this.below?.append(YOU, x, rate);
  }

  /** A reading of η·sharpness. @param {number} tick @param {number | null} value */
  read(tick, value) {
    if (this.edgeX?.at(-1) === tick) return;
    this.edgeX?.push(tick);
    this.edge?.push(value);
    this.beside?.append(YOU, [tick], [value]);
  }

  /** Something that happened. @param {Event} event */
  mark(event) {
    const last = this.events.at(-1);
    if (last && last.x === event.x && last.name === event.name) return;
    this.events.push(event);
    this.main?.update({ events: this.events });
  }

  /** Somebody else's flight. @param {Ghost} ghost */
  join(ghost) {
    this.ghosts.set(ghost.id, ghost);
    this.#again();
  }

  /** Another level or seed: nobody is along yet. */
  alone() {
    this.ghosts.clear();
  }

  /** The answers may be shown. @param {any[]} phases */
  reveal(phases = []) {
    this.landed = true;
    this.#again();
    if (phases.length) this.main?.update({ phases });
  }

  #along() {
    return [...this.ghosts.values()].filter((ghost) => this.landed || !SPOILERS.has(ghost.id));
  }

  #again() {
    this.main?.update(this.#lossOptions());
    this.below?.update(this.#rateOptions());
  }

  #lossOptions() {
    const series = [{ name: YOU, x: this.x, y: this.loss, colour: COLOURS[YOU], thick: true }];
    const others = this.#along().map((g) => ({ name: short(g), x: upTo(g.loss.length), y: g.loss, colour: COLOURS[g.id] ?? 4 }));
    return { series: [...series, ...others], bounds: this.target ? [{ y: this.target, name: "target" }] : [] };
  }

  #rateOptions() {
    // A schedule that ends at zero has no place on a logarithmic axis there.
    const others = this.#along().map((g) => ({ name: short(g), x: upTo(g.rate.length), y: g.rate.map((r) => (r > 0 ? r : null)), colour: COLOURS[g.id] ?? 4 }));
    return { series: [{ name: YOU, x: this.x, y: this.rate, colour: COLOURS[YOU], thick: true }, ...others] };
  }

  #edgeOptions() {
    return { series: [{ name: YOU, x: this.edgeX, y: this.edge, colour: COLOURS[YOU] }], bounds: [{ y: 2, name: "2" }] };
  }
}

/** @param {Ghost} ghost */
export function short(ghost) {
  return { nothing: "hands off", pilot: "pilot", constant: "best constant", oracle: "oracle" }[ghost.id] ?? ghost.title;
}
