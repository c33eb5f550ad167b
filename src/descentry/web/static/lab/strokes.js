// @ts-check
/**
 * What is drawn over the ground: dots, crosses, and the ends of its axes.
 *
 * @typedef {import("./surface.js").Ground} Ground
 */
import { css } from "../colours.js";
import { number } from "../format.js";

/** @param {Float64Array} a @param {Float64Array} b */
export function sameNumbers(a, b) {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** @param {CanvasRenderingContext2D} ctx @param {[number, number]} at @param {number} r @param {string} fill @param {string} [edge] @param {number} [px] */
export function dot(ctx, [x, y], r, fill, edge, px = 1) {
  if (!(Math.abs(x) < 1e5 && Math.abs(y) < 1e5)) return;
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  if (!edge) return;
  ctx.strokeStyle = edge;
  ctx.lineWidth = 1.6 * px;
  ctx.stroke();
}

/** @param {CanvasRenderingContext2D} ctx @param {[number, number]} at @param {number} px */
export function cross(ctx, [x, y], px) {
  const r = 5 * px;
  ctx.strokeStyle = css("--ink");
  ctx.lineWidth = 1.6 * px;
  ctx.beginPath();
  ctx.moveTo(x - r, y - r);
  ctx.lineTo(x + r, y + r);
  ctx.moveTo(x - r, y + r);
  ctx.lineTo(x + r, y - r);
  ctx.stroke();
}

/** The ends of both axes, in the corners. @param {CanvasRenderingContext2D} ctx @param {Ground} ground @param {number} size @param {number} px */
export function axes(ctx, ground, size, px) {
  const [left, right, bottom, top] = ground.window, [across, up] = ground.labels, gap = 5 * px;
  ctx.font = `${11 * px}px ${css("--sans")}`;
  /** @param {string} text @param {number} x @param {number} y @param {CanvasTextAlign} align */
  const write = (text, x, y, align) => {
    ctx.textAlign = align;
    ctx.lineWidth = 3 * px;
    ctx.strokeStyle = css("--card");
    ctx.strokeText(text, x, y);
    ctx.fillStyle = css("--ink");
    ctx.fillText(text, x, y);
  };
  write(number(left, 2), gap, size - gap, "left");
  write(`${across} → ${number(right, 2)}`, size - gap, size - gap, "right");
  write(`${number(top, 2)} ↑ ${up}`, gap, 14 * px, "left");
  write(number(bottom, 2), gap, size - gap - 14 * px, "left");
}
