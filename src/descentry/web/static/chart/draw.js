// @ts-check
/**
 * The curves on the canvas of a chart: bands, lines, what is off the scale, and what is not finite.
 *
 * @typedef {import("../pyramid.js").Tile} Tile
 *
 * @typedef {object} Plane  where things go, in pixels of the canvas
 * @property {CanvasRenderingContext2D} ctx
 * @property {number} px  pixels of the canvas to one of the page
 * @property {{left: number, top: number, width: number, height: number}} box
 * @property {(x: number) => number} across  from an x of the data
 * @property {(y: number) => number} up  from a y of the data; below the plot where it cannot be drawn
 * @property {{low: number, high: number}} scale  the ends of the y axis, as values
 *
 * @typedef {object} Look
 * @property {string} colour
 * @property {number[]} dash
 * @property {number} band  how strong the band is, 0 to 1
 * @property {number} line  how strong the line is
 * @property {number} width  of the line
 * @property {boolean} [dots]  whether lone points are dots
 */
import { css } from "../colours.js";

const FAR = 30_000; // pixels: canvases fail beyond some 32,000
const KINDS = ["", "NaN", "inf", "NaN and inf", "−inf", "NaN and −inf", "±inf", "NaN and ±inf"];

/** @param {number} kind  of a tile */
export const kindName = (kind) => KINDS[kind] ?? "not finite";

/** @param {Plane} plane @param {() => void} act */
export function inside(plane, act) {
  const { ctx, box } = plane;
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  act();
  ctx.restore();
}

/** The columns of a tile in runs that a line may join: it breaks where nothing finite is. @param {Tile} tile */
function* runs(tile) {
  let start = -1;
  for (let i = 0; i <= tile.start.length; i++) {
    const is = i < tile.start.length && tile.low[i] === tile.low[i];
    if (is && start < 0) start = i;
    if (!is && start >= 0) { yield [start, i]; start = -1; }
  }
}

/** @param {Plane} plane @param {number} y */
const held = (plane, y) => Math.max(-FAR, Math.min(FAR, plane.up(y)));

