// @ts-check
/**
 * The ground seen from above, with the paths over it: contours, a slider that goes through the steps, the slope at each of them, and a
 * fog that leaves only what descent has seen.
 *
 * @typedef {object} Path
 * @property {string} name
 * @property {Float64Array} x
 * @property {Float64Array} y
 * @property {"yours" | "other" | "repair" | "reference"} role
 * @property {Float64Array | null} loss
 * @property {Float64Array | null} slope_x
 * @property {Float64Array | null} slope_y
 *
 * @typedef {object} Ground
 * @property {string} title
 * @property {Float64Array} grid
 * @property {[number, number, number, number]} window
 * @property {Path[]} paths
 * @property {[number, number][]} minima
 * @property {string} note
 * @property {[string, string]} labels
 * @property {boolean} startable
 */
import { colour, css, dark, onTheme } from "../colours.js";
import { make } from "../dom.js";
import { number } from "../format.js";
import { levels, lines, rank } from "./contours.js";
import { axes, cross, dot, sameNumbers } from "./strokes.js";

const DOTS = 120; // steps up to which each is a dot
const ROWS = 40; // of the table

export class Surface {
  /** @param {HTMLElement} element @param {(x: number, y: number) => void} clicked */
  constructor(element, clicked) {
    this.canvas = make("canvas", { className: "ground-canvas", role: "img", tabIndex: 0 });
    this.slider = make("input", { type: "range", min: "0", max: "0", step: "1", "aria-label": "Step of the path" });
    this.play = make("button", { type: "button" }, "Play");
    this.fog = make("input", { type: "checkbox" });
    this.readout = make("p", { className: "readout" });
    this.note = make("p", { className: "chart-caption" });
    this.table = make("details", { className: "chart-table" }, make("summary", {}, "The path as a table"));
    this.tools = make("div", { className: "ground-tools" }, this.play, this.slider, make("label", { className: "check" }, this.fog, "Only what it knows"), this.readout);
    element.replaceChildren(this.canvas, this.tools, this.note, this.table);
    /** @type {Ground | null} */
    this.ground = null;
    /** @type {{key: Float64Array, image: OffscreenCanvas} | null} */
    this.drawn = null;
    this.slider.addEventListener("input", () => { this.stop(); this.draw(); });
    this.fog.addEventListener("input", () => this.draw());
    this.play.addEventListener("click", () => (this.timer ? this.stop() : this.go()));
    this.canvas.addEventListener("click", (event) => this.#click(event, clicked));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.table.addEventListener("toggle", () => this.#rows());
    const watcher = new ResizeObserver(() => this.draw());
    watcher.observe(this.canvas);
    const unwatch = onTheme(() => { this.drawn = null; this.draw(); });
    this.destroy = () => { this.stop(); watcher.disconnect(); unwatch(); element.replaceChildren(); };
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  /** The path that the slider goes through. */
  get yours() { return this.ground?.paths.find((p) => p.role === "yours") ?? this.ground?.paths[0] ?? null; }

  /** @param {Ground} ground */
  show(ground) {
    const last = this.slider.value === this.slider.max;
    this.ground = ground;
    const steps = Math.max(0, (this.yours?.x.length ?? 1) - 1);
    this.slider.max = String(steps);
    if (last || Number(this.slider.value) > steps) this.slider.value = String(steps);
    this.note.textContent = ground.note + (ground.startable ? " Click to choose another start." : "");
    this.canvas.classList.toggle("startable", ground.startable);
    if (this.table.open) this.#rows();
    this.draw();
  }

  go() {
    if (this.slider.value === this.slider.max) this.slider.value = "0";
    const steps = Number(this.slider.max), stride = Math.max(1, Math.round(steps / 150));
    this.play.textContent = "Stop";
    this.timer = setInterval(() => {
      this.slider.value = String(Math.min(steps, Number(this.slider.value) + stride));
      this.draw();
      if (this.slider.value === this.slider.max) this.stop();
    }, Math.min(400, Math.max(40, 6000 / Math.max(1, steps))));
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.play.textContent = "Play";
  }

  draw() {
    const { ground, canvas } = this, side = canvas.clientWidth;
    if (!ground || !side) return;
    const px = devicePixelRatio, size = Math.round(side * px);
    if (canvas.width !== size) { canvas.width = size; canvas.height = size; }
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, size, size);
    const step = Number(this.slider.value), place = this.#place(size);
    if (this.fog.checked) this.#known(ctx, place, step, px);
    else this.#hills(ctx, size, px);
    for (const path of ground.paths) if (path !== this.yours) this.#path(ctx, place, path, path.x.length - 1, px);
    if (!this.fog.checked) for (const [x, y] of ground.minima) cross(ctx, place(x, y), px);
    const { yours } = this;
    if (yours) {
      this.#path(ctx, place, yours, step, px);
      this.#slope(ctx, place, yours, step, px);
    }
    axes(ctx, ground, size, px);
    this.#say(step);
  }

  /** @param {number} size @returns {(x: number, y: number) => [number, number]} */
  #place(size) {
    const [left, right, bottom, top] = /** @type {Ground} */ (this.ground).window;
    return (x, y) => [((x - left) / (right - left)) * size, size - ((y - bottom) / (top - bottom)) * size];
  }

