// @ts-check
/**
 * The controls above a chart. Each is a native element, so that keys and screen readers know it.
 *
 * @typedef {import("./frame.js").Frame} Frame
 */
import { make } from "../dom.js";
import { dash } from "../colours.js";
import { csv, picture, save } from "./export.js";
import { whole } from "../format.js";
import { zoomBy } from "./gestures.js";

const MANY = 12; // curves beyond which their list is given a height of its own
const HALF_LIVES = [3, 10, 30, 100, 300, 1000, 3000, 10_000, 100_000];

/** @param {Frame} frame */
export function tools(frame) {
  const box = frame.parts.tools, { state } = frame;
  const changed = () => { frame.refresh(); frame.emit("state", null); };

  /** @param {string} text @param {() => boolean} is @param {(on: boolean) => void} act */
  function check(text, is, act) {
    const input = make("input", { type: "checkbox", checked: is() });
    input.addEventListener("change", () => { act(input.checked); changed(); });
    return make("label", {}, input, text);
  }
  /** @param {string} text @param {string} label @param {() => void} act */
  function press(text, label, act) {
    const button = make("button", { type: "button", textContent: text, "aria-label": label });
    button.addEventListener("click", act);
    return button;
  }
  /** @param {string} label @param {...Node} children */
  function group(label, ...children) {
    return make("fieldset", { "aria-label": label }, ...children);
  }

  function trends() {
    if (frame.curves.some((c) => c.given.trend)) return check("trend over the points", () => state.trend > 0, (on) => { state.trend = on ? 1 : 0; });
    const [a, b] = frame.ends(), unit = frame.options.xLabel ?? "step";
    const select = make("select", {}, make("option", { value: "0", textContent: "none" }));
    for (const half of HALF_LIVES) if (half < (b - a) / 2 || half === state.trend) select.append(make("option", { value: String(half), textContent: `half-life ${whole(half)} ${unit}s` }));
    select.value = String(state.trend);
    select.addEventListener("change", () => { state.trend = Number(select.value); changed(); });
    return make("label", {}, "trend", select);
  }

  function curves() {
    const list = group("Curves");
    list.className = frame.curves.length > MANY ? "curves many" : "curves";
    for (const c of frame.curves) {
      const swatch = make("span", { className: "swatch" });
      swatch.style.borderTopColor = frame.colour(c);
      swatch.style.borderTopStyle = dash(c.index).length ? "dashed" : "solid";
      const label = check("", () => c.shown, (on) => { c.shown = on; });
      label.append(swatch, c.name);
      list.append(label);
    }
    return list;
  }

  function fill() {
    const had = /** @type {HTMLElement | null} */ (document.activeElement), at = had && box.contains(had) ? [...box.querySelectorAll("input, select, button")].indexOf(had) : -1;
    const name = `scale-${frame.parts.plot.id}`;
    const radio = (/** @type {string} */ text, /** @type {boolean} */ log) => {
      const input = make("input", { type: "radio", name, checked: frame.logY === log });
      input.addEventListener("change", () => { state.log.y = log; changed(); });
      return make("label", {}, input, text);
    };
    const file = (frame.curves[0]?.name ?? "chart").replace(/[^\w.-]+/g, "-");
    const few = frame.options.controls === "zoom", all = few ? "all of it" : "whole run";
    const zoom = group("Zoom", press("−", "Zoom out", () => zoomBy(frame, 2)), press("+", "Zoom in", () => zoomBy(frame, 0.5)), press(all, all, () => frame.show(null)));
    if (few) box.replaceChildren(zoom);
    else box.replaceChildren(
      group("Scale of the y axis", radio("linear", false), radio("logarithmic", true)),
      check(`log ${frame.options.xLabel ?? "step"}s`, () => state.log.x, (on) => { state.log.x = on; }),
      check("leave out extremes", () => state.fit === "most", (on) => { state.fit = on ? "most" : "all"; }),
      trends(),
      ...(frame.curves.some((c) => c.given.fan) ? [check("forecast", () => state.fan, (on) => { state.fan = on; state.view = null; })] : []),
      zoom,
      group(
        "Save",
        press("PNG", "PNG: save as a picture", async () => save(`${file}.png`, await picture(frame))),
        press("CSV", "CSV: save what is in view", () => save(`${file}.csv`, new Blob([csv(frame)], { type: "text/csv" }))),
      ),
      ...(frame.curves.length > 1 ? [curves()] : []),
    );
    if (at >= 0) /** @type {HTMLElement | undefined} */ ([...box.querySelectorAll("input, select, button")][at])?.focus();
  }
  frame.on("theme", fill);
  frame.on("settled", fill);
  // Half-lives are offered as far as the run reaches; those that a long one needs come when it is long.
  let known = "";
  frame.on("refresh", () => {
    const [a, b] = frame.ends(), now = `${HALF_LIVES.filter((h) => h < (b - a) / 2).length} ${frame.curves.length}`;
    if (now !== known) { known = now; fill(); }
  });
  return { fill };
}
