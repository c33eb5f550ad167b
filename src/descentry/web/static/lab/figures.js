// @ts-check
/**
 * The charts of a picture, drawn with chart.js.
 *
 * @typedef {{name: string, x: Float64Array, y: Float64Array, role: string, behaviours: string[], dashed: boolean, dots: boolean}} Line
 * @typedef {{at: number, name: string, axis: "x" | "y"}} Mark
 * @typedef {{behaviour: string, start: number, stop: number, sentence: string, concern: string}} Phase
 * @typedef {{title: string, x_label: string, y_label: string, lines: Line[], log_x: boolean, log_y: boolean, marks: Mark[], phases: Phase[]}} Chart
 */
import { makeChart } from "../chart.js";
import { number } from "../format.js";
import { letter } from "../told.js";

const HUES = 7; // of the theme: a place beyond has the same hue, and dashes
const FAR = 1e4; // times the first value of yours: beyond, a curve would flatten all others, and is cut off

/** A phase as a chart has it. @param {Phase} phase @param {number} i */
export function phase(phase, i) {
  const tone = phase.concern === "attention" || phase.concern === "failing" ? phase.concern : "neutral";
  return { letter: letter(i), name: phase.behaviour.replaceAll("-", " "), start: phase.start, stop: phase.stop, tone: /** @type {any} */ (tone), title: phase.sentence };
}

/** One chart of the page: made when it is first needed, and brought up to date from then on. */
export class Figure {
  /** @param {HTMLElement} element @param {Record<string, any>} [more]  options of chart.js */
  constructor(element, more = {}) {
    this.element = element;
    this.more = more;
    /** @type {ReturnType<typeof makeChart> | null} */
    this.chart = null;
    this.key = "";
    this.partial = false;
  }

  /**
   * @param {Chart} given
   * @param {[number, number] | null} [span]  what it will reach in the end, where this is only the beginning
   */
  show(given, span = null) {
    const { lines, cut } = within(given), partial = span !== null;
    const options = {
      series: series(lines),
      phases: given.phases.map(phase),
      events: given.marks.filter((m) => m.axis === "x").map((m) => ({ x: m.at, name: m.name })),
      bounds: given.marks.filter((m) => m.axis === "y").map((m) => ({ y: m.at, name: m.name })),
      xLabel: given.x_label,
      yLabel: given.y_label,
      caption: cut,
      ...(partial || this.partial ? { view: span } : {}),
    };
    this.partial = partial;
    // A chart of another kind begins anew; one of the same kind keeps its zoom and what the user chose to see.
    const key = [given.title, given.log_x, given.log_y].join();
    if (this.chart && key === this.key) {
      this.chart.update(options);
      return;
    }
    this.chart?.destroy();
    this.key = key;
    this.chart = makeChart(this.element, { ...options, log: { x: given.log_x, y: given.log_y }, ...this.more });
  }

  /** Draws at once what was asked for. */
  flush() { this.chart?.flush(); }

  destroy() {
    this.chart?.destroy();
    this.chart = null;
    this.key = "";
  }
}

/** @param {Line[]} lines */
function series(lines) {
  const strong = lines.filter((line) => line.role !== "other").length;
  return lines.map((line) => ({
    name: line.name,
    x: line.x,
    y: line.y,
    grey: strong > 0 && line.role === "other" && !line.dots,
    thick: line.role === "yours",
    colour: (line.role === "yours" ? 0 : line.role === "repair" ? 2 : line.role === "reference" ? 1 : 3) + (line.dashed ? HUES : 0),
  }));
}

/**
 * The lines, cut off where they have left all others far behind; and a sentence that says so.
 *
 * @param {Chart} given
 * @returns {{lines: Line[], cut: string}}
 */
function within(given) {
  const yours = given.lines.find((line) => line.role === "yours") ?? given.lines[0];
  const near = given.lines.flatMap((line) => (line.dots ? Array.from(line.y) : [line.y[0]])).filter((v) => Number.isFinite(v) && v > 0);
  const first = yours?.dots ? Math.min(...near) : Math.abs(yours?.y[0] ?? NaN), limit = FAR * first;
  if (!(limit > 0) || !Number.isFinite(limit)) return { lines: given.lines, cut: "" };
  let many = 0;
  const lines = given.lines.map((line) => {
    const at = line.y.findIndex((v) => !(Math.abs(v) <= limit));
    if (at < 0 || (at === 0 && !line.dots)) return line;
    many += 1;
    if (line.dots) return { ...line, y: line.y.map((v) => (Math.abs(v) <= limit ? v : limit)) };
    // One point more, at the limit, so that it is seen to leave.
    const y = line.y.slice(0, at + 1);
    y[at] = limit;
    return { ...line, x: line.x.slice(0, at + 1), y };
  });
  const top = limit < 1e4 ? String(+limit.toPrecision(2)) : number(limit, 2);
  if (!many) return { lines, cut: "" };
  if (lines.some((line) => line.dots)) return { lines, cut: `What lies above ${top}, or is not finite, is drawn at ${top}.` };
  const whole = given.lines.length > 1 ? `${many} of ${given.lines.length} curves ${many > 1 ? "are" : "is"}` : "It is";
  return { lines, cut: `${whole} cut off at ${top}: what lies above, or is not finite, is not drawn.` };
}