/** From the lowest to the highest value of every column. @param {Plane} plane @param {Tile} tile @param {Look} look */
export function band(plane, tile, look) {
  if (tile.exact || !look.band) return;
  const { ctx, px } = plane;
  for (const [a, b] of runs(tile)) {
    ctx.beginPath();
    for (let i = a; i < b; i++) {
      ctx.lineTo(plane.across(tile.start[i]), held(plane, tile.high[i]));
      if (tile.stop[i] !== tile.start[i]) ctx.lineTo(plane.across(tile.stop[i]), held(plane, tile.high[i]));
    }
    for (let i = b - 1; i >= a; i--) {
      if (tile.stop[i] !== tile.start[i]) ctx.lineTo(plane.across(tile.stop[i]), held(plane, tile.low[i]));
      ctx.lineTo(plane.across(tile.start[i]), held(plane, tile.low[i]));
    }
    ctx.closePath();
    ctx.fillStyle = look.colour;
    ctx.globalAlpha = 0.32 * look.band;
    ctx.fill();
    // A spike of one point is a sliver that a fill alone would leave pale.
    ctx.strokeStyle = look.colour;
    ctx.globalAlpha = 0.55 * look.band;
    ctx.lineWidth = 0.8 * px;
    ctx.lineJoin = "bevel";
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

/** The points themselves where each has a column, the middle of the columns otherwise. @param {Plane} plane @param {Tile} tile @param {Look} look */
export function line(plane, tile, look) {
  const { ctx, px } = plane;
  ctx.strokeStyle = ctx.fillStyle = look.colour;
  ctx.globalAlpha = look.line;
  ctx.lineWidth = look.width * px;
  ctx.lineJoin = "round";
  ctx.setLineDash(look.dash.map((d) => d * px));
  ctx.beginPath();
  const lone = [];
  for (const [a, b] of runs(tile)) {
    for (let i = a; i < b; i++) {
      const x = plane.across(tile.exact ? tile.start[i] : tile.start[i] / 2 + tile.stop[i] / 2), y = held(plane, tile.middle[i]);
      if (i === a) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
      if (b - a === 1 || (look.dots && tile.exact)) lone.push([x, y]);
    }
  }
  ctx.stroke();
  ctx.setLineDash([]);
  for (const [x, y] of lone) {
    ctx.beginPath();
    ctx.arc(x, y, 2 * px, 0, 7);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/** A line through points that are given, such as a trend. @param {Plane} plane @param {ArrayLike<number>} x @param {ArrayLike<number>} y @param {Look} look */
export function through(plane, x, y, look) {
  const { ctx, px } = plane;
  ctx.strokeStyle = look.colour;
  ctx.globalAlpha = look.line;
  ctx.lineWidth = look.width * px;
  ctx.lineJoin = "round";
  ctx.setLineDash(look.dash.map((d) => d * px));
  ctx.beginPath();
  let on = false;
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(y[i])) { on = false; continue; }
    if (on) ctx.lineTo(plane.across(x[i]), held(plane, y[i]));
    else ctx.moveTo(plane.across(x[i]), held(plane, y[i]));
    on = true;
  }
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** Small triangles on the edge where points lie beyond the scale. @param {Plane} plane @param {Tile} tile @param {string} colour */
export function beyond(plane, tile, colour) {
  const { ctx, px, box, scale } = plane, size = 4 * px;
  ctx.fillStyle = colour;
  for (const side of [1, -1]) {
    let last = -Infinity;
    for (let i = 0; i < tile.start.length; i++) {
      if (!(side > 0 ? tile.high[i] > scale.high : tile.low[i] < scale.low)) continue;
      const x = plane.across(tile.start[i] / 2 + tile.stop[i] / 2), y = side > 0 ? box.top + px : box.top + box.height - px;
      if (x - last < 2 * size) continue;
      last = x;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x - size, y + side * 1.5 * size);
      ctx.lineTo(x + size, y + side * 1.5 * size);
      ctx.fill();
    }
  }
}

/**
 * What is not finite: a tick at the foot for a column with some, hatching over the whole height for columns with nothing else.
 *
 * @param {Plane} plane
 * @param {Tile} tile
 * @param {number[]} named  where a stretch is named already; added to
 */
export function notFinite(plane, tile, named) {
  const { ctx, px, box } = plane, foot = box.top + box.height, tone = css("--failing");
  ctx.strokeStyle = ctx.fillStyle = tone;
  for (let i = 0; i < tile.start.length; i++) {
    if (!tile.bad[i]) continue;
    if (tile.bad[i] < tile.count[i] || tile.count[i] === 0) {
      ctx.fillRect(plane.across(tile.start[i] / 2 + tile.stop[i] / 2) - px, foot - 9 * px, 2 * px, 9 * px);
      continue;
    }
    let j = i, kind = 0;
    for (; j < tile.start.length && tile.bad[j] && tile.bad[j] === tile.count[j]; j++) kind |= tile.kind[j];
    const left = plane.across(tile.start[i]) - px, right = Math.max(plane.across(tile.stop[j - 1]) + px, left + 3 * px);
    hatch(plane, left, right);
    const middle = (Math.max(left, box.left) + Math.min(right, box.left + box.width)) / 2;
    if (right - left > 60 * px && named.every((x) => Math.abs(x - middle) > 90 * px)) {
      named.push(middle);
      ctx.font = `${12 * px}px ${css("--sans")}`;
      ctx.textAlign = "center";
      const text = kindName(kind), wide = ctx.measureText(text).width + 10 * px;
      ctx.fillStyle = css("--ground");
      ctx.globalAlpha = 0.75;
      ctx.fillRect(middle - wide / 2, box.top + 5 * px, wide, 17 * px);
      ctx.globalAlpha = 1;
      ctx.fillStyle = tone;
      ctx.fillText(text, middle, box.top + 18 * px);
    }
    i = j - 1;
  }
}

/** @param {Plane} plane @param {number} left @param {number} right */
function hatch(plane, left, right) {
  const { ctx, px, box } = plane, foot = box.top + box.height;
  if (right < box.left || left > box.left + box.width) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, box.top, right - left, box.height);
  ctx.clip();
  ctx.globalAlpha = 0.6;
  ctx.lineWidth = px;
  ctx.beginPath();
  const a = Math.max(left, box.left) - box.height, b = Math.min(right, box.left + box.width);
  for (let x = a - (a % (8 * px)); x < b; x += 8 * px) {
    ctx.moveTo(x, foot);
    ctx.lineTo(x + box.height, box.top);
  }
  ctx.stroke();
  ctx.restore();
  ctx.fillRect(left, foot - 9 * px, Math.min(right - left, 2 * px), 9 * px);
}
