// @ts-check
/**
 * What stands beside the curves in a chart, because it has a meaning: phases, events, bounds, and the names of the curves.
 *
 * @typedef {import("./draw.js").Plane} Plane
 */
import { css } from "../colours.js";

/**
 * Stretches with a meaning, shaded under the curves.
 *
 * @param {Plane} plane
 * @param {readonly {start: number, stop: number, tone?: string, drawn?: boolean}[]} phases
 * @param {unknown} lit  the one that is pointed at
 */
export function shade(plane, phases, lit) {
  const { ctx, px, box } = plane;
  for (const phase of phases) {
    if (phase.drawn === false) continue;
    const a = plane.across(phase.start), b = plane.across(phase.stop), on = lit === phase;
    if (!(b >= box.left && a <= box.left + box.width)) continue;
    const fill = css(`--fill-${phase.tone ?? "neutral"}`) || css("--fill-neutral");
    if (b - a < 2 * px) {
      ctx.fillStyle = `rgba(${fill},${on ? 0.5 : 0.28})`;
      ctx.fillRect((a + b) / 2 - 2.5 * px, box.top, 5 * px, box.height);
      continue;
    }
    ctx.fillStyle = `rgba(${fill},${on ? 0.3 : (phase.tone ?? "neutral") === "neutral" ? 0.07 : 0.14})`;
    ctx.fillRect(a, box.top, b - a, box.height);
    ctx.fillStyle = `rgba(${fill},0.55)`;
    ctx.fillRect(a, box.top, px, box.height);
  }
}

/** Upright lines where something was done, with its name beside it. @param {Plane} plane @param {readonly {x: number, name: string, tone?: string}[]} events */
export function events(plane, events) {
  const { ctx, px, box } = plane;
  ctx.font = `${11 * px}px ${css("--sans")}`;
  /** @type {number[]} */
  const rows = [];
  for (const event of [...events].sort((a, b) => a.x - b.x)) {
    const x = plane.across(event.x);
    if (!(x >= box.left - px && x <= box.left + box.width + px)) continue;
    ctx.strokeStyle = ctx.fillStyle = css(`--${event.tone ?? "neutral"}`) || css("--neutral");
    ctx.lineWidth = 1.5 * px;
    ctx.setLineDash([5 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(x, box.top);
    ctx.lineTo(x, box.top + box.height);
    ctx.stroke();
    ctx.setLineDash([]);
    const wide = ctx.measureText(event.name).width + 8 * px, left = x + wide > box.left + box.width ? x - wide : x;
    let row = rows.findIndex((end) => end <= left);
    if (row < 0) row = rows.length;
    if (row > 3) continue;
    rows[row] = left + wide;
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = css("--ground");
    ctx.fillRect(left + 2 * px, box.top + (2 + 13 * row) * px, wide - 4 * px, 13 * px);
    ctx.globalAlpha = 1;
    ctx.fillStyle = ctx.strokeStyle;
    ctx.textAlign = "left";
    ctx.fillText(event.name, left + 4 * px, box.top + (12 + 13 * row) * px);
  }
}

/** Level lines that a value is read against, such as 2 for η·sharpness. @param {Plane} plane @param {readonly {y: number, name: string}[]} bounds */
export function bounds(plane, bounds) {
  const { ctx, px, box } = plane;
  ctx.font = `${11 * px}px ${css("--sans")}`;
  for (const bound of bounds) {
    const y = plane.up(bound.y);
    if (!(y >= box.top && y <= box.top + box.height)) continue;
    ctx.strokeStyle = ctx.fillStyle = css("--attention");
    ctx.lineWidth = 1.2 * px;
    ctx.setLineDash([2 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(box.left, y);
    ctx.lineTo(box.left + box.width, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.textAlign = "right";
    ctx.fillText(bound.name, box.left + box.width - 4 * px, y - box.top < 16 * px ? y + 13 * px : y - 4 * px);
  }
}

/**
 * The names of the curves at their right ends, parted where they would overlap; a name that finds no room is left to the legend.
 *
 * @param {Plane} plane
 * @param {readonly {name: string, y: number, colour: string}[]} ends
 */
export function names(plane, ends) {
  const { ctx, px, box } = plane, step = 13 * px;
  ctx.font = `${11 * px}px ${css("--sans")}`;
  ctx.textAlign = "left";
  const placed = ends
    .map((end) => ({ ...end, at: Math.max(box.top + step, Math.min(box.top + box.height, plane.up(end.y) + 4 * px)) }))
    .sort((a, b) => a.at - b.at);
  for (let i = 1; i < placed.length; i++) placed[i].at = Math.max(placed[i].at, placed[i - 1].at + step);
  for (const { name, at, colour } of placed) {
    if (!(at <= box.top + box.height + step)) continue;
    ctx.fillStyle = colour;
    ctx.fillText(name, box.left + box.width + 5 * px, at);
  }
}
