// @ts-check
/**
 * The axes of a chart, its cursor and its selection: what uPlot does, and what is asked back from it.
 *
 * @typedef {import("./frame.js").Frame} Frame
 */
import { css } from "../colours.js";
import { digitsFor, linearTicks, logTicks, number, place } from "../format.js";
import { ground, paint } from "./paint.js";

/** @param {Frame} frame */
export function plot(frame) {
  const uPlot = /** @type {any} */ (globalThis).uPlot;
  if (!uPlot) throw new Error("chart.js needs uPlot: let the page load /static/uPlot.iife.min.js before it");
  const ink = () => css("--quiet"), grid = { stroke: () => css("--rule"), width: 1 }, font = () => `12px ${css("--sans")}`;
  const ticks = { ...grid, size: 5 };
  const { width, height } = frame.size();
  const across = () => frame.u?.bbox?.width / devicePixelRatio || width;
  const up = () => Math.max(2, Math.floor((frame.u?.bbox?.height / devicePixelRatio || height) / (frame.compact ? 26 : 46)));
  /** @param {any} _ @param {number[]} raw */
  const labels = (_, raw) => {
    const values = raw.map(frame.fall), many = digitsFor(Math.max(...values.map(Math.abs)), Math.abs(values[1] - values[0]));
    return values.map((v) => number(v, frame.logY ? 5 : many));
  };
  return new uPlot({
    width, height, padding: [10, () => Math.max(...frame.peers.map((peer) => peer.room())), 0, 0], legend: { show: false },
    scales: { x: { time: false, auto: false, min: 0, max: 1 }, y: { auto: false, min: 0, max: 1 } },
    series: [{}, { show: false }],
    axes: [
      {
        stroke: ink, grid, ticks, font: font(), size: frame.compact ? 26 : 34,
        splits: (/** @type {any} */ _u, /** @type {number} */ _a, /** @type {number} */ low, /** @type {number} */ high) =>
          frame.state.log.x ? logSteps(frame, low, high, across() / 70) : linearTicks(low, high, across() / 110),
        values: (/** @type {any} */ _, /** @type {number[]} */ raw) => raw.map((v) => place(+frame.back(v).toPrecision(9))),
      },
      {
        scale: "y", stroke: ink, grid, ticks, font: font(), values: labels,
        splits: (/** @type {any} */ _u, /** @type {number} */ _a, /** @type {number} */ low, /** @type {number} */ high) =>
          frame.logY ? logTicks(low, high, up()) : linearTicks(low, high, up()),
        size: (/** @type {any} */ _, /** @type {string[] | null} */ values) => Math.max(58, 22 + 7 * Math.max(0, ...(values ?? []).map((v) => v.length))),
      },
    ],
    cursor: {
      y: false, points: { show: false }, drag: { x: true, y: false, dist: 6, setScale: false },
      bind: { dblclick: () => () => { frame.show(null); return null; } },
    },
    hooks: {
      drawClear: [() => ground(frame)],
      draw: [() => paint(frame)],
      setSelect: [(/** @type {any} */ u) => {
        const { left, width: wide } = u.select;
        if (wide < 6) return;
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        frame.show([frame.back(u.posToVal(left, "x")), frame.back(u.posToVal(left + wide, "x"))]);
      }],
      setCursor: [(/** @type {any} */ u) => {
        const { left } = u.cursor, x = left == null || left < 0 ? null : frame.back(u.posToVal(left, "x"));
        if (x === frame.state.cursor) return;
        frame.state.cursor = x;
        frame.emit("point", x);
        if (frame.hush) return;
        for (const peer of frame.peers) if (peer !== frame) peer.point(x, true);
        frame.emit("cursor", x);
      }],
    },
  }, [[0, 1], [null, null]], frame.parts.plot);
}

/** Ticks of the x axis where it is logarithmic; the first step keeps one. @param {Frame} frame @param {number} low @param {number} high @param {number} most */
function logSteps(frame, low, high, most) {
  const ticks = logTicks(low, high, most);
  if (!frame.shift) return ticks;
  // Round numbers are wanted of the step, not of the step and what it was moved by.
  const found = ticks.map((t) => Math.log10(10 ** t + frame.shift)).filter((t) => t <= high), first = frame.at(frame.ends()[0]);
  return first >= low - 1e-9 ? [first, ...found] : found;
}
