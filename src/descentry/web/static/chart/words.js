// @ts-check
/**
 * A chart in words: what stands under the cursor, what is in view, and a table of it, for those who cannot see it and for everybody else.
 *
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Curve} Curve
 */
import { make } from "../dom.js";
import { kindName } from "./draw.js";
import { count, digitsFor, number, place, whole } from "../format.js";
import { fewer, NOTHING } from "./source.js";

const MOST_READ = 8; // curves that are read off at once
const ROWS = 50;

/** Digits that tell the values in view of a curve apart. @param {Curve} c */
function digits(c) {
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < c.tile.low.length; i++) {
    if (c.tile.low[i] < low) low = c.tile.low[i];
    if (c.tile.high[i] > high) high = c.tile.high[i];
  }
  return low < high ? digitsFor(Math.max(Math.abs(low), Math.abs(high)), (high - low) / 100) : 5;
}

/** What a column of a curve holds. @param {Curve} c @param {number} i @param {number} [many] */
function reading(c, i, many = digits(c)) {
  const { tile } = c, hole = c.given.holes?.find(([start, stop]) => start <= tile.stop[i] && stop >= tile.start[i]);
  const bad = hole ? hole[2] : tile.bad[i] ? kindName(tile.kind[i]) : "";
  if (tile.low[i] !== tile.low[i]) return bad || "no value";
  const values = tile.low[i] === tile.high[i] ? number(tile.low[i], many) : `${number(tile.low[i], many)} to ${number(tile.high[i], many)}`;
  return bad ? `${values}, and ${hole ? "" : `${whole(tile.bad[i])} `}${bad}` : values;
}

/** The column at an x, or the one nearest to it. @param {Curve} c @param {number} x @param {number} reach */
export function column(c, x, reach) {
  const { tile } = c;
  let a = 0, b = tile.start.length - 1;
  if (b < 0) return -1;
  while (a < b) {
    const m = (a + b) >> 1;
    if (tile.stop[m] < x) a = m + 1;
    else b = m;
  }
  const ahead = Math.max(0, tile.start[a] - x), behind = a ? x - tile.stop[a - 1] : Infinity;
  const found = ahead <= behind ? a : a - 1;
  return Math.max(tile.start[found] - x, x - tile.stop[found]) <= reach ? found : -1;
}

/** Fills the line that says what stands under the cursor. @param {Frame} frame @param {number | null} x */
export function readout(frame, x) {
  const box = frame.parts.readout, chosen = frame.shown();
  const name = frame.options.xLabel ?? "step";
  if (x === null || !chosen.length) {
    box.replaceChildren(frame.compact ? frame.options.yLabel ?? chosen[0]?.name ?? "\u00a0" : "\u00a0");
    return;
  }
  const [a, b] = frame.range(), reach = Math.max((b - a) / 60, Number.MIN_VALUE);
  /** @type {(Node | string)[]} */
  const parts = [];
  let lead = null, said = 0;
  for (const c of chosen) {
    const i = column(c, x, reach);
    if (i < 0) continue;
    lead ??= [c.tile.start[i], c.tile.stop[i]];
    if (++said > MOST_READ) continue;
    const own = c.tile.exact && c.tile.start[i] !== lead[0] ? ` (at ${place(c.tile.start[i])})` : "";
    parts.push(` · ${c.name} `, make("b", { textContent: reading(c, i) }), own);
  }
  if (said > MOST_READ) parts.push(` · and ${whole(said - MOST_READ)} more`);
  lead ??= [x, x];
  const [first, last] = lead, at = first === last ? place(+first.toPrecision(12)) : `${place(first)}–${place(last)}`;
  const within = frame.phases.filter((p) => p.start <= last && first <= p.stop).map((p) => (p.letter ? `${p.letter} ${p.name}` : p.name));
  if (within.length) parts.push(` · in ${within.join(", ")}`);
  const near = (frame.options.events ?? []).filter((e) => Math.abs(e.x - x) <= reach / 2 || (e.x >= first && e.x <= last));
  if (near.length) parts.push(` · ${near.map((e) => e.name).join(", ")}`);
  box.replaceChildren(`${name} `, make("b", { textContent: at }), ...parts);
}

/** How many values in view of a curve are not finite. @param {Frame} frame @param {Curve} c */
function lost(frame, c) {
  const { tile } = c, [a, b] = frame.range();
  if (c.given.holes) return c.given.holes.reduce((n, [start, stop, , many]) => n + (stop >= a && start <= b ? many : 0), 0);
  return tile.bad.reduce((n, bad, i) => n + (tile.stop[i] >= a && tile.start[i] <= b ? bad : 0), 0);
}

/** What is in view of one curve, in a sentence. @param {Frame} frame @param {Curve} c */
function told(frame, c) {
  const { tile } = c, [a, b] = frame.range();
  let low = Infinity, high = -Infinity, least = 0, points = 0, first = NaN, last = NaN;
  for (let i = 0; i < tile.start.length; i++) {
    if (tile.stop[i] < a || tile.start[i] > b) continue;
    points += tile.count[i];
    if (tile.low[i] < low) { low = tile.low[i]; least = tile.start[i]; }
    if (tile.high[i] > high) high = tile.high[i];
    if (tile.middle[i] === tile.middle[i]) { if (first !== first) first = tile.middle[i]; last = tile.middle[i]; }
  }
  const bad = lost(frame, c), other = bad ? `, ${whole(bad)} not finite` : "";
  const size = c.given.thinned ? `the extremes of ${count(c.given.thinned, "point")}` : count(points, "point");
  if (low > high) return `${c.name}: ${size}${other}.`;
  const many = digits(c);
  return `${c.name}: ${size}${other}; from ${number(first, many)} to ${number(last, many)}, lowest ${number(low, many)} ${tile.exact ? "at" : "near"} ${place(least)}, highest ${number(high, many)}.`;
}

