// @ts-check
/**
 * Zoom, pan and reading off, by mouse, finger and key; and the lanes of phases below the chart.
 *
 * @typedef {import("./frame.js").Frame} Frame
 */
import { make } from "../dom.js";
import { place } from "../format.js";
import { column, readout } from "./words.js";

/**
 * Narrows or widens what is in view about a point.
 *
 * @param {Frame} frame
 * @param {number} factor  below 1 zooms in
 * @param {number | null} [about]  an x; the middle where there is none
 */
export function zoomBy(frame, factor, about) {
  const [a, b] = frame.range().map(frame.at), centre = about == null ? a / 2 + b / 2 : Math.min(b, Math.max(a, frame.at(about)));
  frame.show([frame.back(centre - (centre - a) * factor), frame.back(centre + (b - centre) * factor)]);
}

/** Moves what is in view by so much of its width. @param {Frame} frame @param {number} by */
export function panBy(frame, by) {
  if (!frame.state.view) return;
  const [a, b] = frame.range().map(frame.at), [first, last] = frame.ends().map(frame.at);
  const move = Math.max(first - a, Math.min(last - b, by * (b - a)));
  if (move) frame.show([frame.back(a + move), frame.back(b + move)]);
}

/** @param {Frame} frame @returns {() => void}  what ends them */
export function gestures(frame) {
  const { plot, readout: line } = frame.parts, over = /** @type {HTMLElement} */ (frame.u.over);
  frame.on("point", (x) => readout(frame, x));
  frame.on("refresh", () => { lanes(frame); readout(frame, frame.state.cursor); });

  plot.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [a, b] = frame.range(), here = frame.state.cursor;
    const say = (/** @type {number} */ x) => { line.setAttribute("aria-live", "polite"); frame.point(x); };
    const walk = (/** @type {number} */ way) => {
      const c = frame.shown()[0];
      if (!c?.tile.start.length) return;
      const at = here === null ? (way > 0 ? -1 : c.tile.start.length) : column(c, here, Infinity);
      let next = at + way;
      while (next >= 0 && next < c.tile.start.length && (c.tile.stop[next] < a || c.tile.start[next] > b)) next += way;
      if (next >= 0 && next < c.tile.start.length) say(c.tile.start[next] / 2 + c.tile.stop[next] / 2);
    };
    const leap = (/** @type {number} */ way) => {
      const stops = [...(frame.options.events ?? []).map((e) => e.x), ...frame.phases.filter((p) => p.drawn !== false).map((p) => p.start)].sort((p, q) => p - q);
      const from = here ?? (way > 0 ? -Infinity : Infinity), slack = (b - a) * 1e-6;
      const next = way > 0 ? stops.find((x) => x > from + slack) : stops.filter((x) => x < from - slack).pop();
      if (next === undefined) return;
      if (next < a || next > b) frame.show([next - (b - a) / 2, next + (b - a) / 2]);
      say(next);
    };
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowLeft: () => (event.shiftKey ? panBy(frame, -0.25) : walk(-1)), ArrowRight: () => (event.shiftKey ? panBy(frame, 0.25) : walk(1)),
      PageUp: () => panBy(frame, -0.9), PageDown: () => panBy(frame, 0.9), Home: () => panBy(frame, -Infinity), End: () => panBy(frame, Infinity),
      "+": () => zoomBy(frame, 0.5, here), "=": () => zoomBy(frame, 0.5, here), "-": () => zoomBy(frame, 2, here),
      0: () => frame.show(null), Escape: () => frame.show(null), n: () => leap(1), p: () => leap(-1),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });

  const at = (/** @type {number} */ clientX) => frame.back(frame.u.posToVal(clientX - over.getBoundingClientRect().left, "x"));
  plot.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (event.ctrlKey) { // a pinch, or Ctrl with the wheel; the plain wheel scrolls the page
      event.preventDefault();
      zoomBy(frame, event.deltaY > 0 ? 1.25 : 0.8, at(event.clientX));
    } else if (sideways && frame.state.view) {
      event.preventDefault();
      panBy(frame, (event.deltaX || event.deltaY) / over.clientWidth);
    }
  }, { passive: false });

  // A drag with Shift or the middle button pans; so does a finger, and two fingers zoom.
  /** @type {Map<number, number>} */
  const held = new Map();
  over.addEventListener("mousedown", (event) => { if (event.shiftKey || event.button === 1) event.stopImmediatePropagation(); }, true);
  over.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && !event.shiftKey && event.button !== 1) return;
    held.set(event.pointerId, event.clientX);
    over.setPointerCapture(event.pointerId);
    if (event.pointerType === "mouse") event.preventDefault();
    else frame.point(at(event.clientX));
  });
  over.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (before === undefined) return;
    if (held.size === 1) panBy(frame, (before - event.clientX) / over.clientWidth);
    else {
      const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
      const was = Math.abs(before - other), is = Math.abs(event.clientX - other);
      if (was > 8 && is > 8) zoomBy(frame, was / is, at((event.clientX + other) / 2));
    }
    held.set(event.pointerId, event.clientX);
  });
  const let_go = (/** @type {PointerEvent} */ event) => held.delete(event.pointerId);
  over.addEventListener("pointerup", let_go);
  over.addEventListener("pointercancel", let_go);
  over.addEventListener("mouseleave", () => frame.point(null));
  over.addEventListener("mousemove", () => line.setAttribute("aria-live", "off"));
  return () => held.clear();
}