  /** Shaded heights and their contours; kept until the ground changes. @param {CanvasRenderingContext2D} ctx @param {number} size @param {number} px */
  #hills(ctx, size, px) {
    const { grid } = /** @type {Ground} */ (this.ground);
    const same = this.drawn && this.drawn.image.width === size && sameNumbers(this.drawn.key, grid);
    if (!same) {
      const n = Math.round(Math.sqrt(grid.length)), rising = levels(grid), small = new OffscreenCanvas(n, n), image = new OffscreenCanvas(size, size);
      const sheet = /** @type {OffscreenCanvasRenderingContext2D} */ (image.getContext("2d"));
      const paint = /** @type {OffscreenCanvasRenderingContext2D} */ (small.getContext("2d")), shade = paint.createImageData(n, n);
      const [low, high] = dark() ? [[38, 66, 84], [21, 24, 27]] : [[196, 221, 238], [253, 253, 251]];
      for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) {
        const t = rank(rising, grid[(n - 1 - y) * n + x]), at = 4 * (y * n + x);
        for (let k = 0; k < 3; k++) shade.data[at + k] = low[k] + t * (high[k] - low[k]);
        shade.data[at + 3] = 255;
      }
      paint.putImageData(shade, 0, 0);
      // Grid points are corners, and pixels are areas: the picture is moved by half a pixel of the grid.
      const cell = size / (n - 1);
      sheet.drawImage(small, -cell / 2, -cell / 2, size + cell, size + cell);
      sheet.strokeStyle = css("--edge");
      sheet.lineWidth = 0.7 * px;
      sheet.globalAlpha = 0.75;
      sheet.beginPath();
      for (const level of rising) for (const [x1, y1, x2, y2] of lines(grid, n, level)) {
        sheet.moveTo(x1 * cell, size - y1 * cell);
        sheet.lineTo(x2 * cell, size - y2 * cell);
      }
      sheet.stroke();
      this.drawn = { key: grid, image };
    }
    if (this.drawn) ctx.drawImage(this.drawn.image, 0, 0);
  }

  /** What descent knows: the slope where it has been, and nothing else. @param {CanvasRenderingContext2D} ctx @param {(x: number, y: number) => [number, number]} place @param {number} step @param {number} px */
  #known(ctx, place, step, px) {
    const { yours } = this;
    ctx.fillStyle = css("--faint");
    ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    if (!yours?.slope_x || !yours.slope_y) return;
    const [left, right, bottom, top] = /** @type {Ground} */ (this.ground).window;
    ctx.strokeStyle = css("--quiet");
    ctx.lineWidth = px;
    for (let i = 0; i <= step; i += Math.max(1, Math.floor(step / 60))) {
      // The contour through the point, as far as its slope tells: straight, and at right angles to it.
      const [x, y] = place(yours.x[i], yours.y[i]), across = yours.slope_y[i] / (right - left), up = yours.slope_x[i] / (top - bottom);
      const length = Math.hypot(across, up);
      if (!(length > 0) || !Number.isFinite(x + y)) continue;
      const [dx, dy] = [(across / length) * 9 * px, (up / length) * 9 * px];
      ctx.beginPath();
      ctx.moveTo(x - dx, y - dy);
      ctx.lineTo(x + dx, y + dy);
      ctx.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} ctx @param {(x: number, y: number) => [number, number]} place @param {Path} path @param {number} upTo @param {number} px */
  #path(ctx, place, path, upTo, px) {
    const mine = path === this.yours, tone = mine ? colour(0) : path.role === "reference" || path.role === "repair" ? colour(1) : css("--quiet");
    ctx.strokeStyle = tone;
    ctx.lineWidth = (mine ? 2 : 1) * px;
    ctx.globalAlpha = mine ? 1 : path.role === "other" ? 0.6 : 1;
    ctx.setLineDash(path.role === "reference" ? [5 * px, 4 * px] : []);
    ctx.lineJoin = "round";
    ctx.beginPath();
    let pen = false;
    const bound = 50 * ctx.canvas.width;
    for (let i = 0; i <= upTo; i++) {
      const [x, y] = place(path.x[i], path.y[i]);
      if (!(Math.abs(x) < bound && Math.abs(y) < bound)) { pen = false; continue; }
      if (pen) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
      pen = true;
    }
    ctx.stroke();
    ctx.setLineDash([]);
    if (mine && upTo <= DOTS) for (let i = 0; i <= upTo; i++) dot(ctx, place(path.x[i], path.y[i]), 2.2 * px, tone);
    dot(ctx, place(path.x[0], path.y[0]), (mine ? 4.5 : 2.5) * px, css("--card"), tone, px);
    if (mine || path.role !== "other") dot(ctx, place(path.x[upTo], path.y[upTo]), 4.5 * px, tone, css("--card"), px);
    ctx.globalAlpha = 1;
  }

  /** Downhill, where the slider stands. @param {CanvasRenderingContext2D} ctx @param {(x: number, y: number) => [number, number]} place @param {Path} path @param {number} i @param {number} px */
  #slope(ctx, place, path, i, px) {
    if (!path.slope_x || !path.slope_y) return;
    const [left, right, bottom, top] = /** @type {Ground} */ (this.ground).window;
    const [x, y] = place(path.x[i], path.y[i]), dx = -path.slope_x[i] / (right - left), dy = path.slope_y[i] / (top - bottom), length = Math.hypot(dx, dy);
    if (!(length > 0) || !Number.isFinite(x + y)) return;
    const [ux, uy] = [dx / length, dy / length], reach = 30 * px;
    ctx.strokeStyle = ctx.fillStyle = colour(1);
    ctx.lineWidth = 2 * px;
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + ux * reach, y + uy * reach);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x + ux * (reach + 7 * px), y + uy * (reach + 7 * px));
    ctx.lineTo(x + ux * reach - uy * 4 * px, y + uy * reach + ux * 4 * px);
    ctx.lineTo(x + ux * reach + uy * 4 * px, y + uy * reach - ux * 4 * px);
    ctx.fill();
  }

  /** @param {number} step */
  #say(step) {
    const { ground, yours } = this;
    if (!ground || !yours) return;
    const [a, b] = ground.labels, parts = [`Step ${step}: ${a} ${number(yours.x[step], 3)}, ${b} ${number(yours.y[step], 3)}`];
    if (yours.loss && step < yours.loss.length) parts.push(`loss ${number(yours.loss[step], 3)}`);
    if (yours.slope_x && yours.slope_y) parts.push(`slope ${number(Math.hypot(yours.slope_x[step], yours.slope_y[step]), 3)}, downhill along the arrow`);
    this.readout.textContent = parts.join(" · ");
    this.slider.setAttribute("aria-valuetext", this.readout.textContent);
    const end = yours.x.length - 1;
    this.canvas.setAttribute("aria-label", `${ground.title}: a path of ${end} steps from (${number(yours.x[0], 3)}, ${number(yours.y[0], 3)}) to (${number(yours.x[end], 3)}, ${number(yours.y[end], 3)}), and ${ground.paths.length - 1} others.${ground.minima.length ? ` Minima at ${ground.minima.map(([x, y]) => `(${number(x, 3)}, ${number(y, 3)})`).join(", ")}.` : ""}`);
  }

  #rows() {
    const { yours, ground } = this;
    while (this.table.childElementCount > 1) this.table.lastElementChild?.remove();
    if (!this.table.open || !yours || !ground) return;
    const many = yours.x.length, rows = [];
    for (let k = 0; k < Math.min(ROWS, many); k++) {
      const i = Math.round((k * (many - 1)) / Math.max(1, Math.min(ROWS, many) - 1));
      const cells = [String(i), number(yours.x[i], 4), number(yours.y[i], 4), yours.loss ? number(yours.loss[i], 4) : ""];
      rows.push(make("tr", {}, ...cells.map((text) => make("td", { className: "n" }, text))));
    }
    const head = make("tr", {}, ...["step", ...ground.labels, "loss"].map((text) => make("th", { scope: "col", className: "n" }, text)));
    this.table.append(make("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": "The path" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))));
  }

  /** @param {MouseEvent} event @param {(x: number, y: number) => void} clicked */
  #click(event, clicked) {
    if (!this.ground?.startable) return;
    const box = this.canvas.getBoundingClientRect(), [left, right, bottom, top] = this.ground.window;
    const across = (event.clientX - box.left) / box.width, up = 1 - (event.clientY - box.top) / box.height;
    clicked(+(left + across * (right - left)).toPrecision(3), +(bottom + up * (top - bottom)).toPrecision(3));
  }

  /** Arrow keys go through the steps. @param {KeyboardEvent} event */
  #key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -1e9, End: 1e9 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.stop();
    this.slider.value = String(Math.max(0, Math.min(Number(this.slider.max), Number(this.slider.value) + by)));
    this.draw();
  }
}
