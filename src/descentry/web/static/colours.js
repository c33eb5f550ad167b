// @ts-check
/**
 * The colours of curves, on a light ground and on a dark one.
 *
 * Okabe and Ito's (2008), darkened or lightened until each has a contrast of 3 or more on its ground, in an order that keeps neighbours
 * apart for every kind of colour vision. Beyond seven, dashes tell curves apart; nothing is told by colour alone.
 */

const LIGHT = ["#0072b2", "#c25500", "#00805c", "#b8578b", "#1a8fd1", "#9a6b00", "#1d2024"];
const DARK = ["#56b4e9", "#ff8c4b", "#2fc497", "#e39ac2", "#8fd0f5", "#e6b43c", "#e3e5e1"];
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

const root = () => document.documentElement;

const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark, by its own choice or by that of the system. */
export const dark = () => (root().dataset.theme || (system.matches ? "dark" : "light")) === "dark";

/** @param {number} i  which curve, from 0 */
export const colour = (i) => (dark() ? DARK : LIGHT)[i % LIGHT.length];

/** The dashes of a line, in pixels. @param {number} i */
export const dash = (i) => DASHES[Math.floor(i / LIGHT.length) % DASHES.length];

/** Looked up once for each theme: a chart asks for them in every frame. @type {Map<string, string>} */
const known = new Map();
let knownDark = false;

/** A custom property of the theme. @param {string} name  such as `--ink` */
export function css(name) {
  if (knownDark !== dark()) { known.clear(); knownDark = dark(); }
  const value = known.get(name) || getComputedStyle(root()).getPropertyValue(name).trim();
  known.set(name, value);
  return value;
}

/**
 * Calls back whenever the page turns light or dark; returns what ends it.
 *
 * @param {() => void} act
 */
export function onTheme(act) {
  const watcher = new MutationObserver(act);
  watcher.observe(root(), { attributes: true, attributeFilter: ["data-theme"] });
  system.addEventListener("change", act);
  return () => {
    watcher.disconnect();
    system.removeEventListener("change", act);
  };
}