/** The band under the chart: each phase a button on the first lane that has room for it. @param {Frame} frame */
function lanes(frame) {
  const box = frame.parts.lanes, { phases } = frame, { u } = frame;
  if (frame.compact) { box.hidden = true; return; }
  if (box.children.length !== phases.length || box.dataset.of !== phases.map((p) => p.name + p.start).join()) {
    box.dataset.of = phases.map((p) => p.name + p.start).join();
    box.replaceChildren(...phases.map((phase, i) => lane(frame, i)));
  }
  const left = u.bbox.left / devicePixelRatio, width = u.bbox.width / devicePixelRatio;
  /** @type {[number, number][][]} */
  const rows = [];
  phases.forEach((phase, i) => {
    const node = /** @type {HTMLElement} */ (box.children[i]);
    let a = Math.max(0, u.valToPos(frame.at(phase.start), "x")), b = Math.min(width, u.valToPos(frame.at(phase.stop), "x"));
    node.hidden = phase.drawn === false || b < 0 || a > width;
    if (node.hidden) return;
    if (b - a < 24) { const m = Math.min(width - 12, Math.max(12, (a + b) / 2)); a = m - 12; b = m + 12; }
    let row = rows.findIndex((taken) => taken.every(([c, d]) => b <= c || a >= d));
    if (row < 0) row = rows.push([]) - 1;
    rows[row].push([a, b]);
    Object.assign(node.style, { left: `${left + a}px`, width: `${b - a - 1}px`, top: `${row * 1.7}rem` });
    const letter = phase.letter ?? "";
    node.textContent = b - a > 16 + 7 * phase.name.length ? `${letter} ${phase.name}`.trim() : letter || "·";
  });
  box.style.height = `${rows.length ? rows.length * 1.7 + 0.3 : 0}rem`;
}

/** @param {Frame} frame @param {number} i */
function lane(frame, i) {
  const said = () => {
    const phase = frame.phases[i], title = phase.title ?? `${place(phase.start)} to ${place(phase.stop)}`;
    return `${phase.letter ? `${phase.letter}: ` : ""}${phase.name}, ${title}`;
  };
  const tone = frame.phases[i].tone ?? "neutral";
  const button = make("button", { type: "button", className: `lane ${tone}`, title: said(), "aria-label": `${said()}. Zoom to it.` });
  button.addEventListener("click", () => {
    const phase = frame.phases[i], ends = frame.ends(), [a, b] = frame.range();
    const margin = Math.max((phase.stop - phase.start) * 0.25, (ends[1] - ends[0]) * 0.01);
    const low = Math.max(ends[0], phase.start - margin), high = Math.min(ends[1], phase.stop + margin);
    frame.show(Math.abs(a - low) + Math.abs(b - high) < (high - low) * 0.01 ? null : [low, high]);
  });
  for (const [name, on] of /** @type {const} */ ([["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]])) {
    button.addEventListener(name, () => light(frame, on ? i : null));
  }
  return button;
}

/** Points at a phase, or at none. @param {Frame} frame @param {number | null} i */
export function light(frame, i) {
  const lit = i === null ? null : frame.phases[i];
  if (lit === frame.state.lit) return;
  frame.state.lit = lit;
  [...frame.parts.lanes.children].forEach((node, k) => node.classList.toggle("on", k === i));
  frame.u.redraw(false, false);
}
