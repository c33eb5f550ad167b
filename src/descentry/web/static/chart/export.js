// @ts-check
/**
 * A chart as a file: a picture, or the numbers in view as CSV.
 *
 * @typedef {import("./frame.js").Frame} Frame
 */
import { css } from "../colours.js";

/** A cell of a table that a spreadsheet takes for no formula. @param {string} text */
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {number} v */
const value = (v) => (v !== v ? "NaN" : v === Infinity ? "inf" : v === -Infinity ? "-inf" : String(v));

/**
 * What is in view: every point where each is drawn, and first, last, lowest, middle and highest of each column where many are one.
 *
 * @param {Frame} frame
 */
export function csv(frame) {
  const [a, b] = frame.range(), rows = [["series", "split", "first", "last", "points", "not_finite", "lowest", "middle", "highest"].join(",")];
  for (const c of frame.shown()) {
    const { tile } = c;
    for (let i = 0; i < tile.start.length; i++) {
      if (tile.stop[i] < a || tile.start[i] > b) continue;
      rows.push([cell(c.name), cell(c.split), ...[tile.start[i], tile.stop[i], tile.count[i], tile.bad[i], tile.low[i], tile.middle[i], tile.high[i]].map(value)].join(","));
    }
  }
  return `${rows.join("\n")}\n`;
}

/** The chart as a PNG, on the ground of the page, with the names of its curves above it. @param {Frame} frame @returns {Promise<Blob>} */
export function picture(frame) {
  const from = frame.u.ctx.canvas, px = devicePixelRatio, head = 26 * px;
  const canvas = document.createElement("canvas");
  canvas.width = from.width;
  canvas.height = from.height + head;
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.fillStyle = css("--ground") || "#fff";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(from, 0, head);
  ctx.font = `${12 * px}px ${css("--sans")}`;
  let x = 12 * px;
  for (const c of frame.shown()) {
    ctx.fillStyle = frame.colour(c);
    ctx.fillText(c.name, x, 17 * px);
    x += ctx.measureText(c.name).width + 16 * px;
  }
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("the browser made no picture"))), "image/png"));
}

/** Gives a file to the user. @param {string} name @param {Blob} blob */
export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