/** The whole chart in words. @param {Frame} frame */
export function summary(frame) {
  const chosen = frame.shown(), [a, b] = frame.range();
  const phases = frame.phases.filter((p) => p.drawn !== false && p.stop >= a && p.start <= b).slice(0, 12);
  const marked = phases.length ? ` Marked: ${phases.map((p) => `${p.name}, ${place(p.start)} to ${place(p.stop)}`).join("; ")}.` : "";
  const done = (frame.options.events ?? []).filter((e) => e.x >= a && e.x <= b).slice(-8);
  const events = done.length ? ` Events: ${done.map((e) => `${e.name} at ${place(e.x)}`).join("; ")}.` : "";
  if (!chosen.length) return "No curve is shown.";
  const curves = chosen.slice(0, MOST_READ).map((c) => told(frame, c)).join(" ");
  const rest = chosen.length > MOST_READ ? ` And ${count(chosen.length - MOST_READ, "more curve")}.` : "";
  // From the first point in view to the last: the ends of a view need be no steps.
  const starts = chosen.flatMap((c) => c.tile.start.find((x) => x >= a) ?? []), stops = chosen.flatMap((c) => c.tile.stop.findLast((x) => x <= b) ?? []);
  const [first, last] = starts.length && stops.length ? [Math.min(...starts), Math.max(...stops)] : [a, b];
  return `${frame.options.xLabel ?? "step"} ${place(+first.toPrecision(9))} to ${place(+last.toPrecision(9))}. ${curves}${rest}${marked}${events}`;
}

/** What stands below the chart: how it is drawn, and what it could not show. @param {Frame} frame */
export function caption(frame) {
  const said = frame.options.caption ? [frame.options.caption] : [], chosen = frame.shown(), [a, b] = frame.range();
  const thinned = chosen.filter((c) => c.given.thinned);
  if (thinned.length) {
    const named = thinned.slice(0, 3).map((c) => `${c.name} (${count(c.given.thinned ?? 0, "point")})`).join(", ");
    said.push(`Drawn as an envelope: ${named}${thinned.length > 3 ? " and others" : ""}. Every extreme and every stretch that is not finite is here, nothing is smoothed.`);
  } else if (chosen.some((c) => !c.tile.exact)) {
    said.push("Bands reach from the lowest to the highest point of each column of two pixels, lines go through the medians: no extreme is left out, and zooming in shows the points.");
  }
  let above = 0, below = 0, bad = 0, least = false;
  for (const c of chosen) {
    const off = c.source.outside(a, b, frame.scale.low, frame.scale.high);
    above += off.above;
    below += off.below;
    least ||= Boolean(off.least);
    bad += lost(frame, c);
  }
  const more = least ? "at least " : "";
  if (above) said.push(`${more}${count(above, "point lies", "points lie")} above this scale (▲).`);
  if (below) said.push(frame.logY && frame.state.fit === "all" ? `${more}${count(below, "point")} at or below zero cannot be drawn on a logarithmic scale (▼).` : `${more}${count(below, "point lies", "points lie")} below this scale (▼).`);
  if (bad) said.push(`${count(bad, "value is", "values are")} not finite, marked in red.`);
  if (frame.state.trend && chosen.some((c) => c.given.trend)) said.push("The trend is the median of each 150th part of the points.");
  else if (frame.state.trend) said.push(`The trend knows only the past: half of its weight lies within ${place(frame.state.trend)} ${frame.options.xLabel ?? "step"}s.`);
  if (frame.state.fan) said.push("Dashed: the forecast for a run that goes on as it did, with its 90% interval for the smooth level.");
  return said.map((s) => s[0].toUpperCase() + s.slice(1)).join(" ");
}

/** Fills the table of what is in view, while it is open. @param {Frame} frame */
export function table(frame) {
  const details = /** @type {HTMLDetailsElement} */ (frame.parts.table), box = /** @type {HTMLElement} */ (details.lastChild);
  details.ontoggle ??= () => table(frame);
  if (!details.open) return;
  const chosen = frame.shown().slice(0, MOST_READ), [a, b] = frame.range();
  const name = frame.options.xLabel ?? "step";
  const head = make("tr", {}, make("th", { textContent: name, scope: "col" }), ...chosen.map((c) => make("th", { textContent: c.name, scope: "col" })));
  const rows = [];
  // The first curve's columns are the rows; of the others, what lies beside them.
  const lead = fewer(chosen[0]?.tile ?? NOTHING, a, b, ROWS);
  for (let i = 0; i < lead.start.length; i++) {
    const first = lead.start[i], last = lead.stop[i];
    const cells = chosen.map((c, k) => {
      const tile = k ? fewer(c.tile, first, last, 1) : lead;
      return make("td", { textContent: tile.start.length ? reading({ ...c, tile }, k ? 0 : i, digits(c)) : "" });
    });
    rows.push(make("tr", {}, make("th", { textContent: first === last ? place(first) : `${place(first)}–${place(last)}`, scope: "row" }), ...cells));
  }
  box.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}
