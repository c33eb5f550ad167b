// @ts-check
/** Draws what a frame shows: under the axes what has a meaning along x, over them the curves. */
import { colour, css, dash } from "../colours.js";
import { band, beyond, inside, line, notFinite, through } from "./draw.js";
import { bounds, events, names, shade } from "./marks.js";
import { trend } from "./trend.js";

/** @typedef {import("./frame.js").Frame} Frame */
/** @typedef {import("./draw.js").Plane} Plane */

export const MOST_NAMED = 8; // curves that have their name at their end
export const BARE = 26; // pixels that the last label of the x axis needs beside the plot
const FEW = 60; // points in view: each is a dot too

/** @param {Frame} frame @returns {Plane} */
function plane(frame) {
  const { u } = frame, { left, top, width, height } = u.bbox, x = u.scales.x, y = u.scales.y;
  const wide = width / (x.max - x.min), high = height / (y.max - y.min);
  return {
    ctx: u.ctx, px: devicePixelRatio, box: { left, top, width, height }, scale: frame.scale,
    across: (v) => left + (frame.at(v) - x.min) * wide,
    up: (v) => top + height - (frame.rise(v) - y.min) * high,
  };
}

/** @param {Frame} frame */
export function ground(frame) {
  const p = plane(frame);
  inside(p, () => shade(p, frame.phases, frame.state.lit));
}

/** @param {Frame} frame */
export function paint(frame) {
  const p = plane(frame), chosen = [...frame.shown()].sort((a, b) => Number(Boolean(b.given.grey)) - Number(Boolean(a.given.grey)));
  const bold = chosen.filter((c) => !c.given.grey).length, [a, b] = frame.range();
  inside(p, () => {
    // All bands lie below all lines, or the last band would hide every line but its own.
    for (const c of chosen) band(p, c.tile, { ...look(frame, c), band: c.given.grey ? 0.25 : bold > 3 ? 0.5 : 1 });
    for (const c of chosen) {
      if (frame.state.fan && c.given.fan) fan(p, c.given.fan, frame.colour(c));
      if (!c.given.thinned || c.tile.exact) line(p, c.tile, look(frame, c));
    }
    if (frame.state.trend) {
      for (const c of chosen) {
        if (c.given.grey) continue;
        const way = c.given.trend ? parted(c.given.trend, c.given.holes ?? []) : trend(c.source, a, b, frame.state.trend);
        const own = { colour: css("--ground"), dash: [], band: 0, line: 0.8, width: 4.4 };
        through(p, way.x, way.y, own);
        through(p, way.x, way.y, { ...own, colour: bold > 1 ? frame.colour(c) : css("--ink"), line: 1, width: 2.2, dash: dash(c.index) });
      }
    }
    bounds(p, frame.options.bounds ?? []);
    for (const c of chosen) beyond(p, c.tile, frame.colour(c));
    /** @type {number[]} */
    const named = [];
    for (const c of chosen) {
      notFinite(p, c.given.holes ? holes(c.given.holes) : c.tile, named);
    }
    events(p, frame.options.events ?? []);
  });
  if (frame.room() > BARE) names(p, chosen.filter((c) => !c.given.grey).slice(0, MOST_NAMED).flatMap((c) => end(frame, c)));
}

/** @param {Frame} frame @param {import("./frame.js").Curve} c */
function look(frame, c) {
  const few = c.tile.exact && c.tile.start.length <= FEW, under = frame.state.trend && !c.given.grey;
  const width = c.given.thick ? 2.2 : c.given.grey ? 1 : 1.4;
  return { colour: frame.colour(c), dash: c.given.grey ? [] : dash(c.index), band: 1, line: c.given.grey ? 0.45 : under ? 0.6 : 1, width, dots: few && !c.given.grey };
}

/** A trend that does not run on where most of what lies between two of its points is not finite. @param {{x: ArrayLike<number>, y: ArrayLike<number>}} trend @param {[number, number, string, number][]} holes */
function parted(trend, holes) {
  const x = [], y = [];
  for (let i = 0; i < trend.x.length; i++) {
    const next = trend.x[i + 1] ?? trend.x[i];
    x.push(trend.x[i]);
    y.push(trend.y[i]);
    if (holes.some(([start, stop]) => Math.min(stop, next) - Math.max(start, trend.x[i]) > (next - trend.x[i]) / 2)) { x.push(next); y.push(NaN); }
  }
  return { x, y };
}

/** The last value in view, where the name of a curve stands. @param {Frame} frame @param {import("./frame.js").Curve} c */
function end(frame, c) {
  const { tile } = c, [a, b] = frame.range();
  for (let i = tile.start.length - 1; i >= 0; i--) {
    if (tile.start[i] > b || tile.stop[i] < a || tile.middle[i] !== tile.middle[i]) continue;
    const name = c.name.length > 22 ? `${c.name.slice(0, 10)}…${c.name.slice(-11)}` : c.name;
    return [{ name, y: tile.middle[i], colour: colour(c.index) }];
  }
  return [];
}

/** Stretches that are known not to be finite, as columns of nothing else, with something finite between them. @param {[number, number, string, number][]} given */
function holes(given) {
  const parts = given.flatMap(([start, stop, kind, many], i) => {
    const hole = { start, stop, count: many || 1, bad: many || 1, kind: kind === "NaN" ? 1 : kind === "inf" ? 2 : 3 };
    const between = i + 1 < given.length ? [{ start: stop, stop: given[i + 1][0], count: 1, bad: 0, kind: 0 }] : [];
    return [hole, ...between];
  });
  const none = new Float64Array(parts.length).fill(NaN);
  return {
    start: Float64Array.from(parts, (h) => h.start), stop: Float64Array.from(parts, (h) => h.stop), low: none, middle: none, high: none,
    count: Uint32Array.from(parts, (h) => h.count), bad: Uint32Array.from(parts, (h) => h.bad), kind: Uint8Array.from(parts, (h) => h.kind), exact: false,
  };
}

/** @param {Plane} p @param {{x: number[], low: number[], middle: number[], high: number[]}} fan @param {string} tone */
function fan(p, fan, tone) {
  const { ctx } = p;
  ctx.beginPath();
  fan.x.forEach((x, i) => ctx.lineTo(p.across(x), Math.max(-1e4, Math.min(3e4, p.up(fan.high[i])))));
  for (let i = fan.x.length - 1; i >= 0; i--) ctx.lineTo(p.across(fan.x[i]), Math.max(-1e4, Math.min(3e4, p.up(fan.low[i]))));
  ctx.closePath();
  ctx.fillStyle = tone;
  ctx.globalAlpha = 0.14;
  ctx.fill();
  ctx.globalAlpha = 1;
  through(p, fan.x, fan.middle, { colour: tone, dash: [6, 4], band: 0, line: 1, width: 2 });
}
